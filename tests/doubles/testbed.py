"""Devices out of nothing for one process: umockdev, driven by a line of JSON for each order.

Runs by Debian's own Python, for which Debian has umockdev's bindings. The code under test runs in
a child of the tests, beside this: in one process its ioctls would wait for this code for ever.

    {"add": TEXT, "node": PATH, "kind": "evdev" | "bytes", "path": SYSPATH}   plug it in
    {"send": HEX, "node": PATH}                       let the device say it
    {"answer": HEX, "says": HEX, "node": PATH}        say it whenever that was read
    {"taken": PATH}                                   what was written to it, as hex; from then on
                                                      it reads by itself no more
    {"remove": [SYSPATH, …], "node": PATH}            unplug it

A node is a pseudo terminal here, and no udev rule runs. The same node can be there only once.
"""

import errno
import importlib
import json
import os
import select
import struct
import sys
import threading
from contextlib import suppress
from typing import Any

gi: Any = importlib.import_module("gi")
gi.require_version("UMockdev", "1.0")
UMockdev: Any = importlib.import_module("gi.repository.UMockdev")

EVIOCGLED, EVIOCGRAB, EVIOCSMASK, EVIOCSCLOCKID = 0x19, 0x90, 0x93, 0xA0
FIONBIO = 0x5421
LAMPS = bytes(8)
WAKE = bytes(struct.calcsize("@qqHHi"))
TAKEN_S = 0.05


class Keys:
    """The kernel's side of an input device: what the box asks of it."""

    def __init__(self) -> None:
        self.gone = False
        self.base = UMockdev.IoctlBase()
        self.base.connect("handle-ioctl", self._asked)
        self.base.connect("handle-read", self._read)

    def _asked(self, _: Any, client: Any) -> bool:
        request = client.get_request()
        if request == FIONBIO:
            client.complete(0, 0)  # it was opened so
        elif self.gone:
            client.complete(-1, errno.ENODEV)
        elif request & 0xFF == EVIOCGLED:
            client.get_arg().resolve(0, len(LAMPS)).update(0, LAMPS)
            client.complete(len(LAMPS), 0)
        elif request & 0xFF in {EVIOCGRAB, EVIOCSMASK, EVIOCSCLOCKID}:
            client.complete(0, 0)
        else:
            client.complete(-1, errno.EINVAL)
        return True

    def _read(self, _: Any, client: Any) -> bool:
        if self.gone:
            client.complete(-1, errno.ENODEV)
        return self.gone


class Bed:
    def __init__(self) -> None:
        self._bed = UMockdev.Testbed.new()
        self._keys: dict[str, Keys] = {}
        self._fds: dict[str, int] = {}
        self._answering: set[str] = set()

    @property
    def environment(self) -> dict[str, str]:
        """Return what brings another process into this machine."""
        return {"LD_PRELOAD": os.environ["LD_PRELOAD"], "UMOCKDEV_DIR": self._bed.get_root_dir()}

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        node = order.get("node", order.get("taken", ""))
        match order:
            case {"add": text, "kind": kind, "path": path}:
                self._add(text, node, kind, path)
            case {"send": data}:
                os.write(self._fds[node], bytes.fromhex(data))
            case {"answer": question, "says": says}:
                words = (node, bytes.fromhex(question), bytes.fromhex(says))
                self._answering.add(node)
                threading.Thread(target=self._answer, args=words, daemon=True).start()
            case {"taken": _}:
                self._answering.discard(node)
                return {"taken": self._taken(node).hex()}
            case {"remove": paths}:
                self._remove(paths, node)
            case _:
                raise LookupError("no such order")
        return {}

    def _add(self, text: str, node: str, kind: str, path: str) -> None:
        """Tell of it twice: the first time it cannot be asked anything yet."""
        self._bed.add_from_string(text)
        if kind == "evdev":
            self._keys[node] = Keys()
            self._bed.attach_ioctl(node, self._keys[node].base)
        self._fds[node] = self._bed.get_dev_fd(node)
        os.set_blocking(self._fds[node], False)
        self._bed.uevent(path, "add")

    def _answer(self, node: str, question: bytes, says: bytes) -> None:
        fd = self._fds[node]
        while node in self._answering:
            select.select([fd], [], [], TAKEN_S)
            with suppress(OSError):
                if node in self._answering and question in os.read(fd, 64):
                    os.write(fd, says)

    def _taken(self, node: str) -> bytes:
        data = b""
        while select.select([self._fds[node]], [], [], TAKEN_S)[0]:
            try:
                data += os.read(self._fds[node], 65536)
            except OSError as error:
                if error.errno == errno.EIO:  # nobody has opened it
                    break
                raise
        return data

    def _remove(self, paths: list[str], node: str) -> None:
        for path in paths:
            self._bed.uevent(path, "remove")
        if node in self._keys:
            self._keys[node].gone = True
            os.write(self._fds[node], WAKE)
        for path in paths:
            self._bed.remove_device(path)


def main() -> None:
    bed = Bed()
    _say(bed.environment)
    for line in sys.stdin:
        _say(bed.obey(json.loads(line)))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
