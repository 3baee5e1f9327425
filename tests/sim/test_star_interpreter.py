import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.sim.printer_paper import Bars, Blank, Item, QrSymbol, Style, TextLine
from posedge.sim.star_interpreter import StarInterpreter


class Recorder:
    def __init__(self) -> None:
        self.items: list[Item] = []
        self.done: list[str] = []

    def prints(self, item: Item) -> None:
        self.items.append(item)

    def cuts(self) -> None:
        self.done.append("cut")

    def pulses(self, connector: int) -> None:
        self.done.append(f"pulse {connector}")

    def reports(self, *, on: bool) -> None:
        self.done.append(f"report {on}")

    def counts(self) -> None:
        self.done.append("count")

    def counts_from_zero(self) -> None:
        self.done.append("zero")


def interpret(data: bytes) -> Recorder:
    recorder = Recorder()
    interpreter = StarInterpreter(recorder)
    for byte in data:
        interpreter.take(byte)
    assert interpreter.declined == []
    return recorder


def declined(data: bytes) -> str:
    recorder = Recorder()
    interpreter = StarInterpreter(recorder)
    for byte in data:
        interpreter.take(byte)
    assert recorder.items == []
    (error,) = interpreter.declined
    return error.message


@pytest.mark.parametrize(
    ("data", "style"),
    [
        (b"", Style()),
        (b"\x1bE", Style(bold=True)),
        (b"\x1bE\x1bF", Style()),
        (b"\x1b-1", Style(underline=True)),
        (b"\x1b4", Style(inverse=True)),
        (b"\x1b4\x1b5", Style()),
        (b"\x1bi\x01\x02", Style(tall=2, wide=3)),
        (b"\x1bi10", Style(tall=2)),
        (b"\x1b\x1da2", Style(align=2)),
        (b"\x1bE\x1b@", Style()),
        (b"\x1bE\x18", Style()),
        (b"\x1b\x1eF\x00", Style()),
    ],
)
def test_styles(data: bytes, style: Style) -> None:
    (line,) = interpret(data + b"x\n").items
    assert isinstance(line, TextLine)
    assert line.runs[0].style == style


def test_alignment_is_heard_where_a_line_begins() -> None:
    first, second = interpret(b"a\x1b\x1da\x01b\n\x1b\x1da\x01c\n").items
    assert isinstance(first, TextLine)
    assert isinstance(second, TextLine)
    assert (first.align, second.align) == (0, 1)


@pytest.mark.parametrize(("page", "text"), [(b"\x04", "€ä"), (b"\x20", "\u20acÕ"), (b"\x01", "╒ä")])
def test_code_pages(page: bytes, text: str) -> None:
    data = {b"\x20": b"\x80\xd5"}.get(page, b"\xd5\x84")
    (line,) = interpret(b"\x1b\x1dt" + page + data + b"\n").items
    assert isinstance(line, TextLine)
    assert line.text == text


def test_paper_moves() -> None:
    done = interpret(b"a\x1ba\x02b\tc\r\x1bz0\x1ba\x01\x1bd1last\x1bd\x03")
    assert [item.text if isinstance(item, TextLine) else item for item in done.items] == [
        "a",
        Blank(64),
        "b       c",
        Blank(24),
        "last",
        Blank(96),
    ]
    assert done.done == ["cut", "cut"]


def test_what_is_done_comes_in_order() -> None:
    data = b"\x1b\x1ea\x01\x1b\x1eE\x00\x07\x1b\x07\x7f\x01\x1a\x17\x1b\x06\x01\0\x1e\x18"
    assert interpret(data).done == ["report True", "zero", "pulse 0", "pulse 1", "count", "zero"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1bb\x03\x02\x01\x504006381333931\x1e", "4006381333931"),
        (b"\x1bb3111400638133393\x1e", "4006381333931"),
        (b"\x1bb\x03\x02\x01\x504006381333930\x1e", "4006381333931"),
        (b"\x1bb\x06\x02\x02\x50%7A%0{B\x1e", "A%{B"),
        (b"\x1bb\x06\x02\x02\x50%8123456\x1e", "123456"),
        (b"\x1bb\x06\x02\x02\x5012345A\x1e", "12345A"),
        (b"\x1bb\x06\x02\x02\x50%7%1a%78\x1e", "a8"),
        (b"\x1bb\x06\x02\x02\x50%AB\x1e", "\x01B"),
    ],
)
def test_bar_codes(data: bytes, text: str) -> None:
    (bars,) = interpret(data).items
    assert isinstance(bars, Bars)
    assert bars.text == text
    assert bars.module in {2, 3}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x1bb\x03\x02\x01\x5012\x1e", "12 or 13 digits"),
        (b"\x1bb\x04\x02\x01\x50ABC\x1e", "none of kind 4"),
        (b"\x1bb\x06\x02\x03\x50" + b"A" * 20 + b"\x1e", "wider than the paper"),
        (b"\x1bb\x06\x02\x01\x50\x1e", "empty"),
        (b"\x1bb\x06\x02\x01\x50%7a%2\x1e", "%2"),
        (b"\x1bb\x06\x02\x09\x50%7a\x1e", "not 1 to 3"),
    ],
)
def test_what_is_declined_is_left_out(data: bytes, why: str) -> None:
    assert why in declined(data)


def test_raster_mode_without_rows_prints_nothing() -> None:
    quit_only = b"\x1b*rB"
    assert interpret(quit_only).items == []
    assert interpret(b"\x1b*rA\x00\x1b*rP0\x00\x1b*rE1\x00" + quit_only).items == []


def test_qr() -> None:
    setup = b"\x1b\x1dyS0\x02\x1b\x1dyS1\x02\x1b\x1dyS2\x05"
    (symbol,) = interpret(setup + b"\x1b\x1dyD1\x00\x04\x00\x1b@\x17\x07\x1b\x1dyP").items
    assert symbol == QrSymbol("\x1b@\x17\x07", 5, "Q")


@pytest.mark.parametrize(
    "data",
    [
        b"\x01",
        b"\x7f",
        b"\x1c",
        b"\x1bQ",
        b"\x1b\x1dQ",
        b"\x1b\x06\x02",
        b"\x1b\x07\x00\x01",
        b"\x1b\x07\x01\x80",
        b"\x1b*rZ",
        b"\x1b*rAx",
        b"\x1b*rA\x1b@..",
        b"\x1b*rA\x1b*rQ0\x00",
        b"\x1b*rAb\x49\x00",
        b"\x1b*rA\x1b*rP9\x00\x1b*rB",
        b"\x1b\x1eZ0",
        b"\x1b\x1eE\x05",
        b"\x1b\x1ea\x05",
        b"\x1b\x1eF\x01",
        b"\x1b\x1dyQ",
        b"\x1b\x1dyS9\x01",
        b"\x1b\x1dyS0\x03",
        b"\x1b\x1dyS2\x09",
        b"\x1b\x1dyD2\x00\x01\x00",
        b"\x1b\x1dyD1\x00\x00\x00",
        b"\x1bd\x04",
        b"\x1ba\x00",
        b"\x1bi\x06\x00",
        b"\x1b\x1dt\x63",
        b"\x1b\x1da\x03",
        b"\x1bb\x06\x02\x02\x00%7A\x1e",
    ],
)
def test_what_the_manual_does_not_know_is_a_violation(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        interpret(data)


@given(st.binary(max_size=60))
def test_anything_is_obeyed_or_a_violation(data: bytes) -> None:
    interpreter = StarInterpreter(Recorder())
    interpreter.tear()
    for byte in data.replace(b"@", b""):
        interpreter.take(byte)
