"""The simulated terminal, driven by hand as a foreign register would."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from posedge.model.payment import AttemptKind
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Outcome, Step
from posedge.wire.zvt.apdu import ApduDecoder

NOON = datetime(2026, 11, 23, 12, 0, 0)  # noqa: DTZ001 - a terminal's clock has no zone
YES, NO, BUSY = "800000", "846c00", "849c00"
REGISTER = "060010000000be09780301060626040a0206d3"
BY_LINE = "060006000000be0978"
QUIET = "060006000000000978"
PAY = "06010a04000000001250490978"
SIGNED = "1f100101"


class Register:
    """One connection, frames in hex."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = ApduDecoder()

    async def say(self, *frames: str) -> None:
        self._writer.write(bytes.fromhex("".join(frames)))
        await self._writer.drain()

    async def hear(self) -> str:
        """Return the next frame; "" when the terminal has hung up."""
        async with asyncio.timeout(5):
            while (frame := self._decoder.pull()) is None:
                data = await self._reader.read(4096)
                if not data:
                    return ""
                self._decoder.feed(data)
        return frame.to_bytes().hex()

    async def does(self, command: str, *, answer: str = YES, to: str = "040f") -> list[str]:
        """Send a command, answer what comes, return it up to its end."""
        await self.say(command)
        heard = [await self.hear()]
        while heard[-1][:4] not in {"060f", "061e", ""} and heard[-1][:2] != "84":
            heard.append(await self.hear())
            await self.say(answer if heard[-1][:4] == to else YES)
        return heard

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def sim() -> AsyncIterator[ZvtTerminalSim]:
    async with ZvtTerminalSim(now=lambda: NOON, reply_s=0.1) as running:
        yield running


async def connected(sim: ZvtTerminalSim) -> Register:
    return Register(*await asyncio.open_connection("127.0.0.1", sim.port))


@pytest.fixture
async def till(sim: ZvtTerminalSim) -> AsyncIterator[Register]:
    register = await connected(sim)
    yield register
    register.close()


def kinds(frames: list[str]) -> list[str]:
    return [frame[:4] for frame in frames]


async def test_registration_names_terminal_and_currency(till: Register) -> None:
    assert await till.does(REGISTER) == [YES, "060f0a19002952523535490978"]
    assert await till.does("060004000000be") == [YES, "060f0719002952523535"]
    assert await till.does("060006000000be0756") == ["846f00"]


async def test_a_payment_that_prints_by_block(sim: ZvtTerminalSim, till: Register) -> None:
    await till.does(REGISTER)
    heard = await till.does(PAY)
    assert kinds(heard) == ["8000", "04ff", "04ff", "040f", "06d3", "06d3", "060f"]
    assert [charge.amount_minor for charge in sim.ledger] == [1250]
    assert repr(sim).endswith("1 charges>")


async def test_a_payment_that_is_to_be_signed(sim: ZvtTerminalSim, till: Register) -> None:
    sim.faults.signature = True
    await till.does(REGISTER)
    heard = await till.does(PAY)
    assert [SIGNED in frame for frame in heard if frame[:4] == "040f"] == [True]
    to_sign = [b"Unterschrift".hex() in page for page in heard if page[:4] == "06d3"]
    assert to_sign == [True, False]  # the merchant's


async def test_a_payment_that_prints_by_line(till: Register) -> None:
    await till.does(BY_LINE)
    heard = await till.does(PAY)
    assert kinds(heard).count("06d1") == 14
    assert heard[-2] == "06d10181"


@pytest.mark.parametrize("registered", [True, False])
async def test_a_payment_of_a_register_that_wants_nothing(
    till: Register, *, registered: bool
) -> None:
    if registered:
        await till.does(QUIET)
    assert kinds(await till.does(PAY)) == ["8000", "040f", "060f"]


async def test_a_result_that_is_refused_is_taken_back(sim: ZvtTerminalSim, till: Register) -> None:
    """G15."""
    heard = await till.does(PAY, answer=NO)
    assert heard[-1] == "061e016c"
    assert [charge.reversed for charge in sim.ledger] == [True]


async def test_a_print_that_is_refused_takes_the_payment_back(
    sim: ZvtTerminalSim, till: Register
) -> None:
    await till.does(REGISTER)
    heard = await till.does(PAY, answer="84cc00", to="06d3")
    assert kinds(heard)[-3:] == ["040f", "06d3", "061e"]
    assert [charge.reversed for charge in sim.ledger] == [True]


async def test_a_register_that_does_not_answer_takes_the_payment_back(
    sim: ZvtTerminalSim, till: Register
) -> None:
    await till.say(PAY)
    assert kinds([await till.hear() for _ in range(3)]) == ["8000", "040f", "061e"]
    assert [charge.reversed for charge in sim.ledger] == [True]


@pytest.mark.parametrize("noise", ["", "0501021234"])
async def test_a_register_that_leaves_takes_the_payment_back(
    sim: ZvtTerminalSim, till: Register, noise: str
) -> None:
    await till.say(PAY)
    assert kinds([await till.hear() for _ in range(2)]) == ["8000", "040f"]
    await till.say(noise)
    till.close()
    other = Register(*await asyncio.open_connection("127.0.0.1", sim.port))
    async with asyncio.timeout(5):
        while "060f0100" not in await other.does("050103000000"):
            pass
    assert [charge.reversed for charge in sim.ledger] == [True]
    other.close()


async def test_decline_and_the_customers_stop(sim: ZvtTerminalSim, till: Register) -> None:
    """G04."""
    for outcome, code in ((Outcome.DECLINE, "71"), (Outcome.ABORT, "6c")):
        sim.faults.outcome = outcome
        heard = await till.does(PAY)
        assert heard[-1] == f"061e01{code}"
        assert heard[-2][6:10] == f"27{code}"
    assert sim.ledger == []


async def test_the_register_stops_it_while_it_can(till: Register) -> None:
    async with ZvtTerminalSim(now=lambda: NOON, customer_s=30) as patient:
        register = Register(*await asyncio.open_connection("127.0.0.1", patient.port))
        await register.say(PAY, YES, "050103000000", "06b000")
        heard = [await register.hear() for _ in range(4)]
        assert heard[:3] == [YES, BUSY, YES]
        assert heard[3].startswith("040f")
        register.close()


async def test_an_enquiry_while_the_customer_is_awaited_is_told_to_wait() -> None:
    async with ZvtTerminalSim(now=lambda: NOON, customer_s=30) as patient:
        register = Register(*await asyncio.open_connection("127.0.0.1", patient.port))
        await register.say(PAY)
        assert await register.hear() == YES
        for command, answer in (("050103000000", BUSY), ("06b000", YES)):
            await register.say(command)
            assert await register.hear() == answer
        register.close()


async def test_a_stop_that_comes_too_late_is_refused(sim: ZvtTerminalSim, till: Register) -> None:
    await till.say(PAY)
    assert kinds([await till.hear() for _ in range(2)]) == ["8000", "040f"]
    await till.say("06b000")
    assert await till.hear() == "848300"
    await till.say(YES)
    assert await till.hear() == "060f00"
    assert len(sim.ledger) == 1


async def test_while_the_host_is_late_others_are_told_to_wait(
    sim: ZvtTerminalSim, till: Register
) -> None:
    sim.faults.late_s = 0.1
    await till.say(PAY)
    assert await till.hear() == YES
    other = Register(*await asyncio.open_connection("127.0.0.1", sim.port))
    assert await other.does("050103000000") == [YES, "060f019c"]
    assert await other.does(PAY) == [BUSY]
    assert await other.does("065003000000") == ["848300"]
    await till.say("06b000")
    assert await till.hear() == "848300"
    assert (await till.hear()).startswith("040f")
    other.close()


@pytest.mark.parametrize("command", ["069303000000", "067000"])
async def test_errands(till: Register, command: str) -> None:
    assert await till.does(command) == [YES, "060f022700"]


async def test_log_off_forgets_the_registration(till: Register) -> None:
    await till.does(REGISTER)
    await till.say("060200")
    assert await till.hear() == YES
    assert kinds(await till.does(PAY)) == ["8000", "040f", "060f"]


@pytest.mark.parametrize("command", ["06240387ffff", "06b000", "06010a04000000000000490978"])
async def test_what_it_cannot_do_is_refused(till: Register, command: str) -> None:
    assert kinds(await till.does(command))[0][:2] == "84"


async def test_repeat_receipt(sim: ZvtTerminalSim, till: Register) -> None:
    assert kinds(await till.does("0620050000000303")) == ["8000", "040f", "060f"]
    await till.does(REGISTER)
    assert kinds(await till.does("062003000000")) == ["8000", "06d3", "06d3", "060f"]
    sim.faults.forgets = True
    assert await till.does("0620050000000303") == [YES, "061e0183"]


async def test_a_new_terminal_has_no_receipt() -> None:
    async with ZvtTerminalSim(now=lambda: NOON, receipt=0) as fresh:
        register = Register(*await asyncio.open_connection("127.0.0.1", fresh.port))
        assert await register.does("0620050000000303") == [YES, "061e0183"]
        register.close()


async def test_reversal(sim: ZvtTerminalSim, till: Register) -> None:
    await till.does(PAY)
    assert await till.does("063006000000879999") == ["84b500"]
    assert await till.does("06300d0000008702310400000000" + "0001") == ["84b700"]
    heard = await till.does("063006000000870231")
    assert "37000231" in heard[1]
    assert await till.does("063006000000870231") == ["84b400"]
    assert [(charge.kind, charge.reversed) for charge in sim.ledger] == [
        (AttemptKind.SALE, True),
        (AttemptKind.REVERSAL, False),
    ]


async def test_refund(sim: ZvtTerminalSim, till: Register) -> None:
    await till.does("06310d00000004000000001250490978")
    assert sim.ledger[0].kind is AttemptKind.REFUND


async def test_silence_lasts_until_the_register_leaves(sim: ZvtTerminalSim, till: Register) -> None:
    sim.faults.silent_at = Step.REPEAT
    await till.say("0620050000000303", "050103000000")
    other = Register(*await asyncio.open_connection("127.0.0.1", sim.port))
    assert await other.does("050103000000") == [YES, "060f0100"]
    other.close()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await till.hear()


async def test_a_cut_is_made_at_the_byte(sim: ZvtTerminalSim, till: Register) -> None:
    sim.faults.cut_at = 5
    await till.say(PAY)
    assert await till.hear() == YES
    assert await till.hear() == ""
    assert [charge.reversed for charge in sim.ledger] == [True]


async def test_noise_ends_the_connection_and_nothing_else(
    sim: ZvtTerminalSim, till: Register
) -> None:
    await till.say("0600ffffff")
    assert await till.hear() == ""
    other = Register(*await asyncio.open_connection("127.0.0.1", sim.port))
    assert (await other.does(REGISTER))[0] == YES
    other.close()
