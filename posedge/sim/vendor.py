"""A terminal behind a vendor's program, for `driver = "vendor"`: the program and what it leaves.

The box starts the program. This side puts it where the box can, switches its faults and reads the
books that its terminal keeps: all through files in one folder.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.sim.vendor_faults import Faults

PROGRAM = f"""#!{sys.executable} -IS
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from posedge.sim.vendor_program import main
main()
"""
"""A worker inherits no environment, and with it no way to find our modules."""


class VendorSim:
    """`program` is what the box starts. Call `tell` after changing `faults`."""

    def __init__(self, folder: Path, customer_s: float = 0.0) -> None:
        self._folder = folder
        self._customer_s = customer_s
        self.program = folder / "terminal"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("books", "thought"):
            (folder / name).unlink(missing_ok=True)
        self.program.write_text(PROGRAM, encoding="utf-8")
        self.program.chmod(0o755)
        self.mend()

    @property
    def ledger(self) -> Sequence[Charge]:
        """What was charged, oldest first; taken back: because it was not committed, or undone."""
        books: dict[str, dict[str, Any]] = {}
        for line in self._lines("books"):
            entry = json.loads(line)
            books.setdefault(entry["reference"], {}).update(entry)
        return [_charge(each) for each in books.values() if each["state"] != "declined"]

    @property
    def cancelled(self) -> int:
        """How many payments were stopped."""
        return sum(json.loads(line).get("cancelled", False) for line in self._lines("books"))

    @property
    def thought(self) -> Sequence[tuple[float, float]]:
        """When it was busy with itself, on the monotonic clock."""
        pairs = map(str.split, self._lines("thought"))
        return [(float(begin), float(end)) for begin, end in pairs]

    def tell(self) -> None:
        """Have the program know of the faults, at its next step."""
        known = {**asdict(self.faults), "customer_s": self.faults.customer_s or self._customer_s}
        scratch = self._folder / "faults.new"
        scratch.write_text(json.dumps(known))
        scratch.replace(self._folder / "faults")

    def mend(self) -> None:
        self.faults = Faults()
        self.tell()

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _charge(entry: Mapping[str, Any]) -> Charge:
    return Charge(
        kind=AttemptKind(entry["kind"]),
        amount_minor=entry["amount_minor"],
        receipt_no=entry["receipt_no"],
        trace_no=entry["reference"],
        reversed=entry["state"] == "void" or bool(entry.get("reversed")),
    )
