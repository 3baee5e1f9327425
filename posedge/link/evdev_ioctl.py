"""What is asked of the kernel about a keyboard, beside reading it (linux/input.h)."""

import fcntl
import struct
import time
from ctypes import addressof, c_uint64
from typing import Protocol

EVIOCGLED = 0x80084519  # 8 bytes
EVIOCGRAB = 0x40044590
EVIOCSMASK = 0x40104593
EVIOCSCLOCKID = 0x400445A0
"""As x86 and ARM number them."""

EV_MSC = 0x04
LED_CAPSL = 1
LED_BYTES = 8


class Ioctls(Protocol):
    """Each may raise OSError, as the kernel says it."""

    def claim(self, fd: int) -> None:
        """Take the keyboard for us alone, without scan codes, stamped by CLOCK_MONOTONIC."""
        ...

    def caps_lock(self, fd: int) -> bool:
        """Return whether Caps Lock is on, by its lamp. Under a grab the lamp changes no more."""
        ...


class KernelIoctls:
    def claim(self, fd: int) -> None:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
        fcntl.ioctl(fd, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
        nothing = c_uint64(0)
        fcntl.ioctl(fd, EVIOCSMASK, struct.pack("IIQ", EV_MSC, 8, addressof(nothing)))

    def caps_lock(self, fd: int) -> bool:
        lamps = fcntl.ioctl(fd, EVIOCGLED, bytes(LED_BYTES))
        return bool(lamps[0] >> LED_CAPSL & 1)
