"""What is asked of the kernel about a HID device, beside its reports (linux/hidraw.h)."""

import fcntl
import struct
from typing import Protocol

from posedge.link.interface import Nature

HIDIOCGRDESCSIZE = 0x80044801
HIDIOCGRDESC = 0x90044802
HIDIOCGRAWINFO = 0x80084803
HIDIOCSFEATURE = 0xC0004806
HIDIOCGFEATURE = 0xC0004807
"""As x86 and ARM number them; the feature calls bear the report's length in bits 16 to 29."""

MAX_DESCRIPTOR_BYTES = 4096
DESCRIPTOR_HEAD = struct.Struct("=I")
RAW_INFO = struct.Struct("=IHH")  # bus, vendor, product

MAX_FEATURE_BYTES = 1024
"""For longer ones fcntl.ioctl would keep the interpreter's lock while the device thinks."""


class Ioctls(Protocol):
    """Each may raise OSError, as the kernel says it. The feature calls may take five seconds."""

    def nature(self, fd: int) -> Nature: ...

    def set_feature(self, fd: int, report: bytes) -> None:
        """Send a feature report, its number first, 0 where it has none."""
        ...

    def get_feature(self, fd: int, number: int, size: int) -> bytes:
        """Ask for a feature report of at most `size` bytes, its number first."""
        ...


class KernelIoctls:
    def nature(self, fd: int) -> Nature:
        size = bytearray(4)
        fcntl.ioctl(fd, HIDIOCGRDESCSIZE, size)
        head = DESCRIPTOR_HEAD.size
        descriptor = bytearray(head + MAX_DESCRIPTOR_BYTES)
        descriptor[:head] = size
        fcntl.ioctl(fd, HIDIOCGRDESC, descriptor)
        info = bytearray(RAW_INFO.size)
        fcntl.ioctl(fd, HIDIOCGRAWINFO, info)
        _, vendor, product = RAW_INFO.unpack(info)
        known = DESCRIPTOR_HEAD.unpack(size)[0]
        return Nature(vendor, product, bytes(descriptor[head : head + known]))

    def set_feature(self, fd: int, report: bytes) -> None:
        assert len(report) <= MAX_FEATURE_BYTES, "a feature report of ours is short"
        fcntl.ioctl(fd, HIDIOCSFEATURE | len(report) << 16, bytearray(report))

    def get_feature(self, fd: int, number: int, size: int) -> bytes:
        assert 0 < size <= MAX_FEATURE_BYTES, "a feature report of ours is short"
        report = bytearray(size)
        report[0] = number
        taken = fcntl.ioctl(fd, HIDIOCGFEATURE | size << 16, report)
        return bytes(report[:taken])
