from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.sim.printer_condition import Faults
from posedge.sim.zpl import RIBBON_OUT, ZplPrinter
from posedge.sim.zpl_interpreter import ZplInterpreter
from posedge.sim.zpl_label import PrintedDataMatrix, PrintedLabel, PrintedQr
from tests.sim.test_printer import Wire

HELLO = b"^XA^PW400^LL200^FO10,20^A0N,30,30^FDHello^FS^XZ"


def interpret(data: bytes) -> list[tuple[PrintedLabel, int]]:
    done: list[tuple[PrintedLabel, int]] = []
    interpreter = ZplInterpreter(lambda label, copies: done.append((label, copies)))
    for byte in data:
        interpreter.take(byte)
    assert interpreter.declined == []
    return done


def symbol(data: bytes) -> str:
    ((label, _),) = interpret(b"^XA^CI28^FO0,0" + data + b"^FS^XZ")
    (text,) = label.symbols
    return text


def printer() -> tuple[ZplPrinter, Wire]:
    made, wire = ZplPrinter(), Wire()
    assert made.sim.attach(wire)
    return made, wire


def test_a_label() -> None:
    ((label, copies),) = interpret(b"\r\n" + HELLO.replace(b"^XZ", b"^PQ3^XZ\r\n"))
    assert (label.width, label.height, label.lines, copies) == (400, 200, ("Hello",), 3)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"^BY3^BEN,80,Y,N^FD400638133393", "4006381333931"),
        (b"^BCN,80,Y,N^FDA{B", "A{B"),
        (b"^BCN,80,Y,N,N,N^FD>:a>0><>=", "a>^~"),
        (b"^BQN,2,4^FH\\^FDMA,\\5E\\C3\\A4", "^ä"),
        (b"^BXN,4,200,,,,_,1^FD_10104006381333931__", "\x1d0104006381333931_"),
    ],
)
def test_symbols(data: bytes, text: str) -> None:
    assert symbol(data) == text


def test_hex_signs_may_be_another_character() -> None:
    ((label, _),) = interpret(b"^XA^CI28^FO0,0^A0N,30,30^FH^FD_41_5e^FS^XZ".replace(b"5e", b"5E"))
    assert label.lines == ("A^",)


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"^FO0,0^",
        b"^XA^XA^",
        b"^XA^ZZ^",
        b"~DG^",
        b"^XA^CI13^",
        b"^XA^FO0^",
        b"^XA^FOx,0^",
        b"^XA^LH5,5^",
        b"^XA^PQ0^",
        b"^XA^FDx^",
        b"^XA^FO0,0^A1N,30,30^FDx^",
        b"^XA^FO0,0^A0R,30,30^FDx^",
        b"^XA^FO0,0^A0N,30,30^FH\\^FD\\4^",
        b"^XA^CI28^FO0,0^A0N,30,30^FH\\^FD\\C3^",
        b"^XA^FO0,0^BEN,80,N,N^FD400638133393^",
        b"^XA^FO0,0^BCN,80,Y,N,Y,N^FD1^",
        b"^XA^FO0,0^BCN,80,Y,N,N,N^FD>1^",
        b"^XA^FO0,0^BQN,2,4^FD123^",
        b"^XA^FO0,0^BQN,1,4^FDMA,1^",
        b"^XA^FO0,0^BXN,4,200,,,,_,1^FD_2^",
        b"^XA^FO0,0^BXN,4,140,,,,_,1^FD1^",
        b"^XA^FS1^",
        b"^XA^FO0,0^A0N,30,30^FD" + b"x" * 4000,
    ],
)
def test_what_the_guide_does_not_know_is_a_violation(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        interpret(data)


def test_a_wrong_symbol_is_left_out() -> None:
    interpreter = ZplInterpreter(lambda _label, _copies: None)
    for byte in b"^XA^FO0,0^BEN,80,Y,N^FD12^FS^XZ":
        interpreter.take(byte)
    assert len(interpreter.declined) == 1


@given(st.binary(max_size=80))
def test_anything_is_obeyed_or_a_violation(data: bytes) -> None:
    interpreter = ZplInterpreter(lambda _label, _copies: None)
    with suppress(ProtocolError):  # and nothing else may come
        for byte in data:
            interpreter.take(byte)
    assert len(interpreter.declined) <= len(data)


def test_it_tells_what_is_left() -> None:
    made, wire = printer()
    made.sim.faults = Faults(offline=True)
    made.sim.receive(HELLO.replace(b"^XZ", b"^PQ3^XZ"))
    made.sim.faults = Faults()
    assert len(made.labels) == 3
    made.sim.load(1)
    made.sim.receive(HELLO.replace(b"^XZ", b"^PQ3^XZ") + HELLO)
    wire.sent = b""
    made.sim.receive(b"~HS~HQES")
    assert b"ERRORS:         1 00000000 00000001" in wire.sent
    assert b"\x02030" not in wire.sent
    made.sim.faults = Faults(offline=True)
    made.sim.load(5)
    wire.sent = b""
    made.sim.receive(b"~HS")
    assert wire.sent.startswith(b"\x02030,0,1,1245,000,")
    assert b",00000002,1,000\x03" in wire.sent
    made.sim.receive(b"~JA")
    made.sim.faults = Faults(near_end=True)
    wire.sent = b""
    made.sim.receive(b"~HQES~HS")
    assert b"WARNINGS:       1 00000000 00000008" in wire.sent
    assert b",00000000,1,000\x03" in wire.sent


@pytest.mark.parametrize(
    ("faults", "flags"),
    [
        (Faults(cover_open=True), b"00000004"),
        (Faults(error=RIBBON_OUT), b"00000002"),
        (Faults(offline=True), b"00010000"),
    ],
)
def test_errors(faults: Faults, flags: bytes) -> None:
    made, wire = printer()
    made.sim.faults = faults
    made.sim.receive(b"~HQES")
    assert b"ERRORS:         1 00000000 " + flags in wire.sent


def test_it_hangs_up_on_another_language() -> None:
    made, wire = printer()
    made.sim.receive(b"\x1b@Hello")
    assert made.sim.violation is not None
    assert not wire.open


def test_pictures_have_the_size_of_the_label() -> None:
    marks = (PrintedQr(0, 0, 4, "L", "x"), PrintedDataMatrix(200, 0, 4, "x"))
    assert PrintedLabel(400, 300, marks).png()[16:24] == bytes((0, 0, 1, 144, 0, 0, 1, 44))
