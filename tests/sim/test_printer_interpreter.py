import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.sim.printer_interpreter import Interpreter
from posedge.sim.printer_paper import (
    Bars,
    Blank,
    Item,
    PrintedReceipt,
    QrSymbol,
    Raster,
    Style,
    TextLine,
)


class Recorder:
    def __init__(self) -> None:
        self.items: list[Item] = []
        self.cut = 0
        self.pulsed: list[int] = []
        self.reported: list[int] = []
        self.jobs: list[bytes] = []

    def prints(self, item: Item) -> None:
        self.items.append(item)

    def cuts(self) -> None:
        self.cut += 1

    def pulses(self, connector: int) -> None:
        self.pulsed.append(connector)

    def reports(self, items: int) -> None:
        self.reported.append(items)

    def completes(self, job: bytes) -> None:
        self.jobs.append(job)

    @property
    def lines(self) -> list[str]:
        return [item.text for item in self.items if isinstance(item, TextLine)]


def interpret(data: bytes) -> Recorder:
    recorder = Recorder()
    interpreter = Interpreter(recorder)
    for byte in data:
        interpreter.take(byte)
    assert interpreter.declined == []
    return recorder


def style_of(data: bytes) -> Style:
    (line,) = interpret(data + b"x\n").items
    assert isinstance(line, TextLine)
    return line.runs[0].style


def test_text_is_decoded_by_the_page_that_was_chosen() -> None:
    assert interpret(b"\xe1\n\x1bt\x13\xd5\n\x1bt\x10\x80\n").lines == ["ß", "€", "€"]


def test_a_full_row_is_printed_before_the_next_character() -> None:
    assert interpret(b"x" * 49 + b"\n").lines == ["x" * 48, "x"]
    assert interpret(b"\x1b!\x30" + b"x" * 25 + b"\n").lines == ["x" * 24, "x"]


def test_tabs_carriage_returns_and_nuls() -> None:
    assert interpret(b"\0ab\tc\r\n").lines == ["ab      c"]


def test_styles() -> None:
    assert style_of(b"") == Style()
    assert style_of(b"\x1b!\xb8") == Style(bold=True, tall=2, wide=2, underline=True)
    assert style_of(b"\x1d!\x12") == Style(wide=2, tall=3)
    assert style_of(b"\x1bE\x01\x1b-\x01\x1dB\x01") == Style(
        bold=True, underline=True, inverse=True
    )
    assert style_of(b"\x1bG\x01\x1ba\x32\x1bM0") == Style(bold=True, align=2)
    assert style_of(b"\x1bE\x01\x1b@") == Style()


def test_alignment_counts_from_the_next_row() -> None:
    first, second = interpret(b"a\x1ba\x01b\n\x1ba\x01c\n").items
    assert isinstance(first, TextLine)
    assert isinstance(second, TextLine)
    assert (first.align, second.align) == (0, 1)


def test_feeding_prints_the_row_first() -> None:
    assert interpret(b"a\x1bd\x02").items[-1] == Blank(60)
    assert interpret(b"a\x1bd\x02").lines == ["a"]
    assert interpret(b"\x1bJ\x05").items == [Blank(5)]
    assert interpret(b"\x1b3\x28a\n\x1b2b\n").items[1] == Blank(10)


@pytest.mark.parametrize("cut", [b"\x1dV\0", b"\x1dV1", b"\x1dVA\x10", b"\x1dVB\0"])
def test_cuts(cut: bytes) -> None:
    assert interpret(cut).cut == 1


def test_bar_codes_of_both_forms() -> None:
    settings = b"\x1dh\x50\x1dw\x02\x1dH\x02\x1df\0\x1ba\x01"
    a = interpret(settings + b"\x1dk\x02400638133393\0").items
    b = interpret(settings + b"\x1dkC\x0d4006381333931").items
    assert a == b
    (bars,) = a
    assert isinstance(bars, Bars)
    assert (bars.text, bars.module, bars.height, bars.label, bars.align) == (
        "4006381333931",
        2,
        80,
        True,
        1,
    )
    assert [
        item.text for item in interpret(b"\x1dkI\x05{BABC").items if isinstance(item, Bars)
    ] == ["ABC"]


@pytest.mark.parametrize("barcode", [b"\x1dk\x02123\0", b"\x1dw\x06\x1dkI\x12{B" + b"x" * 16])
def test_a_bar_code_that_cannot_be_is_left_out_and_noted(barcode: bytes) -> None:
    recorder = Recorder()
    interpreter = Interpreter(recorder)
    for byte in barcode:
        interpreter.take(byte)
    assert recorder.items == []
    assert len(interpreter.declined) == 1


def test_a_qr_symbol_is_stored_and_printed() -> None:
    data = b"\x1d(k\x04\x001A2\0\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1"
    (symbol,) = interpret(data + b"\x1d(k\x05\x001P0hi\x1d(k\x03\x001Q0").items
    assert symbol == QrSymbol("hi", 6, "M")


def test_a_raster_is_a_picture() -> None:
    recorder = interpret(b"\x1dv0\0\x01\0\x02\0\xff\x81")
    assert recorder.items == [Raster(8, 2, b"\xff\x81")]
    assert PrintedReceipt(tuple(recorder.items)).png().startswith(b"\x89PNG")


def test_drawer_status_and_job() -> None:
    recorder = interpret(b"\x1bp\0\x32\x32\x1bp1\x32\x32\x1da\x0f\x1d(H\x06\x0000AB12")
    assert recorder.pulsed == [0, 1]
    assert recorder.reported == [15]
    assert recorder.jobs == [b"AB12"]
    assert interpret(b"\x1b@").reported == [0]


def test_real_time_commands_were_obeyed_when_they_arrived() -> None:
    assert interpret(b"a\x10\x04\x01b\x10\x14\x01\x00\x02c\n").lines == ["abc"]


def test_inverse_and_underlined_text_is_drawn() -> None:
    items = interpret(b"\x1dB\x01\x1b-\x01x\n\x1ba\x01\x1dkI\x05{BABC").items
    assert PrintedReceipt(tuple(items)).png().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "data",
    [
        b"\x07",
        b"\x7f",
        b"\x1bz",
        b"\x1dz",
        b"\x10\x05\x01",
        b"\x10\x04\x09",
        b"\x1ba\x07",
        b"\x1bt\x63",
        b"\x1bM\x01",
        b"\x1dw\x09",
        b"\x1dh\x00",
        b"\x1dV\x09",
        b"\x1dk\x00",
        b"\x1dv1\0\x01\0\x01\0",
        b"\x1dv0\0\xff\xff\xff\xff",
        b"\x1d(L\x01\x000",
        b"\x1d(H\x02\x0001",
        b"\x1d(k\x03\x001Z0",
        b"\x1d(k\x03\x002Q0",
        b"\x1d(k\x01\x001",
        b"x\x1dV\0",
        b"x\x1dk\x02",
    ],
)
def test_what_the_reference_does_not_know_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        interpret(data + b"\0" * 4)


@given(st.binary(max_size=300))
def test_after_a_cut_line_anything_goes_up_to_the_next_reset(noise: bytes) -> None:
    assume(b"\x1dv" not in noise)  # a picture may swallow more than this test sends
    recorder = Recorder()
    interpreter = Interpreter(recorder)
    interpreter.tear()
    for byte in noise.replace(b"\x1b@", b""):
        interpreter.take(byte)
    for byte in bytes(70_000 if b"\x1d" in noise else 600) + b"\x1b@hello\n":
        interpreter.take(byte)
    assert recorder.lines[-1] == "hello"
