"""The encoders against the bytes of the makers' tables, and against the strict simulated glass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.display import Row
from posedge.sim.display_glass import Glass
from posedge.sim.display_languages import LANGUAGES, PAGES
from posedge.wire.display_text import CodePage, glass
from posedge.wire.line_display import ENCODERS, EPSON_PAGES, FULL, Dialect, Encoder, Epson

UPPER, LOWER = b"Olive oil      12.90", b"Total          15.69"


@pytest.mark.parametrize(
    ("dialect", "begin", "picture", "dimmed"),
    [
        (
            Dialect.CD5220,
            "1b40 1b11 1b5f00 0c",
            b"\x1bl\x01\x01" + UPPER + b"\x1bl\x01\x02" + LOWER,
            "1b2a02",
        ),
        (
            Dialect.EPSON,
            "1b40 1b7413 1f01 1f4300 0c",
            b"\x1f$\x01\x01" + UPPER + b"\x1f$\x01\x02" + LOWER,
            "1f5802",
        ),
        (
            Dialect.LOGIC_CONTROLS,
            "1f 11 14",
            b"\x10\x00" + UPPER + b"\x10\x14" + LOWER,
            "0440",
        ),
        (Dialect.AEDEX, "", b"!#1" + UPPER + b"\r!#2" + LOWER + b"\r", None),
    ],
)
def test_bytes(dialect: Dialect, begin: str, picture: bytes, dimmed: str | None) -> None:
    encoder = ENCODERS[dialect]
    assert encoder.begin("cp858") == bytes.fromhex(begin)
    assert encoder.picture((UPPER, LOWER)) == picture
    assert encoder.brightness(2) == (None if dimmed is None else bytes.fromhex(dimmed))


def test_chained_to_a_printer_every_command_hands_the_line_back() -> None:
    chained, alone = Epson(chained=True), Epson()
    pairs = (
        (chained.begin("cp437"), alone.begin("cp437")),
        (chained.picture((UPPER, LOWER)), alone.picture((UPPER, LOWER))),
        (chained.brightness(4), alone.brightness(4)),
    )
    for wrapped, plain in pairs:
        assert wrapped == b"\x1b=\x02" + plain + b"\x1b=\x01"
    seen = Glass(20, 2)
    hearing = LANGUAGES["epson"](seen)
    next(hearing)
    for byte in chained.begin("cp437") + b"a receipt\n\x1d\x56\x00" + chained.picture((UPPER,)):
        hearing.send(byte)
    assert seen.text == (UPPER.decode(), " " * 20)


def test_epson_s_pages_are_those_of_its_table() -> None:
    numbered = {page: number for page, number in EPSON_PAGES.items() if page != "ascii"}
    assert {PAGES[number]: number for number in numbered.values()} == numbered


ENCODERS_AND_GLASS = [
    *((encoder, dialect.value) for dialect, encoder in ENCODERS.items()),
    (Epson(chained=True), "epson"),
]


@pytest.mark.parametrize(("encoder", "language"), ENCODERS_AND_GLASS)
@given(
    texts=st.lists(st.tuples(st.text(max_size=25), st.text(max_size=12)), max_size=3),
    step=st.integers(1, FULL),
    columns=st.sampled_from([16, 20, 40]),
)
def test_what_was_meant_is_on_the_glass(
    encoder: Encoder, language: str, texts: list[tuple[str, str]], step: int, columns: int
) -> None:
    page: CodePage = "cp437"
    seen = Glass(columns, 2)
    hearing = LANGUAGES[language](seen)
    next(hearing)
    rows = [Row(left=left, right=right) for left, right in texts]
    meant = glass(rows, columns=columns, height=2, page=page)
    old = [b"#" * columns] * 2
    dimmed = encoder.brightness(step)
    sent = encoder.begin(page) + encoder.picture(old) + (dimmed or b"")
    for byte in sent + encoder.picture(meant.to_bytes(page)):
        hearing.send(byte)
    assert seen.text == meant.rows
    assert seen.brightness == (FULL if dimmed is None else step)
    assert language == "aedex" or not seen.cursor_shown
