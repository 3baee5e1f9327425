"""Registers as they are in the field, played against the simulated terminal.

The habits were read in public registers; the frames are made here.
"""

from collections.abc import AsyncIterator

import pytest

from posedge.model.payment import AttemptKind
from posedge.sim.zvt import ZvtTerminalSim
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.decode import from_terminal
from posedge.wire.zvt.receipts import PrintLine
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import IntermediateStatus
from tests.sim.test_zvt import BUSY, NOON, PAY, YES, Register, connected, kinds

NEVER = "848300"
MORE_TIME = "849c00"


@pytest.fixture
async def sim() -> AsyncIterator[ZvtTerminalSim]:
    async with ZvtTerminalSim(now=lambda: NOON, reply_s=2, again_s=0.001) as running:
        yield running


@pytest.fixture
async def till(sim: ZvtTerminalSim) -> AsyncIterator[Register]:
    register = await connected(sim)
    yield register
    register.close()


def says(command: int, data: str = "") -> str:
    return Apdu(command, bytes.fromhex(data)).to_bytes().hex()


def frame(text: str) -> Apdu:
    data = bytes.fromhex(text)
    return Apdu(int.from_bytes(data[:2], "big"), data[3:])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("123456de0978", "1900" + "2952523535" + "490978"),
        ("00000008", "1900" + "2952523535"),  # no currency asked, none told
        ("0000008e0978" + "0300", "1900" + "2952523535" + "490978"),
        ("00000008" + "490978" + "0300" + "060e260c" + "040f04ff060f061e06d106d3",
         "1900" + "2952523535" + "490978"),
        ("000000be" + "0978" + "0303" + "0611" + "120128" + "140101" + "1a020400" + "26040a0206d3",
         "1900" + "2952523535" + "490978"),
        ("000000be" + "060626040a0206d3", "1900" + "2952523535"),
    ],
)  # fmt: skip
async def test_registrations(till: Register, data: str, told: str) -> None:
    assert await till.does(says(0x0600, data)) == [YES, says(0x060F, told)]


@pytest.mark.parametrize(
    "data",
    [
        "04000000001250",
        "04000000001250" + "020a",
        "490978" + "1940" + "04000000001250",
        "011e" + "0203" + "1900" + "04000000001250" + "490978" + "0501" + "8a05",
        "0606" + "1f7303000001" + "04000000001250",
        "04000000001250" + "490978" + "060cf20ac108ffffffffffffffff",  # tags of nobody here
        "04000000001250" + "490978" + "3cf0f0f4" + b"rent".hex(),
    ],
)
async def test_payments(sim: ZvtTerminalSim, till: Register, data: str) -> None:
    heard = await till.does(says(0x0601, data))
    assert kinds(heard) == ["8000", "040f", "060f"]
    assert [charge.amount_minor for charge in sim.ledger] == [1250]


@pytest.mark.parametrize("data", ["", "000000", "123456", "0000000301"])
async def test_status_enquiries(till: Register, data: str) -> None:
    assert await till.does(says(0x0501, data)) == [YES, "060f0100"]


@pytest.mark.parametrize(
    "command",
    [
        *(says(0x0600 | low) for low in (0x00, 0x0C, 0x1A, 0x20, 0x30, 0x31, 0x79, 0x85, 0x86)),
        *(says(0x0600 | low) for low in (0x87, 0x88, 0x91, 0x95, 0xC0, 0xD1, 0xD3, 0xE0, 0xE7)),
        says(0x061B, "123456" + "2952523535"),
        says(0x0600, "1234"),  # cut short
        says(0x0801),
        says(0x0813, "0600"),
        says(0x0830, "01"),
        says(0x0FA1, "0001"),  # a maker's own
        says(0x060F),  # what only terminals say
        says(0x061E),
    ],
)
async def test_what_it_does_not_know_or_cannot_read_is_refused_and_it_goes_on(
    till: Register, command: str
) -> None:
    assert await till.does(command) == [NEVER]
    assert await till.does("050103000000") == [YES, "060f0100"]


@pytest.mark.parametrize(
    ("registration", "tags"),
    [
        ("000000be" + "0978", False),
        ("000000be" + "0978" + "0300", False),
        ("000000be" + "0978" + "0300" + "0600", True),
        ("000000be" + "0978" + "0603120128", True),
    ],
)
async def test_only_who_sends_tags_is_sent_some(
    till: Register, registration: str, *, tags: bool
) -> None:
    await till.does(says(0x0600, registration))
    heard = await till.does(PAY)
    shown = from_terminal(frame(heard[1]))
    assert isinstance(shown, IntermediateStatus)
    assert bool(shown.text) is tags
    result = from_terminal(frame(heard[3]))
    assert isinstance(result, StatusInformation)
    assert (result.entry is not None) is tags
    line = from_terminal(frame(heard[4]))
    assert isinstance(line, PrintLine)
    assert (line.receipt is not None, line.text) == (tags, "** HÄNDLERBELEG **")
    repeated = from_terminal(frame((await till.does("0620050000000303"))[1]))
    assert repeated == result


async def test_a_reset_forgets_the_registration(till: Register) -> None:
    await till.does("060006000000be0978")
    assert await till.does("061800") == [YES, "060f022700"]
    assert kinds(await till.does(PAY)) == ["8000", "040f", "060f"]


async def test_an_end_of_day_without_password(till: Register) -> None:
    assert kinds(await till.does("065000")) == ["8000", "040f", "060f"]


@pytest.mark.parametrize("answer", ["840000", "80000101", "800000" + "800000"])
async def test_agreement_in_other_words(sim: ZvtTerminalSim, till: Register, answer: str) -> None:
    heard = await till.does(PAY, answer=answer)
    assert kinds(heard) == ["8000", "040f", "060f"]
    assert not sim.ledger[0].reversed


async def test_one_byte_a_segment_and_an_answer_with_the_next_command(
    sim: ZvtTerminalSim, till: Register
) -> None:
    for at in range(0, len(PAY), 2):
        await till.say(PAY[at : at + 2])
    assert kinds([await till.hear() for _ in range(2)]) == ["8000", "040f"]
    for byte in ("80", "00", "00"):
        await till.say(byte)
    assert await till.hear() == "060f00"
    await till.say(YES + "050103000000")
    assert [await till.hear() for _ in range(2)] == [YES, "060f0100"]
    await till.say(YES + PAY)
    assert kinds([await till.hear() for _ in range(2)]) == ["8000", "040f"]
    assert len(sim.ledger) == 1


async def test_a_connection_for_each_command(sim: ZvtTerminalSim) -> None:
    for command, end in (
        ("060006123456be0978", "060f"),
        ("050103123456", "060f"),
        (PAY, "060f"),
        ("0620050000000303", "060f"),
        ("06230387ffff", "061e"),
        ("065003123456", "060f"),
        ("060200", "8000"),
    ):
        till = await connected(sim)
        await till.say(command)
        heard = await till.hear()
        while heard[:4] not in {end, ""}:
            await till.say(YES)
            heard = await till.hear()
        assert heard[:4] == end
        till.close()  # without a word behind the end
    assert [charge.kind for charge in sim.ledger] == [AttemptKind.SALE]


async def test_goods_that_take_their_time(sim: ZvtTerminalSim, till: Register) -> None:
    """84 9C asks for the result again, as often as BMP 02 allows (§2.2.8)."""
    await till.say(says(0x0601, "04000000003300" + "0202"))
    assert await till.hear() == YES
    results = []
    for answer in (MORE_TIME, MORE_TIME, YES):
        results.append(await till.hear())
        await till.say(answer)
    assert len(set(results)) == 1
    assert await till.hear() == "060f00"
    assert [(each.amount_minor, each.reversed) for each in sim.ledger] == [(3300, False)]


@pytest.mark.parametrize("allowed", ["", "0200"])
async def test_more_time_than_it_was_given_is_none(
    sim: ZvtTerminalSim, till: Register, allowed: str
) -> None:
    heard = await till.does(says(0x0601, "04000000003300" + allowed), answer=MORE_TIME)
    assert heard[-1] == "061e016c"
    assert sim.ledger[0].reversed


async def test_goods_of_which_a_part_came_out(sim: ZvtTerminalSim, till: Register) -> None:
    part = says(0x849D, "04000000002200")
    assert (await till.does(says(0x0601, "04000000003300"), answer=part))[-1] == "060f00"
    assert [(each.amount_minor, each.reversed) for each in sim.ledger] == [(2200, False)]
    last = await till.does("0620050000000303")
    assert "04000000002200" in last[1]


@pytest.mark.parametrize("part", ["", "04000000000000", "04000000003301"])
async def test_a_part_that_is_none_takes_all_back(
    sim: ZvtTerminalSim, till: Register, part: str
) -> None:
    heard = await till.does(says(0x0601, "04000000003300"), answer=says(0x849D, part))
    assert heard[-1] == "061e016c"
    assert sim.ledger[0].reversed


async def test_what_comes_in_the_middle_of_a_payment_waits(
    sim: ZvtTerminalSim, till: Register
) -> None:
    await till.say(PAY)
    assert kinds([await till.hear() for _ in range(2)]) == ["8000", "040f"]
    for command in ("0501", "0600" + "0301", "06e0", "06c0"):
        await till.say(says(int(command[:4], 16), command[4:]))
        assert await till.hear() == BUSY
    await till.say(YES)
    assert await till.hear() == "060f00"
    assert len(sim.ledger) == 1
