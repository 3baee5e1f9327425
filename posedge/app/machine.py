"""What this machine says of itself, for a support bundle. Blocks: run it off the loop."""

import os
import platform
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path

import posedge

KERNEL = Path("/dev/kmsg")
MAX_MESSAGES = 500
"""Of a device that resets every second: the last two minutes of it."""

RECORD_BYTES = 8192
"""Longest record of /dev/kmsg (Linux: PRINTKRB_RECORD_MAX and its properties)."""

OF_DEVICES = re.compile(
    r"\b(usb|hid|tty|lp\d|usblp|cdc_acm|input|ftdi|pl2303|cp210x|ch34)", re.IGNORECASE
)


def versions() -> Mapping[str, object]:
    """Return the versions of everything that the box is made of."""
    with suppress(OSError):
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
        return {**_own(), "system": system}
    return _own()


def kernel_messages(source: Path = KERNEL) -> Iterator[str]:
    """Return what the kernel said of devices lately; nothing where it may not be read."""
    found: deque[str] = deque(maxlen=MAX_MESSAGES)
    with suppress(OSError):
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK)
        try:
            for record in _records(descriptor):
                found.extend(line for line in record.splitlines() if OF_DEVICES.search(line))
        finally:
            os.close(descriptor)
    return iter(found)


def _records(descriptor: int) -> Iterator[str]:
    """Yield until there is no more for now; a record that was overwritten meanwhile is left out."""
    while True:
        try:
            record = os.read(descriptor, RECORD_BYTES)
        except BrokenPipeError:
            continue
        except BlockingIOError:
            return
        if not record:
            return
        yield record.decode(errors="replace")


def _own() -> Mapping[str, object]:
    return {
        "posedge": posedge.__version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "packages": {each.name: each.version for each in distributions()},
    }
