"""`make bench`: run every benchmark, or those that are named, and print one table."""

import logging
import os
import sys
from collections.abc import Callable, Iterator

import structlog

from tests.bench import Row, box, idle, journal, payment, relay, streams

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "journal": journal.measure,
    "box": box.measure,
    "idle": idle.measure,
    "payment": payment.measure,
    "streams": streams.measure,
    "relay": relay.measure,
}


def table(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| what | figure | beside |"
    yield "|---|---:|---|"
    for row in rows:
        digits = 0 if row.value >= 100 else 2
        yield f"| {row.name} | {row.value:,.{digits}f} {row.unit} | {row.beside} |"


def main(names: list[str]) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed box has its bytecode
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rows = [row for name in names or BENCHMARKS for row in BENCHMARKS[name]()]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main(sys.argv[1:])
