import base64
import json
import random

import pytest

from posedge.link.tape import DUE_PIECES, HELD_BYTES, HELD_PIECES, LIMIT, QUIET_S, Tape
from posedge.wire.gtin import holds_check_digit
from posedge.wire.masks import CODES, PLAIN, ZVT
from posedge.wire.redact import REACH, luhn
from posedge.wire.scan import Dropped, Scan

CARD = b"4111111111111111"
FORMS = {
    "ascii": b" " + CARD + b" ",
    "hex": CARD.hex().encode(),
    "base64": base64.b64encode(b"number " + CARD + b" is it"),
    "base64 of bcd": base64.b64encode(b"\x01\x02" + bytes.fromhex(CARD.decode()) + b"\xff\xfe\xfd"),
    "bcd": b"\x00" + bytes.fromhex(CARD.decode()) + b"\x00",
    "zvt bmp 22": b"\x04\x0f\x20\x22\xf8" + bytes.fromhex(CARD.decode()) + b"\x0e\x12\x25",
    "zvt bmp 23": b"\x23\xf1\xf6" + bytes.fromhex(CARD.decode() + "d25122010000012345678f"),
    "track 1": b"%B" + CARD + b"^DOE/JOHN^25122010000012345?",
    "track 2": b";" + CARD + b"=25122010000012345?",
}


def bytes_of(lines: list[str], way: str = "in") -> bytes:
    records = [json.loads(line) for line in lines]
    return b"".join(bytes.fromhex(each["hex"]) for each in records if each["dir"] == way)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_card_number_is_never_on_it(form: bytes, size: int) -> None:
    for mask in (PLAIN, CODES, ZVT):
        tape = Tape(mask, 0.0)
        for at in range(0, len(form), size):
            tape.passed("in", form[at : at + size], 0.001 * at)
            tape.passed("out", b"\x06", 0.001 * at)
        _, lines = tape.lines(0, 1.0, final=True)
        seen = bytes_of(lines)
        assert len(seen) == len(form)
        assert CARD not in seen
        assert CARD.decode() not in seen.hex()
        assert CARD.hex().encode() not in seen
        assert b"2512201" not in seen
        assert "2512201" not in seen.hex()
        for text in (seen, seen[1:], seen[2:]):
            try:
                decoded = base64.b64decode(text, validate=True)
            except ValueError:
                continue
            assert CARD not in decoded
            assert CARD.decode() not in decoded.hex()


def test_a_number_on_a_serial_line_that_doubles_dle() -> None:
    number = next(n for n in (f"411010101010101{d}" for d in range(10)) if luhn(n))
    sent = b"\x22\xf8" + bytes.fromhex(number).replace(b"\x10", b"\x10\x10")
    masked = ZVT.stream(sent)
    assert len(masked) == len(sent)
    assert number[:12] not in masked.replace(b"\x10\x10", b"\x10").hex()


@pytest.mark.parametrize("before", range(HELD_BYTES - 70, HELD_BYTES + 5, 3))
def test_a_card_number_is_masked_across_what_is_written_early(before: int) -> None:
    tape = Tape(PLAIN, 0.0)
    text = b"x" * before + b"=" + CARD + b"=" + b"y" * 2 * HELD_BYTES
    for at in range(0, len(text), 50):
        tape.passed("out", text[at : at + 50], 0.0)
    _, lines = tape.lines(0, 0.0)
    assert lines, "what is long past does not wait"
    _, lines = tape.lines(0, 0.0, final=True)
    assert bytes_of(lines, "out") == text.replace(CARD, b"*" * 12 + b"1111")


def test_a_number_that_goes_on_after_its_first_part_was_written_is_blanked() -> None:
    tape = Tape(PLAIN, 0.0)
    tape.passed("in", CARD[:12], 0.0)
    first, _ = tape.lines(0, QUIET_S + 1)
    assert first == 1
    tape.passed("in", CARD[12:], QUIET_S + 1)
    _, lines = tape.lines(0, 10.0, final=True)
    assert bytes_of(lines) == CARD[:12] + b"\xee" * 4


def test_one_direction_does_not_wait_for_the_other() -> None:
    tape = Tape(PLAIN, 0.0)
    tape.passed("in", b"4111", 0.0)
    for _ in range(3 * HELD_PIECES):
        tape.passed("out", b"?", 0.0)
    number, _ = tape.lines(0, 0.0)
    assert number > HELD_PIECES


def test_the_newest_are_held_back_until_it_is_quiet_or_final() -> None:
    tape = Tape(PLAIN, 10.0)
    tape.passed("in", b"abc", 11.0)
    assert tape.lines(0, 11.5) == (0, [])
    number, lines = tape.lines(0, 11.0 + QUIET_S + 0.1)
    assert (number, lines) == (1, ['{"t":1000000,"dir":"in","hex":"616263"}'])
    tape.mark("close", 14.0)
    assert tape.lines(number, 14.0, final=True) == (2, ['{"t":4000000,"dir":"close"}'])
    assert tape.lines(2, 14.0, final=True) == (2, [])
    assert repr(tape).startswith("<Tape: 2 lines, ")


def test_it_is_bounded_and_loses_the_oldest() -> None:
    chance, tape = random.Random(1), Tape(PLAIN, 0.0)
    for number in range(3000):
        tape.passed("in", chance.randbytes(100), float(number))
    assert LIMIT / 2 < tape.size <= LIMIT
    last, lines = tape.lines(0, 3000.0, final=True)
    assert last == 3000
    assert json.loads(lines[-1])["t"] == 2999 * 10**6
    assert json.loads(lines[0])["t"] > 0
    assert len(tape.lines(last - 5, 3000.0)[1]) == 5


def test_a_scale_that_is_asked_all_the_time_leaves_ten_minutes() -> None:
    tape = Tape(PLAIN, 0.0)
    for number in range(12 * 1800):
        tape.passed("out", b"W", number / 12)
        tape.passed("in", b"\x0201.%03d\r" % (number // 100 % 1000), number / 12 + 0.011)
    _, lines = tape.lines(0, 1800.0, final=True)
    assert json.loads(lines[0])["t"] < 1200 * 10**6


def test_what_a_keyboard_typed() -> None:
    tape = Tape(CODES, 0.0)
    tape.scanned(Scan("4006381333931"), 0.0)
    tape.scanned(Scan("]C10104006381333931"), 0.0)
    tape.scanned(Scan(CARD.decode()), 0.0)
    tape.scanned(Dropped("scan.lost", "scan again"), 0.0)
    _, lines = tape.lines(0, 0.0, final=True)
    said = [json.loads(line) for line in lines]
    assert [each.get("scan") for each in said] == [
        "4006381333931",
        "]C10104006381333931",
        "*" * 12 + "1111",
        None,
    ]
    assert (said[3]["lost"], said[3]["message"]) == ("scan.lost", "scan again")


def test_articles_stay_readable_although_one_in_ten_looks_like_a_card() -> None:
    both = [n for n in map(str, range(4006381000000, 4006381002000)) if luhn(n)]
    both = [n for n in both if holds_check_digit(n)]
    assert len(both) > 3
    for number in both:
        sent = f"\r{number}\r".encode()
        assert CODES.stream(sent) == sent
        assert PLAIN.stream(sent) != sent


def test_the_password_of_the_register_is_not_kept() -> None:
    registration = bytes.fromhex("060009123456de0978030c")
    assert ZVT.written(registration).hex() == "060009eeeeeede0978030c"
    assert ZVT.written(b"\x10\x02" + registration).hex() == "1002060009eeeeeede0978030c"
    payment = bytes.fromhex("060107040000000012501928")
    assert ZVT.written(payment) == payment
    assert len(CARD) < REACH


def test_what_waits_is_masked_in_a_pause() -> None:
    tape = Tape(PLAIN, 0.0)
    for _ in range(DUE_PIECES):
        tape.passed("in", b"ab", 0.0)
    stood = [(tape.due, tape.size > 0)]
    tape.passed("in", CARD, 0.0)
    stood.append((tape.due, tape.size > 0))
    tape.settle()
    stood.append((tape.due, tape.size > 0))
    assert stood == [(False, False), (True, False), (False, True)]
