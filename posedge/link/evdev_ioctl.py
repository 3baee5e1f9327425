"""What is asked of the kernel about a keyboard, beside reading it (linux/input.h)."""

import fcntl
import struct
import time
from ctypes import addressof, c_uint64
from typing import Protocol

from posedge.wire.keys import Keyboard, Layout

EVIOCGKEY = 0x80604518  # 96 bytes: bits 0 to KEY_MAX 0x2FF
EVIOCGLED = 0x80084519  # 8 bytes
EVIOCGRAB = 0x40044590
EVIOCSMASK = 0x40104593
EVIOCSCLOCKID = 0x400445A0
"""As x86 and ARM number them."""

EV_MSC = 0x04
LED_CAPSL = 1
KEY_BYTES = 96
LED_BYTES = 8


class Ioctls(Protocol):
    """Each may raise OSError, as the kernel says it."""

    def claim(self, fd: int) -> None:
        """Take the keyboard for us alone, without scan codes, stamped by CLOCK_MONOTONIC."""
        ...

    def keyboard(self, fd: int, layout: Layout) -> Keyboard:
        """Return the keyboard as it is now: keys held down, and Caps Lock by its lamp."""
        ...


class KernelIoctls:
    def claim(self, fd: int) -> None:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
        fcntl.ioctl(fd, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
        nothing = c_uint64(0)
        fcntl.ioctl(fd, EVIOCSMASK, struct.pack("IIQ", EV_MSC, 8, addressof(nothing)))

    def keyboard(self, fd: int, layout: Layout) -> Keyboard:
        keys = fcntl.ioctl(fd, EVIOCGKEY, bytes(KEY_BYTES))
        lamps = fcntl.ioctl(fd, EVIOCGLED, bytes(LED_BYTES))
        held = frozenset(n for n in range(8 * KEY_BYTES) if keys[n // 8] >> n % 8 & 1)
        return Keyboard(layout, held=held, caps_lock=bool(lamps[0] >> LED_CAPSL & 1))
