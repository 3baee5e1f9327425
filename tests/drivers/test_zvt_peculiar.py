"""Peculiarities of terminals and of their simulators, frame by frame: none may change an outcome.

The frames are made here; that terminals say such things was read in public registers, simulators
and logs.
"""

import pytest

from posedge.model.errors import DeviceError, NotStarted
from posedge.wire.zvt.apdu import Apdu
from tests.doubles.zvt import Notebook, at, attempt
from tests.drivers.test_zvt_scripts import (
    APPROVED,
    DECLINED,
    ENDED,
    GIVEN_UP,
    REGISTERED,
    SHOWN,
    YES,
    Script,
    after_registration,
    doubted,
)

NEVER = "848300"


def says(command: int, data: str = "") -> str:
    """Return a frame of the terminal in hex."""
    return Apdu(command, bytes.fromhex(data)).to_bytes().hex()


APPROVED_DATA = APPROVED[6:]
WORDLESS = says(0x040F, "2700" + "2952523535")
"""A 04 0F that names terminal and result, and no payment."""


@pytest.mark.parametrize(
    "asked",
    [
        says(0x040D),  # input
        says(0x040E),  # a choice of its menu
        says(0x0601, "04000000001250"),  # a payment of its own
        says(0x06C0, "01"),
        says(0x06CE),  # a file
        says(0x06D0, "0600"),  # a signature to look at
        says(0x06D8, "f0f0f0"),  # to dial for it
        says(0x06E0, "f1f1f05445"),
        says(0x06E1),
        says(0x06E2),
        says(0x06E3),
    ],
)
async def test_what_it_asks_of_us_is_refused_and_the_payment_goes_on(asked: str) -> None:
    driver, script = after_registration(YES, SHOWN, asked, APPROVED, ENDED)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.results[0].approved
    assert (await script.heard())[1:] == [YES, NEVER, YES, YES]


async def test_the_clock_that_it_tells_is_taken() -> None:
    told = says(0x0401, "aa2611230c120000")
    driver, script = after_registration(YES, told, APPROVED, ENDED)
    await driver.execute(attempt(), Notebook())
    assert (await script.heard())[1:] == [YES, YES, YES]


@pytest.mark.parametrize("shown", ["", "17", "02a5", "a0", "24054b61727465", "0a010602"])
async def test_progress_in_any_form_is_progress(shown: str) -> None:
    driver, _ = after_registration(YES, says(0x04FF, shown), APPROVED, ENDED)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.results[0].approved


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (APPROVED_DATA, APPROVED_DATA + "0b001012" + "3b3132333435360000"),
        ("2700", APPROVED_DATA),
        ("2705", "2705" + "2952523535" + "3cf0f0f14e"),
    ],
)
async def test_a_second_result_may_say_more_or_less(first: str, second: str) -> None:
    end = ENDED if first.startswith("2700") else GIVEN_UP
    driver, script = after_registration(YES, says(0x040F, first), says(0x040F, second), end)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert len(book.results) == 1
    assert (await script.heard())[1:] == [YES, YES, YES]


@pytest.mark.parametrize(
    "second",
    [
        "2700" + "04000000001250" + "870232",
        "2700" + "2952523536",  # another terminal
        "2700" + "04000000001251",
        "2705",
        "04000000001250",
    ],
)
async def test_a_second_result_of_another_payment_is_refused(second: str) -> None:
    code, heard = await doubted(YES, APPROVED, says(0x040F, second), GIVEN_UP)
    assert code == "terminal.unacknowledged"
    assert heard[1:] == [YES, "846c00", YES]


async def test_a_decline_may_end_like_a_success() -> None:
    """A 04 0F with a code, then 06 0F: not approved, whatever the end says."""
    driver, _ = after_registration(YES, "040f0227a1", "060f022700")
    book = Notebook()
    await driver.execute(attempt(), book)
    assert [result.approved for result in book.results] == [False]


@pytest.mark.parametrize("end", ["2700", "2700" + "04000000001250" + "870231"])
async def test_an_end_that_looks_like_a_result_is_none(end: str) -> None:
    code, _ = await doubted(YES, SHOWN, says(0x060F, end))
    assert code == "terminal.unproven"


@pytest.mark.parametrize(("answer", "code"), [("841e017d", 0x7D), ("841e00", 0x1E)])
async def test_a_refusal_with_its_reason_behind_it(answer: str, code: int) -> None:
    driver, _ = after_registration(answer)
    with pytest.raises(NotStarted) as refused:
        await driver.execute(attempt(), Notebook())
    assert refused.value.data["result"] == code


async def test_a_long_length_for_a_short_frame() -> None:
    driver, _ = after_registration(YES, "040fff0700" + DECLINED[6:], "061eff010005")
    book = Notebook()
    await driver.execute(attempt(), book)
    assert not book.results[0].approved


async def test_a_terminal_that_answers_each_command_by_a_status_information() -> None:
    """Registration, enquiry and payment: nothing of it is a payment's result but the last."""
    script = Script(YES, WORDLESS, ENDED, YES, APPROVED, ENDED)
    book = Notebook()
    await at(script).execute(attempt(), book)
    assert book.results[0].receipt_no == "0231"
    assert (await script.heard(behind=1))[:2] == [YES, YES]


@pytest.mark.parametrize(
    ("frames", "state"),
    [
        ((YES, WORDLESS, ENDED), "ready"),
        ((YES, "040f0227df", "060f02279b"), "out of order"),
        ((YES, "060f02279c"), "busy"),
        ((YES, "040f0227f0", ENDED), "end of day needed"),
    ],
)
async def test_a_state_that_is_told_in_other_ways(frames: tuple[str, ...], state: str) -> None:
    assert await at(Script(*frames)).status() == state


async def test_a_state_that_is_not_told() -> None:
    with pytest.raises(DeviceError, match="does not tell its state"):
        await at(Script(YES, ENDED)).status()


async def test_an_end_of_day_with_one_sum_and_no_card() -> None:
    day = says(0x040F, "2700" + "04000000002600" + "490978")
    script = Script(*REGISTERED, YES, "061e04b887ffff", YES, day, ENDED)
    told = await at(script).end_of_day(None)
    assert told.totals is None
    assert (await script.heard())[-2:] == [YES, YES]


@pytest.mark.parametrize("late", [APPROVED, says(0x040F, "2700" + "04000000001250")])
async def test_a_payment_that_ends_while_we_register_is_not_kept(late: str) -> None:
    script = Script(YES, late, "060f0100")
    await at(script).status()
    assert (await script.heard(behind=1))[0] == "846c00"
