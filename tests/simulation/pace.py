"""How often machines look around when nothing happens.

In 80 virtual hours box and headquarters look a million times whether something is new; that costs
a minute and proves no more than looking more rarely does. What takes part in a payment, a sale, a
receipt or a delivery keeps its own time.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

SLOWER: dict[str, object] = {
    "posedge.journal.store.IDLE_S": 600.0,
    "posedge.devices.supervisor.LONGEST_S": 600.0,
    "posedge.relay.outbox.IDLE_S": 30.0,
    "posedge.relay.shadow.LOOK_S": 120.0,
    "posedge.relay.relay.BACKOFF_S": (1.0, 600.0),
    "posedge.hq.ingest.LOOK_S": 10.0,
    "posedge.hq.ingest.BACKOFF_S": (0.2, 300.0),
}


@contextmanager
def slow_and_quiet() -> Iterator[None]:
    """Look around more rarely, and log nothing: a story logs more than anybody reads."""
    before = structlog.get_config()
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent, logger_factory=structlog.ReturnLoggerFactory())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SLOWER.items():
            patch.setattr(name, value)
        yield
    structlog.configure(**before)
