"""Logs: JSON lines for journald, readable on a terminal, card data scrubbed on the way out.

The decoders redact first; the scrubber here is the second line and covers every string of every
record, also those of libraries that log through the standard module.
"""

import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Collection, Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from posedge.wire.redact import redact, redact_text

QUIET = ("serialx", "paho", "mqtt", "asyncio", "multipart", "uvicorn.access")
"""Loggers that would print payloads or each request at their chattier levels."""

SHORTEST = 13
"""Digits of the shortest card number: no shorter text can hold one."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
READABLE = re.compile(rf"(?<![0-9A-Za-z])({UUID.pattern}|[0-9a-f]{{64}})(?![0-9A-Za-z])")
"""An id or a hash inside a text."""

DIGESTS = frozenset({"hash", "prevhash"})
DIGEST = re.compile(r"[0-9a-f]{64}")
"""Ids and hashes stay readable: one in 200 of them has a run of digits like a card's."""

KEPT_LINES = 500
KEPT_CHARACTERS = 2000
"""Of each line: with them a support bundle shows an hour of a busy box, in 1 MB at most."""

log = structlog.get_logger()


class Ring(logging.Handler):
    """Keeps the last lines in memory, as they were written out."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record)[:KEPT_CHARACTERS])


def recent() -> tuple[str, ...]:
    """Return the last lines of this process, oldest first; none unless it was told to keep them."""
    rings = (each for each in logging.getLogger().handlers if isinstance(each, Ring))
    return tuple(line for ring in rings for line in ring.lines)


def configure(level: str = "INFO", *, stream: TextIO | None = None, keep: bool = False) -> None:
    """Send every record of the process to `stream` (standard error); `keep` is for `recent`."""
    out = stream or sys.stderr
    renderer = _console() if out.isatty() else structlog.processors.JSONRenderer()
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
    handlers: list[logging.Handler] = [_written_by(logging.StreamHandler(out), shared, renderer)]
    if keep:
        handlers.append(_written_by(Ring(), shared, structlog.processors.JSONRenderer()))
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _written_by(
    handler: logging.Handler, shared: list[Processor], renderer: Processor
) -> logging.Handler:
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
    return handler


def tell_of_crashes() -> None:
    """Log what nobody catches: Python's own words on standard error would not be scrubbed."""

    def in_main(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        _crashed(kind, error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        _crashed(args.exc_type, args.exc_value)

    sys.excepthook = in_main
    threading.excepthook = in_thread


def _crashed(kind: type[BaseException], error: BaseException | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("crashed", exc_info=error)


def _console() -> Processor:
    # The default formatter prints local variables, which are payloads.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(exception_formatter=plain)


def scrub(_logger: object, _method: str, record: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Mask card numbers in every value of a record, however deep."""
    return {
        key: value if key in DIGESTS and DIGEST.fullmatch(str(value)) else _scrubbed(value)
        for key, value in record.items()
    }


def _scrubbed(value: object) -> object:
    match value:
        case str():
            return _text(value)
        case bytes() | bytearray():
            return redact(bytes(value)).hex()
        case None | int() | float():
            text = _text(str(value))
            return value if text == str(value) else text
        case Mapping():
            mapping = cast("Mapping[object, object]", value)
            return {_text(str(key)): _scrubbed(each) for key, each in mapping.items()}
        case list() | tuple() | set() | frozenset():
            return [_scrubbed(each) for each in cast("Collection[object]", value)]
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    return text if len(text) < SHORTEST or UUID.fullmatch(text) else redact_text(text)
