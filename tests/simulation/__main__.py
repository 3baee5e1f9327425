"""Replay seeds: `python -m tests.simulation 3 17`. Prints what became of them; 1 if not well."""

import sys
import tempfile
from pathlib import Path

from tests.simulation.pace import slow_and_quiet
from tests.simulation.story import Outcome, tell


def replay(seed: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder, slow_and_quiet():
        return tell(Path(folder), seed)


if __name__ == "__main__":
    told = {int(word): replay(int(word)) for word in sys.argv[1:]}
    for number, outcome in told.items():
        print(f"{number}: {outcome}")  # noqa: T201 - a command line prints
    sys.exit(any(outcome.found for outcome in told.values()))
