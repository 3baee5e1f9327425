"""`posedge journal`, on files as a box leaves them."""

import asyncio
import random
from pathlib import Path

import pytest

from posedge.cli import main
from posedge.journal.store import open_journal
from posedge.tasks import Worker
from tests.doubles.drafts import draft


def journal(path: Path, count: int) -> str:
    """Append to the journal and close it; return its stream."""

    async def fill() -> str:
        opened = await open_journal(path, source="/a/b/c", chance=random.Random(1), run=worker.run)
        await opened.append([draft(number) for number in range(count)])
        await opened.close()
        return opened.stream

    worker = Worker("journal")
    try:
        return asyncio.run(fill())
    finally:
        worker.close()


def posedge(*arguments: str) -> int:
    return main(["journal", *arguments])


def test_a_new_stream_begins_behind_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.db"
    old = journal(path, 3)
    assert posedge("new-stream", "--path", str(path)) == 0
    new = capsys.readouterr().out.split()[-1]
    assert new != old
    assert journal(path, 1) == new
    assert posedge("verify", "--path", str(path)) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"4 entries, whole; ends: {old}/3 ")
    assert f", {new}/1 " in said


def test_a_new_stream_needs_a_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert posedge("new-stream", "--path", str(tmp_path / "journal.db")) == 1
    assert "there is no journal at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
