"""When the kernel and when udev told of each device: netlink, read beside everything else.

The kernel tells as soon as the node is there; udev when permissions and links are in place.
"""

import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

KERNEL, UDEV = 1, 2
NETLINK_KOBJECT_UEVENT = 15
UDEV_HEADER = struct.Struct("8s4xI I")
"""libudev-monitor.c: prefix, magic, size of the header, offset of the properties."""

BUFFER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Uevent:
    """`node` is relative to /dev, empty for what has none; `at_ns` is monotonic."""

    who: int
    action: str
    path: str
    node: str
    at_ns: int


class Uevents:
    """Everything that was told since it was taken."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._told: list[Uevent] = []
        self.socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT
        )
        self.socket.setsockopt(socket.SOL_SOCKET, 33, BUFFER_BYTES)  # SO_RCVBUFFORCE
        self.socket.bind((0, KERNEL | UDEV))

    def arrived(self) -> None:
        """Read what is there; call when the socket is readable."""
        try:
            while True:
                self._take(self.socket.recv(16 * 1024))
        except BlockingIOError:
            return

    def taken(self) -> Sequence[Mapping[str, str | int]]:
        """Return what was told, and forget it."""
        told, self._told = self._told, []
        return [asdict(each) for each in told]

    def _take(self, message: bytes) -> None:
        at_ns = self._now_ns()
        who, start = KERNEL, 0
        if message.startswith(b"libudev\0"):
            who, start = UDEV, UDEV_HEADER.unpack_from(message)[2]
        pairs = (each.partition("=") for each in message[start:].decode().split("\0"))
        known = {key: value for key, _, value in pairs}
        if "ACTION" in known:
            node = known.get("DEVNAME", "").removeprefix("/dev/")
            self._told.append(Uevent(who, known["ACTION"], known["DEVPATH"], node, at_ns))
