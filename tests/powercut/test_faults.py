"""System calls that fail, and a process that dies in one: strace makes them."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from posedge.journal.verify import export, verify
from posedge.model.entry import Entry
from tests.powercut.workload import FAILED

KILLED = -9


@dataclass(frozen=True)
class Run:
    """How the workload ended, and what it had said."""

    status: int
    acknowledged: dict[int, str]
    errors: list[str]
    held: dict[int, str]


def run(folder: Path, inject: str) -> Run:
    """Journal 30 sales while strace injects, then look at what is in the files."""
    journal = folder / "journal.db"
    call = inject.partition(":")[0]
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    workload = [sys.executable, "-m", "tests.powercut.workload", str(journal), "FULL", "30"]
    done = subprocess.run(
        [*strace, "-e", f"inject={inject}", *workload],
        capture_output=True,
        text=True,
        check=False,
    )
    words = [line.split() for line in done.stdout.splitlines() if line]
    assert verify(journal).faults == ()
    entries = [Entry.from_body(line.encode()) for line in export(journal)]
    return Run(
        status=done.returncode,
        acknowledged={int(word[1]): word[2] for word in words if word[0] == "ACK"},
        errors=[word[1] for word in words if word[0] == "ERROR"],
        held={entry.sequence: entry.hash for entry in entries},
    )


@pytest.mark.parametrize("when", [12, 21, 25, 40, 47])  # 21 and 47 belong to checkpoints
def test_an_io_error_of_fsync_ends_all_acknowledging(tmp_path: Path, when: int) -> None:
    """Also in a checkpoint: SQLite would have kept quiet about one of its own."""
    result = run(tmp_path, f"fdatasync:error=EIO:when={when}")
    assert (result.status, result.errors) == (FAILED, ["storage.failed"] * 2)
    assert result.acknowledged.items() <= result.held.items()
    assert len(result.held) - len(result.acknowledged) <= 3  # in doubt, never acknowledged


@pytest.mark.parametrize("when", [40, 200])
def test_a_disk_that_is_full_for_good_refuses(tmp_path: Path, when: int) -> None:
    result = run(tmp_path, f"pwrite64:error=ENOSPC:when={when}+")
    assert (result.status, result.errors) == (FAILED, ["storage.full"] * 2)
    assert result.acknowledged.items() <= result.held.items()


@pytest.mark.parametrize(
    "inject",
    [f"fdatasync:signal=KILL:when={n}" for n in (15, 30, 44)] + ["pwrite64:signal=KILL:when=333"],
)
def test_a_process_that_dies_in_a_commit_loses_nothing(tmp_path: Path, inject: str) -> None:
    result = run(tmp_path, inject)
    assert result.status == KILLED
    assert result.acknowledged.items() <= result.held.items()
    assert 0 < len(result.acknowledged) < 40
