"""sd_notify(3) without a library: one datagram to the socket that systemd names."""

import os
import socket
from collections.abc import Mapping


class Notify:
    """Tells systemd how the process is; does nothing where there is no systemd."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        watchdog_us = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(watchdog_us) / 1_000_000 if watchdog_us.isdigit() else None

    def __call__(self, state: str) -> None:
        """Send e.g. `READY=1`; a manager that is gone is no reason to fail."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            try:
                out.sendto(state.encode(), self._address)
            except OSError:
                return
