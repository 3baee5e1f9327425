"""Logs: JSON lines for journald, readable on a terminal, card data scrubbed on the way out.

The decoders redact first; the scrubber here is the second line and covers every string of every
record, also those of libraries that log through the standard module.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from posedge.wire.redact import redact_text

QUIET = ("serialx", "paho", "mqtt", "asyncio", "multipart", "uvicorn.access")
"""Loggers that would print payloads or each request at their chattier levels."""


def configure(level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Send every record of the process to `stream` (standard error)."""
    out = stream or sys.stderr
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer()
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                scrub,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def scrub(_logger: object, _method: str, record: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Mask card numbers in every value of a record, however deep."""
    return {key: _scrubbed(value) for key, value in record.items()}


def _scrubbed(value: object) -> object:
    match value:
        case str():
            return redact_text(value)
        case bytes():
            return redact_text(value.hex())
        case Mapping():
            mapping = cast("Mapping[object, object]", value)
            return {str(key): _scrubbed(each) for key, each in mapping.items()}
        case list() | tuple():
            return [_scrubbed(each) for each in cast("Sequence[object]", value)]
        case bool() | int() | None:
            return _scrubbed(str(value)) if isinstance(value, int) and value > 10**12 else value
        case _:
            return redact_text(str(value))
