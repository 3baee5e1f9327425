"""A mocked machine and the box on it, as the tests hold them: see tests.doubles.testbed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

ROOT = Path(__file__).parents[2]
DEBIANS_PYTHON = "/usr/bin/python3"
PATIENCE_S = 10.0
TRIES = 200
"""The bed waits for 50 ms each time that there is nothing."""

BUS = "/devices/pci0000:00/0000:00:14.0/usb1"

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mocked:
    """A USB device with one interface and one node, as udev with our rules tells of it."""

    port: int
    usb_id: str
    subsystem: str
    node: str
    inside: str
    properties: Mapping[str, str]

    @property
    def id(self) -> str:
        return f"{self.usb_id}:S{self.port}"

    @property
    def paths(self) -> list[str]:
        """Return what goes when it is unplugged, the innermost first."""
        return [f"/sys{self._node_path}", f"/sys{self._path}"]

    @property
    def text(self) -> str:
        """Describe it as umockdev wants it."""
        vendor, product = self.usb_id.split(":")
        usb = {
            "DEVTYPE": "usb_device",
            "SUBSYSTEM": "usb",
            "ID_BUS": "usb",
            "ID_VENDOR_ID": vendor,
            "ID_MODEL_ID": product,
            "ID_SERIAL_SHORT": f"S{self.port}",
            "ID_PATH": f"pci-0000:00:14.0-usb-0:{self.port}",
            "DEVNAME": f"/dev/bus/usb/001/{self.port:03d}",
            "MAJOR": "189",
            "MINOR": str(self.port),
        }
        major, minor = ("13", "64") if self.subsystem == "input" else ("188", "0")
        numbers = {"MAJOR": major, "MINOR": str(int(minor) + self.port)}
        node = {"SUBSYSTEM": self.subsystem, "DEVNAME": self.node, **numbers, **self.properties}
        return "\n".join(
            (
                *(f"P: {self._path}", f"N: bus/usb/001/{self.port:03d}", *_lines(usb), ""),
                *(f"P: {self._node_path}", f"N: {self.node.removeprefix('/dev/')}"),
                *(*_lines(node), ""),
            )
        )

    @property
    def _path(self) -> str:
        return f"{BUS}/1-{self.port}"

    @property
    def _node_path(self) -> str:
        return f"{self._path}/{self.inside}"


class Bed:
    """`start` is when the box begins; what was plugged before is enumerated."""

    def __init__(self) -> None:
        self._bed = _child("umockdev-wrapper", DEBIANS_PYTHON, "tests/doubles/testbed.py")
        assert self._bed.stdout is not None, "it is a pipe"
        self._environment: dict[str, str] = json.loads(self._bed.stdout.readline())
        self._box: subprocess.Popen[str] | None = None
        self._events: Queue[Event] = Queue()
        self.seen: list[Event] = []

    def start(self) -> None:
        self._box = _child(
            sys.executable, "-m", "tests.doubles.mocked_box", environment=self._environment
        )
        Thread(target=self._listen, args=(self._box,), daemon=True).start()

    def plug(self, device: Mocked) -> None:
        kind = "evdev" if device.subsystem == "input" else "bytes"
        self._order(add=device.text, node=device.node, kind=kind, path=device.paths[0])

    def pull(self, device: Mocked) -> None:
        self._order(remove=device.paths, node=device.node)

    def send(self, device: Mocked, data: bytes) -> None:
        self._order(send=data.hex(), node=device.node)

    def taken(self, device: Mocked, *, until: bytes = b"") -> bytes:
        """Return what the box wrote to it; from now on it reads only when it is asked here."""
        data = b""
        for _ in range(TRIES):
            data += bytes.fromhex(self._order(taken=device.node)["taken"])
            if until in data:
                return data
        raise AssertionError(f"not written: {data[-80:]!r} is the last")

    def answer(self, device: Mocked, question: bytes, says: bytes) -> None:
        """Have it say so from now on whenever it reads `question`."""
        self._order(answer=question.hex(), says=says.hex(), node=device.node)

    def print(self) -> None:
        assert self._box is not None, "start it first"
        assert self._box.stdin is not None, "it is a pipe"
        self._box.stdin.write("print\n")
        self._box.stdin.flush()

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Return the next event that is `wanted`; AssertionError when none comes in time."""
        while True:
            try:
                event = self._events.get(timeout=PATIENCE_S)
            except Empty:
                raise AssertionError(f"not told; only {self.seen}") from None
            self.seen.append(event)
            if wanted(event):
                return event

    def state(self, device: Mocked, state: str) -> Event:
        """Wait until the box says that the device is so."""
        return self.until(
            lambda each: (each.get("device"), each.get("state")) == (device.id, state)
        )

    def close(self) -> None:
        for child in (self._box, self._bed):
            if child is not None:
                child.kill()
                child.communicate()

    def _order(self, **words: object) -> dict[str, Any]:
        assert self._bed.stdin is not None, "it is a pipe"
        assert self._bed.stdout is not None, "it is a pipe"
        self._bed.stdin.write(json.dumps(words) + "\n")
        self._bed.stdin.flush()
        answer: dict[str, Any] = json.loads(self._bed.stdout.readline())
        return answer

    def _listen(self, box: subprocess.Popen[str]) -> None:
        assert box.stdout is not None, "it is a pipe"
        with suppress(ValueError):  # closed
            for line in box.stdout:
                self._events.put(json.loads(line))


def _child(*command: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )


def _lines(properties: Mapping[str, str]) -> list[str]:
    return [f"E: {key}={value}" for key, value in properties.items()]
