"""Where the reports of go-live checks are kept: three files each, in the box's state folder."""

import re
from collections.abc import Mapping
from pathlib import Path

import structlog
from pydantic import ValidationError

from posedge.tasks import Run
from posedge.terminals.paper import html, text
from posedge.terminals.report import Report

KEPT = 50
"""Reports, of all terminals: a shop checks when it opens, and when something was changed."""

UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")

log = structlog.get_logger()


class Cabinet:
    """`run` calls what blocks."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        self._run = run

    async def load(self) -> Mapping[str, Report]:
        """Return the last report of each terminal."""
        return await self._run(self._load)

    async def put(self, report: Report) -> None:
        """Keep a report that has ended, and let go of the oldest; what a disk refuses is logged."""
        try:
            await self._run(lambda: self._put(report))
        except OSError as error:
            log.warning("check.unkept", terminal=report.terminal, reason=error.strerror)

    def _load(self) -> Mapping[str, Report]:
        found: dict[str, Report] = {}
        for path in self._kept():
            try:
                report = Report.model_validate_json(path.read_bytes())
            except (OSError, ValidationError) as error:
                log.warning("check.unreadable", file=path.name, reason=type(error).__name__)
                continue
            found[report.terminal] = report
        return found

    def _put(self, report: Report) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = report.started.rfc3339[:19].replace(":", "")
        stem = f"{stamp}-{UNSAFE.sub('-', report.terminal)}"
        for ending, content in (
            ("txt", text(report)),
            ("html", html(report)),
            ("json", report.model_dump_json()),
        ):
            (self._folder / f"{stem}.{ending}").write_text(content, encoding="utf-8")
        for old in self._kept()[:-KEPT]:
            for ending in ("txt", "html", "json"):
                old.with_suffix(f".{ending}").unlink(missing_ok=True)

    def _kept(self) -> list[Path]:
        """Return the reports, oldest first: their names begin with the time."""
        return sorted(self._folder.glob("*.json"))
