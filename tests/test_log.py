"""Card numbers leave the process in no form, and what is no card stays readable."""

import io
import json
import logging
import subprocess
import sys
import threading
import timeit
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from posedge import log
from posedge.log import QUIET, configure, scrub
from posedge.model.value import Value

CARD = "4111111111111111"
MASKED = "************1111"
UUID = "01964111-1111-7111-8111-114111111111"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass
class Track:
    number: str


class Payment(Value):
    pan: str


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is the process's own: put back what was."""
    root = logging.getLogger()
    handlers, level, hook, thread_hook = (
        root.handlers[:],
        root.level,
        sys.excepthook,
        threading.excepthook,
    )
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hook, thread_hook
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def written(out: io.StringIO) -> dict[str, Any]:
    """Return the one record that was written."""
    (line,) = out.getvalue().splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
@pytest.mark.parametrize(
    "value",
    [
        CARD,
        f";{CARD}=25121010000000000000?",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        int(CARD),
        float(CARD),
        CARD.encode(),
        bytearray(CARD.encode()),
        bytes.fromhex(f"22f0f8{CARD}"),
        CARD.encode().hex(),
        [CARD],
        (CARD, 1),
        {CARD},
        {"deep": [{"deeper": (CARD,)}]},
        {CARD: 1},
        Track(CARD),
        Payment(pan=CARD),
        ValueError(CARD),
        SimpleNamespace(pan=CARD),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_card_is_masked_in_every_kind_of_value(value: object, out: type[io.StringIO]) -> None:
    stream = out()
    configure(stream=stream)
    structlog.get_logger().info("read", value=value)
    logging.getLogger("foreign").warning("read %s", value)
    text = stream.getvalue()
    assert "read" in text
    for form in (CARD, "4111 1111", "4111-1111", CARD.encode().hex()):
        assert form not in text


def bug(number: str) -> None:
    raise RuntimeError(f"cannot take {number}")


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_a_card_is_masked_in_errors_and_tracebacks(out: type[io.StringIO]) -> None:
    stream = out()
    configure(stream=stream)
    try:
        try:
            bug(CARD)
        except RuntimeError as error:
            raise ValueError(f"{CARD} again") from error
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("foreign").exception("failed with %s", CARD, stack_info=True)
    text = stream.getvalue()
    assert text.count("Traceback") >= 4
    assert f"cannot take {MASKED}" in text
    assert CARD not in text


def test_json_lines_parse_and_say_who_and_when() -> None:
    out = io.StringIO()
    configure(stream=out)
    structlog.get_logger("posedge.test").warning("paper\nout", lines=3, ok=True, none=None, s=0.5)
    record = written(out)
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "event": "paper\nout",
        "lines": 3,
        "ok": True,
        "none": None,
        "s": 0.5,
        "level": "warning",
        "logger": "posedge.test",
    }


def test_a_terminal_is_written_to_in_words() -> None:
    out = Terminal()
    configure(stream=out)
    structlog.get_logger().info("box started", box="b1")
    assert "box started" in out.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(out.getvalue())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", UUID),
        ("hash", "9f3c" + CARD * 3 + "1a7be0425d18"),
        ("gtin", "4006381333931"),
        ("utc_ns", 1_795_392_000_123_456_780),
        ("address", "tcp://192.0.2.20:20007"),
        ("timestamp", "2026-11-23T09:25:22.701398Z"),
        ("device", "0c2e:0b61:S17"),
        ("port", "pci-0000:00:14.0-usb-0:1.4.1.1.1.1.1.1"),
        ("amount", 411111111111),
    ],
)
def test_what_is_no_card_stays_as_it_is(key: str, value: object) -> None:
    assert scrub(None, "info", {key: value}) == {key: value}


def test_a_hash_s_name_hides_no_card() -> None:
    assert scrub(None, "info", {"hash": CARD}) == {"hash": MASKED}
    raw = (CARD + " " * 16).encode().hex()
    assert CARD.encode().hex() not in str(scrub(None, "info", {"data": raw})["data"])


def test_levels_and_libraries_that_would_print_payloads() -> None:
    out = io.StringIO()
    configure("DEBUG", stream=out)
    for name in QUIET:
        logging.getLogger(name).info("payload")
    assert out.getvalue() == ""
    configure("ERROR", stream=out)
    structlog.get_logger().warning("not this")
    logging.getLogger("paho").warning("nor this")
    assert out.getvalue() == ""


def test_what_nobody_catches_is_logged_and_masked() -> None:
    out = io.StringIO()
    configure(stream=out)
    log.tell_of_crashes()
    sys.excepthook(ValueError, ValueError(CARD), None)
    record = written(out)
    assert (record["event"], record["level"]) == ("crashed", "critical")
    assert record["exception"] == f"ValueError: {MASKED}"
    thread = threading.Thread(target=bug, args=(CARD,))
    thread.start()
    thread.join()
    assert out.getvalue().count("crashed") == 2
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert out.getvalue().count("crashed") == 2
    assert CARD not in out.getvalue()


def test_a_program_that_crashes_writes_no_card() -> None:
    program = (
        "from posedge import log; log.configure(); log.tell_of_crashes();"
        f"card = int('{CARD[:-1]}') * 10 + 1; raise ValueError(card)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    assert MASKED in json.loads(done.stderr)["exception"]
    assert CARD not in done.stderr + done.stdout


def test_scrubbing_is_cheap() -> None:
    record = {
        "event": "device changed",
        "device": "0c2e:0b61:S17",
        "state": "online",
        "reason": None,
        "level": "info",
        "logger": "posedge.devices.supervisor",
        "timestamp": "2026-11-23T09:25:22.701398Z",
        "id": UUID,
        "hash": "9f" * 32,
        "bytes": 512,
    }
    best_s = min(timeit.repeat(lambda: scrub(None, "info", record), number=200, repeat=20)) / 200
    assert best_s < 50e-6


def test_the_last_lines_are_kept_scrubbed_and_bounded() -> None:
    configure(stream=io.StringIO(), keep=True)
    for number in range(log.KEPT_LINES + 1):
        structlog.get_logger().info("paid", number=number, text=f"by {CARD} " + "x" * 3000)
    kept = log.recent()
    assert len(kept) == log.KEPT_LINES
    assert json.dumps(CARD) not in "".join(kept)
    assert MASKED in kept[0]
    assert {len(each) for each in kept} == {log.KEPT_CHARACTERS}
    configure(stream=io.StringIO())
    assert log.recent() == ()
