"""One connection to a ZVT terminal: messages in, messages out, safe reads."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from posedge.drivers.zvt_frames import Frames
from posedge.drivers.zvt_options import ZvtOptions
from posedge.model.errors import DeviceError, ProtocolError
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.codes import Result, TerminalState, words
from posedge.wire.zvt.decode import FromTerminal, Unknown, from_terminal
from posedge.wire.zvt.money import MoneyCommand
from posedge.wire.zvt.register import (
    ANSWERS,
    END_OF_DAY,
    FULL_CONFIG,
    PRINT_BLOCK,
    Errand,
    Negative,
    Positive,
    Registration,
    RepeatReceipt,
    StatusEnquiry,
)
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort, Completion, StatusReport

log = structlog.get_logger()

Command = MoneyCommand | Registration | StatusEnquiry | RepeatReceipt | Errand

MAX_MESSAGES = 2_000
"""In one connection: a payment that prints 200 lines and shows its progress has about 300."""


SET_CLOCK = 0x0401

REFUSAL = Negative(Result.ABORTED)
"""84 6C: the terminal reverses. 84 00 would be a yes and 84 9C means `ask again`."""


@dataclass(frozen=True, slots=True)
class LastReceipt:
    """What 06 20 brought: a receipt, the word that none is stored, or neither: unknown."""

    info: StatusInformation | None = None
    none_stored: bool = False


class Session:
    """Made of frames, which it closes. What it logs and raises holds no card data."""

    def __init__(self, frames: Frames, options: ZvtOptions, device: str) -> None:
        self.options = options
        self._frames = frames
        self._log = log.bind(device=device)
        self._in_flight: int | None = None
        self._answered = False
        self._heard = 0

    async def close(self) -> None:
        await self._frames.close()

    async def send(self, message: Command | Positive | Negative) -> None:
        """Send one message whole, also when two tasks speak; DeviceError as the frames have it."""
        await self._frames.send(message.to_apdu(), deadline_s=self.t3_s)
        self._log.debug("terminal.told", message=message)

    async def command(self, command: Command) -> None:
        """Send a command; what comes now is decoded as its answer."""
        self._in_flight = command.to_apdu().command
        self._answered = False
        await self.send(command)

    async def hear(self, timeout_s: float) -> FromTerminal:
        """Return the terminal's next message.

        DeviceError `terminal.silent` after `timeout_s`, `terminal.unreadable`, or the link's.
        """
        self._heard += 1
        if self._heard > MAX_MESSAGES:
            raise DeviceError("terminal.chattering", "the terminal does not stop talking")
        try:
            async with asyncio.timeout(timeout_s):
                frame = await self._frame()
            message = from_terminal(frame, in_flight=self._in_flight, charset=self.options.charset)
        except TimeoutError:
            raise DeviceError("terminal.silent", f"no word within {timeout_s:g} s") from None
        except ProtocolError as error:
            raise DeviceError("terminal.unreadable", error.message) from error
        self._log.debug("terminal.said", message=message)
        return message

    async def read(self, command: Command) -> tuple[FromTerminal, ...]:
        """Carry out a command that moves no money; return what was said, its end last.

        The result of a payment that comes late is refused, so that the terminal takes it back:
        nobody can store it here.

        DeviceError `terminal.refused` (with `result` as data) when the terminal will not.
        """
        await self.command(command)
        said: list[FromTerminal] = []
        accepted = False
        while True:
            message = await self.hear(self._answer_s if accepted else self.t3_s)
            if isinstance(message, Negative) and not accepted:
                raise refused(message.code)
            accepted = True
            if isinstance(message, Positive | Negative):
                continue
            if isinstance(message, StatusInformation) and not self._expects(message):
                await self.send(REFUSAL)
                continue
            said.append(message)
            if isinstance(message, Completion | StatusReport | Abort):
                with suppress(DeviceError):  # it has said all; whether it hears us is its matter
                    await self.send(Positive())
                return tuple(said)
            await self.send(answer_to(message))

    async def is_quiet(self) -> bool:
        """Whether the line is up and the terminal has said nothing that we did not ask for."""
        try:
            async with asyncio.timeout(0):
                frame = await self._frames.receive()
            await self._turn_away(frame)
        except TimeoutError:
            return True
        except (DeviceError, ProtocolError):
            return False
        return False

    async def register(self) -> Completion:
        """Log on (06 00): we print, we give the amounts, we see every status."""
        options = self.options
        registration = Registration(
            options.password, options.numeric, FULL_CONFIG, 1, (PRINT_BLOCK,)
        )
        end = (await self.read(registration))[-1]
        if isinstance(end, Abort):
            raise refused(end.code)
        assert isinstance(end, Completion), "a registration ends with 06 0F or 06 1E"
        return end

    async def state(self) -> int:
        """Ask how the terminal is (05 01); a TerminalState where we have a word for it."""
        said = await self.read(StatusEnquiry(self.options.password))
        end = said[-1]
        if isinstance(end, Abort):
            raise refused(end.code)
        assert isinstance(end, StatusReport), "05 01 ends with a report or 06 1E"
        infos = (each for each in said if isinstance(each, StatusInformation))
        told = (each.result for each in infos if not each.names_payment)
        state = next(told, end.state)  # some tell it by a 04 0F
        if state is None:
            raise DeviceError("terminal.unreadable", "the terminal does not tell its state")
        return state

    async def last(self) -> LastReceipt:
        """Read the last receipt (06 20), silently."""
        try:
            said = await self.read(RepeatReceipt(self.options.password))
        except DeviceError as error:
            if error.data.get("result") != Result.NOT_POSSIBLE:
                raise
            return LastReceipt()  # this terminal cannot repeat receipts
        info = next((m for m in said if isinstance(m, StatusInformation)), None)
        none_stored = info is None and said[-1] == Abort(Result.NOT_POSSIBLE)
        return LastReceipt(info, none_stored=none_stored)

    def _expects(self, info: StatusInformation) -> bool:
        """Whether `info` can be the answer to our command, and is no result of a payment.

        Only an end of day has an amount of its own. Some answer each command by a 04 0F, too.
        """
        if self._in_flight == RepeatReceipt.command or info.totals is not None:
            return True
        if info.doubtful or info.names_payment:
            return info.result not in {None, Result.OK}
        return self._in_flight == END_OF_DAY or info.amount_minor is None

    @property
    def _answer_s(self) -> float:
        """Until the next word of a read; an end of day talks to the host like a payment."""
        options = self.options
        ends_day = self._in_flight == END_OF_DAY
        return (max(options.answer_ms, options.t4_ms) if ends_day else options.answer_ms) / 1000

    @property
    def t3_s(self) -> float:
        """Until a command is answered; longer on a line that may have to say the answer thrice."""
        return self.options.t3_ms / 1000 + self._frames.mending_s

    async def _frame(self) -> Apdu:
        """Return the next frame that is about our command.

        On a line that may hold leftovers that is none but the command's answer, and what follows
        it. A result that is left over is refused: nobody can store it here.
        """
        while True:
            frame = await self._frames.receive()
            self._answered |= frame.command >> 8 in ANSWERS
            if self._answered or self._frames.fresh:
                return frame
            await self._turn_away(frame)

    async def _turn_away(self, frame: Apdu) -> None:
        late = frame.command == StatusInformation.command
        await self.send(REFUSAL if late else Positive())


def answer_to(message: FromTerminal) -> Positive | Negative:
    """Answer what is no result and no receipt: what we cannot do is refused, never promised.

    The clock that it tells us (04 01) is no request: a box has its own.
    """
    strange = isinstance(message, Unknown) and message.command != SET_CLOCK
    return Negative(Result.NOT_POSSIBLE) if strange else Positive()


def refused(code: int) -> DeviceError:
    return DeviceError("terminal.refused", f"the terminal refuses: {words(code)}", result=code)


def state_words(state: int) -> str:
    """Say a state for the page, e.g. `ready` or `end of day needed`."""
    try:
        return TerminalState(state).name.lower().replace("_", " ")
    except ValueError:
        return f"state {state:02X}"
