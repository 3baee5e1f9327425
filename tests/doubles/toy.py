"""The toy vendor's program, installed in a folder where its behaviour is planned."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from posedge.link.worker import WorkerLink, open_worker

SOURCE = Path(__file__).parents[1] / "toys" / "vendor_worker.py"


@dataclass(frozen=True)
class Toy:
    folder: Path

    @classmethod
    def installed(cls, folder: Path) -> "Toy":
        adapter = folder / "adapter"
        adapter.write_text(f"#!{sys.executable} -IS\n{SOURCE.read_text()}")
        adapter.chmod(0o755)
        return cls(folder)

    async def open(self) -> WorkerLink:
        return await open_worker(str(self.folder / "adapter"), memory_mb=256)

    def plan(self, at: str, do: str, call: int = 0) -> None:
        (self.folder / "plan").write_text(json.dumps({"at": at, "do": do, "call": call}))

    def lie(self, **words: object) -> None:
        (self.folder / "lie").write_text(json.dumps(words))

    def switch(self, name: str) -> None:
        (self.folder / name).touch()

    @property
    def charged(self) -> dict[str, int]:
        """What its terminal really keeps: by reference, what was approved and committed."""
        books = self.folder / "books"
        known = json.loads(books.read_text()) if books.exists() else {}
        return {
            reference: entry["amount_minor"]
            for reference, entry in known.items()
            if entry["approved"] and entry["state"] == "committed"
        }
