"""What this machine has to do with a device: who may open it, who holds it, what drives it.

Blocks for as long as /proc and /sys take, some milliseconds: run it off the loop. What cannot be
read is left out; a service under ProtectProc sees no process but its own, the command line does.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_HOLDERS = 8
"""Programs named at most: whoever shares a port with more has other worries."""

SERVICES = ("cups", "brltty", "ModemManager")
"""What takes till hardware for its own, as units of systemd; `brltty` is also `brltty-udev`."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open `file`, as `root:lp 0660`; `ours` when this process may."""

    file: str
    group: str
    rights: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Holder:
    file: str
    program: str
    pid: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A USB interface: class, subclass and protocol in hex, and the kernel's driver for it."""

    interface: str
    driver: str | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    access: tuple[Access, ...] = ()
    holders: tuple[Holder, ...] = ()
    interfaces: tuple[Bound, ...] = ()
    services: tuple[str, ...] = ()


def look(files: Sequence[str], usb: str | None, root: Path = Path("/")) -> Circumstances:
    """Look at the nodes `files` and the USB device with the devpath `usb`."""
    return Circumstances(
        access=tuple(found for each in files if (found := _access(each))),
        holders=tuple(_holders(files, root / "proc")),
        interfaces=tuple(_interfaces(root / "sys", usb)) if usb else (),
        services=tuple(_services(root / "sys/fs/cgroup/system.slice")),
    )


def _access(file: str) -> Access | None:
    path = Path(file)
    try:
        found = path.stat()
    except OSError:
        return None
    owner, group = _named(path.owner, found.st_uid), _named(path.group, found.st_gid)
    rights = f"{owner}:{group} {stat.S_IMODE(found.st_mode):04o}"
    return Access(file, group, rights, os.access(file, os.R_OK | os.W_OK))


def _named(name: Callable[[], str], number: int) -> str:
    try:
        return name()
    except KeyError:
        return str(number)


def _holders(files: Sequence[str], proc: Path) -> Iterator[Holder]:
    """Find who has one of `files` open, by name."""
    wanted = set(files)
    found = 0
    for pid in _numbers(proc):
        for file in sorted(wanted & _opened(proc / str(pid) / "fd")) if wanted else ():
            if pid == os.getpid() or found == MAX_HOLDERS:
                continue
            found += 1
            yield Holder(file, _text(proc / str(pid) / "comm") or "a program", pid)


def _numbers(proc: Path) -> list[int]:
    try:
        return sorted(int(each.name) for each in proc.iterdir() if each.name.isdecimal())
    except OSError:
        return []


def _opened(folder: Path) -> set[str]:
    opened: set[str] = set()
    with suppress(OSError):  # another user's, or it has ended
        for each in folder.iterdir():
            opened.add(str(each.readlink()))
    return opened


def _interfaces(sys: Path, usb: str) -> Iterator[Bound]:
    device = sys / usb.lstrip("/")
    for path in sorted(device.glob(f"{device.name}:*")):
        kind = "".join(
            _text(path / f"bInterface{part}") for part in ("Class", "SubClass", "Protocol")
        )
        driver = path / "driver"
        if kind:
            yield Bound(kind, driver.resolve().name if driver.exists() else None)


def _services(slice_: Path) -> Iterator[str]:
    for name in SERVICES:
        if any(slice_.glob(f"{name}.service")) or any(slice_.glob(f"{name}-*.service")):
            yield name


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return "".join(each if each.isprintable() else "?" for each in text)
