"""The support bundle: all that somebody far away needs to find out what ails a box.

No card data, no baskets, no secrets: what goes in is chosen here, line by line, and what was
recorded was masked before it was kept. Every text passes the scrubber once more on its way out,
except recordings, which are replayed as they are.
"""

import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from posedge import log
from posedge.app.machine import kernel_messages, versions
from posedge.devices.recording import files, parts
from posedge.devices.settings import Assignment, StaticDevice
from posedge.devices.tapes import Tapes, disclosed
from posedge.devices.udev import database
from posedge.drivers.registry import DRIVERS
from posedge.journal.interface import Journal
from posedge.model.explanation import Explanation
from posedge.model.stamp import Stamp
from posedge.model.status import BoxStatus
from posedge.settings import Settings
from posedge.tasks import Run
from posedge.web.metrics import figures
from posedge.web.services import WhyNot
from posedge.wire.redact import redact_text

Files = Mapping[str, str]

LAST = 32
"""Entries of which type and hash are shown: enough to find the place at headquarters."""

COUNTED = 1000
"""Entries that are counted by type: a busy shop's morning."""

USERINFO = re.compile(r"(?<=//)[^/@\s\"]+(?=@)")
"""Name and password in an address."""

FOLDER = "posedge-support/"
RECORDINGS = "recordings/"

README = """\
A support bundle of posedge: see the README for `posedge support`.

versions.json   program, Python, kernel, packages
settings.json   the configuration in force, secrets left out
devices.json    each device explained: udev, catalog, decision, driver, states
recordings/     what passed the devices' links in the last minutes, card data masked;
                `posedge replay FILE` runs the driver against one
log.jsonl       the last lines of the log
journal.json    counts, last hashes, open payments; no sale and no basket
metrics.txt     figures as Prometheus reads them
udev.txt        udev's database of these devices
kernel.txt      what the kernel said of them, where this user may read it
"""


@dataclass(frozen=True, slots=True)
class Support:
    """Puts together the running box's bundle."""

    settings: Settings
    status: Callable[[], Awaitable[BoxStatus]]
    why: WhyNot
    tapes: Tapes
    journal: Journal
    now_s: Callable[[], float]
    run: Run

    async def bundle(self) -> bytes:
        """Return a .tar.gz."""
        status, told = await self.status(), await self.why.explain("all")
        own: Files = {
            "log.jsonl": _lines(log.recent()),
            "journal.json": _json(await _summary(self.journal)),
            "metrics.txt": figures(status),
            **_recordings(self.tapes, self.now_s()),
        }
        return await self.run(lambda: pack({**of_machine(self.settings, told), **own}, status.now))


def of_machine(settings: Settings, told: Sequence[Explanation]) -> Files:
    """Return what can be told without a running box; reads /sys, /dev/kmsg and the packages."""
    paths = [node.path for each in told for node in each.nodes]
    return {
        "README.txt": README,
        "versions.json": _json(versions()),
        "settings.json": _json(disclosed_settings(settings)),
        "devices.json": _json([each.model_dump(mode="json") for each in told]),
        "udev.txt": _lines(database(paths)),
        "kernel.txt": _lines(kernel_messages()),
    }


def pack(told: Files, now: Stamp) -> bytes:
    """Scrub, and put into one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in told.items():
            body = (text if name.startswith(RECORDINGS) else _scrubbed(text)).encode()
            entry = tarfile.TarInfo(FOLDER + name)
            entry.size, entry.mtime, entry.mode = len(body), now.utc_ns // 10**9, 0o600
            archive.addfile(entry, io.BytesIO(body))
    return out.getvalue()


def completed(bundle: bytes) -> bytes:
    """Add what the kernel said, which the box's own user may not read, and root may."""
    said = _lines(kernel_messages())
    old, out = io.BytesIO(bundle), io.BytesIO()
    with tarfile.open(fileobj=old) as read, tarfile.open(fileobj=out, mode="w:gz") as written:
        for entry in read:
            body = read.extractfile(entry)
            content = b"" if body is None else body.read()
            if entry.name == f"{FOLDER}kernel.txt" and not content:
                content = _scrubbed(said).encode()
                entry.size = len(content)
            written.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def disclosed_settings(value: object) -> object:
    """Return a setting without what is secret (`repr=False`), as JSON has it."""
    match value:
        case Assignment() | StaticDevice():
            kind = DRIVERS[value.driver].options if value.driver else None
            options = disclosed(value.options, kind) if kind else "left out: no driver is named"
            said = value.model_dump(mode="json", exclude={"options"})
            return {**said, "options": options}
        case BaseModel():
            return {
                key: disclosed_settings(getattr(value, key))
                for key, field in type(value).model_fields.items()
                if field.repr
            }
        case tuple() | list():
            return [disclosed_settings(each) for each in cast("Sequence[object]", value)]
        case None | bool() | int():
            return value
        case Mapping():
            table = cast("Mapping[object, object]", value)
            return {str(key): disclosed_settings(each) for key, each in table.items()}
        case _:
            return str(value)


async def _summary(journal: Journal) -> object:
    status = journal.status()
    entries = await journal.after(max(0, journal.last - COUNTED), COUNTED)
    return {
        "status": status.model_dump(mode="json"),
        "types": dict(Counter(each.type for each in entries)),
        "counted": len(entries),
        "last": [
            {"sequence": each.sequence, "type": each.type, "time": each.time, "hash": each.hash}
            for each in entries[-LAST:]
        ],
        "open_payments": [
            {"payment": each.subject, "state": each.type, "sequence": each.sequence}
            for each in await journal.unsettled("payment")
        ],
    }


def _recordings(tapes: Tapes, now_s: float) -> Files:
    told: dict[str, str] = {}
    for part in parts(tapes, "all", {}, now_s, final=True):
        name = re.sub(r"[^A-Za-z0-9._-]", "-", part.device)
        told[f"{RECORDINGS}{name}.jsonl"] = _lines(files([part]))
    return told


def _json(said: object) -> str:
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _lines(lines: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"{each}\n" for each in lines)


def _scrubbed(text: str) -> str:
    """Mask card numbers, and passwords in addresses; hashes and ids stay readable."""
    return "".join(_scrubbed_line(line) for line in text.splitlines(keepends=True))


def _scrubbed_line(line: str) -> str:
    kept = log.READABLE.split(line)
    return "".join(
        each if at % 2 else USERINFO.sub("***", redact_text(each)) for at, each in enumerate(kept)
    )
