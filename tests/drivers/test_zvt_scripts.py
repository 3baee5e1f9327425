"""The driver against terminals that say exactly this, byte for byte."""

import asyncio
from contextlib import suppress

import pytest

from posedge.drivers.zvt import ZvtTerminal
from posedge.drivers.zvt_session import MAX_MESSAGES
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.model.errors import DeviceError, DeviceGone, InDoubt, NotStarted
from posedge.model.payment import AttemptKind
from posedge.model.terminal import FindingKind
from posedge.tasks import cancel
from posedge.wire.zvt.apdu import ApduDecoder
from tests.doubles.zvt import HASTY, WAITED_S, Notebook, Reports, at, attempt

YES = "800000"
REGISTERED = [YES, "060f0a19002952523535490978"]
SHOWN = "04ff020a01"  # insert the card; one minute
APPROVED = "040f14270004000000001250295252353549097887" + "0231"
DECLINED = "040f0727052952523535"
ENDED = "060f00"
GIVEN_UP = "061e016c"


class Script:
    """A terminal on a line in memory that says its part at once and hangs up."""

    def __init__(self, *frames: str, hangs_up: bool = True) -> None:
        self.frames = frames
        self.hangs_up = hangs_up
        self.peer: MemoryLink | None = None
        self.opened = asyncio.Event()

    async def __call__(self) -> Link:
        ours, self.peer = MemoryLink.pair()
        await self.peer.write(bytes.fromhex("".join(self.frames)), deadline_s=1)
        if self.hangs_up:
            self.peer._out.end()
        self.opened.set()
        return ours

    async def heard(self, *, behind: int = 2, enough: int | None = None) -> list[str]:
        """Return the frames that the driver sent behind its registration, until it hung up."""
        assert self.peer is not None
        decoder = ApduDecoder()
        frames: list[str] = []
        with suppress(DeviceGone):
            while enough is None or len(frames) < behind + enough:
                decoder.feed(await self.peer.read())
                frames += [frame.to_bytes().hex() for frame in iter(decoder.pull, None)]
        return frames[behind:]


def after_registration(*frames: str, hangs_up: bool = True) -> tuple[ZvtTerminal, Script]:
    script = Script(*REGISTERED, *frames, hangs_up=hangs_up)
    return at(script), script


async def doubted(*frames: str, book: Notebook | None = None) -> tuple[str, list[str]]:
    driver, script = after_registration(*frames)
    with pytest.raises(InDoubt) as doubt:
        await driver.execute(attempt(), book or Notebook())
    return doubt.value.code, await script.heard()


async def test_what_is_said_in_a_payment() -> None:
    """G01: 06 01, each word of the terminal answered 80 00 00, up to the 06 0F."""
    driver, script = after_registration(YES, SHOWN, APPROVED, ENDED)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.results[0].approved
    assert await script.heard() == ["06010c04000000001250490978" + "1940", YES, YES, YES]


async def test_a_terminal_that_asks_for_more_time_is_written_down() -> None:
    driver, _ = after_registration(YES, SHOWN, "04ff020a05", SHOWN, APPROVED, ENDED)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.silence_s == 300


async def test_two_answers_in_a_row_are_tolerated() -> None:
    """G13."""
    driver, _ = after_registration(YES, YES, APPROVED, YES, ENDED)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.results[0].receipt_no == "0231"


async def test_a_terminal_that_forgets_its_first_answer_has_begun_all_the_same() -> None:
    driver, _ = after_registration(SHOWN, APPROVED, ENDED)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.accepts == 1
    assert book.results[0].approved


async def test_refused_before_it_began() -> None:
    driver, _ = after_registration("849c00")
    with pytest.raises(NotStarted) as refused:
        await driver.execute(attempt(), Notebook())
    assert refused.value.data["result"] == 0x9C


async def test_registration_refused_by_an_abort() -> None:
    driver = at(Script(YES, "061e016f"))
    with pytest.raises(NotStarted, match="wrong currency"):
        await driver.execute(attempt(), Notebook())


async def test_approved_without_an_amount_takes_the_requested_one_and_says_so() -> None:
    driver, _ = after_registration(YES, "040f022700", ENDED)
    book = Notebook()
    await driver.execute(attempt(1250), book)
    (result,) = book.results
    assert result.amount is not None
    assert result.amount.minor == 1250
    assert "no amount" in result.text


async def test_a_completion_alone_proves_nothing() -> None:
    code, _ = await doubted(YES, SHOWN, ENDED)
    assert code == "terminal.unproven"


async def test_an_abort_alone_is_a_no() -> None:
    """A23."""
    driver, _ = after_registration(YES, GIVEN_UP)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert (book.results[0].approved, book.results[0].cancelled) == (False, True)


async def test_an_abort_that_cannot_be_stored_is_doubt() -> None:
    code, _ = await doubted(YES, GIVEN_UP, book=Notebook("result"))
    assert code == "terminal.unstored"


async def test_a_lost_end_behind_a_decline_leaves_the_decline_stored() -> None:
    book = Notebook()
    code, _ = await doubted(YES, DECLINED, book=book)
    assert code == "terminal.unacknowledged"
    assert not book.results[0].approved


@pytest.mark.parametrize(
    "result", ["040f052952523535", "040f0399aabb", "040f0504aabbccdd", "040f0427000499"]
)
async def test_a_result_that_cannot_be_read_is_refused(result: str) -> None:
    code, heard = await doubted(YES, result, GIVEN_UP)
    assert code == "terminal.unreadable"
    assert heard[1:] == ["846c00", YES]


@pytest.mark.parametrize("second", [DECLINED, "040f09270004000000001249"])
async def test_a_second_result_that_differs_is_refused(second: str) -> None:
    book = Notebook()
    code, heard = await doubted(YES, APPROVED, second, second, GIVEN_UP, book=book)
    assert code == "terminal.unacknowledged"
    assert heard[1:] == [YES, "846c00", "846c00", YES]
    assert len(book.results) == 1


async def test_what_follows_a_refused_result_is_refused_too() -> None:
    code, heard = await doubted(YES, APPROVED, "06d10141", APPROVED, ENDED, book=Notebook("result"))
    assert code == "terminal.unstored"
    assert heard[1:] == ["846c00", "846c00", "846c00", YES]


async def test_a_line_is_stored_before_it_is_answered() -> None:
    book = Notebook()
    driver, _ = after_registration(
        YES, APPROVED, "06d10f40524945444720353006041f070101", "06d102ff02", ENDED
    )
    await driver.execute(attempt(), book)
    assert book.prints == [(False, ("RIEDG 50",)), (False, ("", ""))]


async def test_a_terminal_that_does_not_stop_talking_is_left() -> None:
    code, _ = await doubted(YES, *["04ff0117"] * (MAX_MESSAGES + 1))
    assert code == "terminal.chattering"


async def test_noise_is_doubt() -> None:
    code, _ = await doubted(YES, "040fffffff")
    assert code == "terminal.unreadable"


@pytest.mark.parametrize(
    ("frames", "preimage"),
    [
        ((YES, APPROVED, ENDED), "receipt 0231 tid 52523535"),
        ((YES, "061e0183"), "no receipt tid 52523535"),
        ((YES, "061e016c"), None),
        ((YES, ENDED), None),
        ((YES, "040f022700", ENDED), None),
        (("848300",), None),
    ],
)
async def test_preimage_tells_none_from_unknown(
    frames: tuple[str, ...], preimage: str | None
) -> None:
    driver, script = after_registration(*frames)
    assert await driver.preimage() == preimage
    assert (await script.heard(enough=1))[0] == "0620050000000303"


async def test_a_busy_terminal_has_no_preimage() -> None:
    driver, _ = after_registration("849c00")
    with pytest.raises(NotStarted) as busy:
        await driver.preimage()
    assert busy.value.code == "terminal.refused"


async def test_a_read_tolerates_a_second_answer() -> None:
    driver, _ = after_registration(YES, YES, APPROVED, "84" + "0000", ENDED)
    assert await driver.preimage() == "receipt 0231 tid 52523535"


async def test_find_at_a_terminal_that_cannot_repeat() -> None:
    driver, _ = after_registration(YES, "060f0100", "848300")
    finding = await driver.find(attempt(preimage="receipt 0230"), waited_s=WAITED_S)
    assert finding.kind is FindingKind.UNKNOWN


async def test_find_asks_again_while_the_terminal_is_busy() -> None:
    driver, _ = after_registration(YES, "060f019c", YES, "060f0100", YES, APPROVED, ENDED)
    wanted = attempt(preimage="receipt 0231 tid 52523535")
    assert (await driver.find(wanted, waited_s=WAITED_S)).kind is FindingKind.NOT_COMPLETED


async def test_a_late_result_is_not_kept_when_nobody_can_store_it() -> None:
    """It comes on a new connection, while we ask for something else."""
    driver = at(script := Script(YES, APPROVED, "060f0100"))
    assert await driver.status() == "ready"
    assert (await script.heard(behind=0))[1:] == ["846c00", YES]


async def test_a_status_that_is_refused() -> None:
    with pytest.raises(DeviceError) as refused:
        await at(Script(YES, "061e019c")).status()
    assert refused.value.code == "terminal.refused"


@pytest.mark.parametrize(
    ("state", "words"), [("00", "ready"), ("f0", "end of day needed"), ("2a", "state 2A")]
)
async def test_status_in_words(state: str, words: str) -> None:
    assert await at(Script(YES, f"060f01{state}")).status() == words


@pytest.mark.parametrize("answer", ["848300", "061e0183"])
async def test_what_a_terminal_needs_and_does_not_take_is_reported_at_once(answer: str) -> None:
    reports = Reports()
    driver = at(Script(YES, "060f0a19022952523535490978", answer), reports)
    running = asyncio.get_running_loop().create_task(driver.run())
    await reports.until(lambda: bool(reports.said))
    await cancel(running)
    assert reports.said[0] == "diagnosis needed"


async def test_a_silent_end_is_doubt_and_an_abort_is_sent() -> None:
    script = Script(*REGISTERED, YES, APPROVED, hangs_up=False)
    driver = at(script, **HASTY)
    with pytest.raises(InDoubt) as doubt:
        await driver.execute(attempt(), Notebook())
    assert doubt.value.code == "terminal.unacknowledged"
    assert (await script.heard())[1:] == [YES, "06b000"]


async def test_a_line_that_stalls_while_we_send_is_doubt() -> None:
    class Stalled(Script):
        async def __call__(self) -> Link:
            link = await super().__call__()
            write = link.write

            async def stalling(data: bytes, *, deadline_s: float) -> None:
                if data[:2] == b"\x06\x01":
                    raise DeviceError("device.stalled", "it does not take our bytes")
                await write(data, deadline_s=deadline_s)

            link.write = stalling  # type: ignore[method-assign]
            return link

    with pytest.raises(InDoubt) as doubt:
        await at(Stalled(*REGISTERED)).execute(attempt(), Notebook())
    assert doubt.value.code == "device.stalled"


async def test_the_other_commands_on_the_wire() -> None:
    for kind, frame in (
        (AttemptKind.REFUND, "06310d00000004000000001250490978"),
        (AttemptKind.REVERSAL, "06301000000087023104000000001250490978"),
    ):
        driver, script = after_registration(YES, APPROVED, ENDED)
        await driver.execute(attempt(kind=kind, original_receipt_no="231"), Notebook())
        assert (await script.heard())[0] == frame


async def test_cancelling_while_the_terminal_waits_for_the_customer() -> None:
    driver, script = after_registration(YES, SHOWN, hangs_up=False)
    book = Notebook()
    running = asyncio.get_running_loop().create_task(driver.execute(attempt(), book))
    await script.opened.wait()
    assert script.peer is not None
    heard = b""
    while not heard.endswith(bytes.fromhex("1940" + YES)):  # the payment, and what it was shown
        heard += await script.peer.read()
    await driver.cancel()
    await driver.cancel()
    assert (await script.peer.read()).hex() == "06b000"
    await script.peer.write(bytes.fromhex(YES + DECLINED + GIVEN_UP), deadline_s=1)
    await running
    assert not book.results[0].approved
