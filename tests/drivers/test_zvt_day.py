"""Ends of day as other terminals may tell them, frame by frame."""

import pytest

from posedge.model.errors import DeviceError
from tests.doubles.zvt import at
from tests.drivers.test_zvt_scripts import REGISTERED, YES, Script

NONE_OPEN = "061e04b887ffff"
END = "060f00"


async def test_totals_are_no_duty() -> None:
    script = Script(*REGISTERED, YES, NONE_OPEN, YES, "06d10500686f6c61", END)
    day = await at(script).end_of_day(None)
    assert day.text == "the terminal has closed its day; it gave no totals"
    assert day.totals is None
    assert day.printed == ("hola",)


@pytest.mark.parametrize(
    "answers",
    [
        ("848300",),  # cannot tell
        (YES, "060f00"),  # ends without a word
        (YES, "061e016c"),
    ],
)
async def test_a_terminal_that_cannot_tell_its_reservations_ends_its_day(
    answers: tuple[str, ...],
) -> None:
    script = Script(*REGISTERED, *answers, YES, END)
    assert "still reserved" not in (await at(script).end_of_day(None)).text


async def test_reservations_all_at_once_or_the_same_again() -> None:
    script = Script(*REGISTERED, YES, "061e0db8060a23080802012308024567", YES, END)
    assert "still reserved: 0123, 4567;" in (await at(script).end_of_day(None)).text
    again = Script(*REGISTERED, YES, "061e04b8870123", YES, "061e04b8870123", YES, END)
    assert "still reserved: 0123;" in (await at(again).end_of_day(None)).text


@pytest.mark.parametrize(
    "answers",
    [
        ("847700",),
        (YES, "061e0177"),
        (YES, "040f022777", "060f00"),
    ],
)
async def test_an_end_of_day_that_is_refused(answers: tuple[str, ...]) -> None:
    script = Script(*REGISTERED, YES, NONE_OPEN, *answers)
    with pytest.raises(DeviceError, match="end of day impossible") as refused:
        await at(script).end_of_day(None)
    assert refused.value.code == "terminal.refused"


async def test_a_result_of_a_payment_that_comes_late_is_refused() -> None:
    late = "040f0b2700040000000012500b000231"
    script = Script(*REGISTERED, YES, NONE_OPEN, YES, late, END)
    with pytest.raises(DeviceError):
        await at(script).end_of_day(None)
