"""What a process may do inside of posedge.service: run by a unit that differs in ExecStart alone.

Prints JSON: for each probe `done`, or the error's name. EBUSY is for devices that posedge holds:
the kernel asks first whether we may.
"""

import ctypes
import errno
import json
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

CLONE_NEWUSER = 0x10000000
NETLINK_KOBJECT_UEVENT = 15


def opened(pattern: str, flags: int = os.O_RDWR) -> None:
    path = next(iter(Path("/").glob(pattern.removeprefix("/"))), Path(pattern))
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))


def written(path: str) -> None:
    Path(path).write_text("x")


def called(name: str, *words: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*words) != 0:
        raise OSError(ctypes.get_errno(), name)


def listened() -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as netlink:
        netlink.bind((0, 2))


def seen(path: str) -> None:
    if not any(Path(path).iterdir()):
        raise OSError(errno.ENOENT, path)


def raised() -> None:
    """Ask sudo's way: a file of root's with the set-user-id bit."""
    if subprocess.run(["su", "-c", "true", "root"], check=False, capture_output=True).returncode:
        raise OSError(errno.EPERM, "su")


MAY: Mapping[str, Callable[[], None]] = {
    "open the scanner": lambda: opened("/dev/input/event*", os.O_RDONLY),
    "open a HID device": lambda: opened("/dev/hidraw*"),
    "open a serial port on USB": lambda: opened("/dev/ttyACM*"),
    "open the printer": lambda: opened("/dev/usb/lp*"),
    "hear of plugs": listened,
    "read what udev knows": lambda: seen("/run/udev/data"),
    "write its state": lambda: written("/var/lib/posedge/probe"),
    "read its key": lambda: opened(f"{os.environ['CREDENTIALS_DIRECTORY']}/box.key", os.O_RDONLY),
}
MAY_NOT: Mapping[str, Callable[[], None]] = {
    "write /etc": lambda: written("/etc/probe"),
    "write /usr": lambda: written("/usr/probe"),
    "see /home": lambda: seen("/home"),
    "see /root": lambda: seen("/root"),
    "read the key's original": lambda: opened("/etc/credstore/posedge.box.key", os.O_RDONLY),
    "open the disk": lambda: opened("/dev/vda", os.O_RDONLY),
    "open the memory": lambda: opened("/dev/mem", os.O_RDONLY),
    "open the console": lambda: opened("/dev/tty1"),
    "open the watchdog": lambda: opened("/dev/watchdog"),
    "open uinput": lambda: opened("/dev/uinput"),
    "see other processes": lambda: seen("/proc/1/fd"),
    "become root": raised,
    "setuid": lambda: os.setuid(0),
    "mount": lambda: called("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "make a namespace": lambda: called("unshare", CLONE_NEWUSER),
    "set the clock": lambda: called("settimeofday", ctypes.create_string_buffer(16), None),
    "load code into memory": lambda: mmap.mmap(-1, 4096, prot=7).close(),
    "send raw packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "write kernel settings": lambda: written("/proc/sys/kernel/core_pattern"),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10)),
}


def tried(probe: Callable[[], None]) -> str:
    try:
        probe()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "EPERM")
    return "done"


if __name__ == "__main__":
    may = {name: tried(probe) for name, probe in MAY.items()}
    may_not = {name: tried(probe) for name, probe in MAY_NOT.items()}
    json.dump({"may": may, "may_not": may_not}, sys.stdout)
