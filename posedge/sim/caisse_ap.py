"""A payment terminal to try a till against: Caisse-AP over IP, the terminal's side.

It takes one request a connection, answers once, and goes on also when the till has hung up: the
customer stands before it, not before the till.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from posedge.model.money import NUMERIC
from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.sim.tcp import Reader, TcpSim, Writer
from posedge.wire.caisse_ap import (
    AMOUNT_DIGITS,
    Action,
    ActionStatus,
    Decoder,
    Fields,
    StatusDetail,
    Tag,
    message,
)

PORT = 8888
"""Where public clients look for a terminal."""

NEEDED = frozenset({Tag.PROTOCOL_ID, Tag.TILL, Tag.AMOUNT, Tag.ACTION, Tag.CURRENCY})
KINDS = {Action.DEBIT: AttemptKind.SALE, Action.CREDIT: AttemptKind.REFUND}
TEST_PAN = "4970101122331234"
THOUGHTS = 10_000

AT_ONCE = "1"
"""BA: the till wants to hear that it was understood, and not how it ended."""

REST_S = 0.2
"""How long a request may pause in which a field is missing still."""


class Outcome(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    FORBID = "forbid"
    TIME_OUT = "time_out"
    ABANDON = "abandon"


class Step(StrEnum):
    """Where the terminal falls silent instead of going on."""

    REQUEST = "request"
    ANSWER = "answer"  # the money has moved


DETAILS = {
    Outcome.DECLINE: StatusDetail.REFUSED,
    Outcome.FORBID: StatusDetail.FORBIDDEN,
    Outcome.TIME_OUT: StatusDetail.TIMEOUT,
    Outcome.ABANDON: StatusDetail.ABANDONED,
}


@dataclass(slots=True)
class Faults:
    """What it may do wrong; may be changed while it runs.

    `cut_at`: the connection is lost before this byte of the answer. `amount_minor` and `currency`
    are charged and reported instead of what was asked. `till`: the answer is for another one.
    `only_takes`: it answers that it understood, pays, and says no more. `busy`: hangs up at once.
    """

    outcome: Outcome = Outcome.APPROVE
    silent_at: Step | None = None
    cut_at: int | None = None
    late_ms: int = 0
    amount_minor: int | None = None
    currency: int | None = None
    till: str | None = None
    only_takes: bool = False
    duplicates: bool = False
    unmasked: bool = False
    hangs_up: bool = False
    busy: bool = False


class CaisseApSim(TcpSim):
    """`async with` starts and stops it; `port` is the one it got when it was given 0.

    `ledger`: what was really charged, oldest first; `receipt_no` is the authorisation.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        customer_s: float = 0.0,
    ) -> None:
        super().__init__(host, port)
        self.faults = faults or Faults()
        self.ledger: list[Charge] = []
        self.thought: deque[tuple[float, float]] = deque(maxlen=THOUGHTS)
        self._customer_s = customer_s
        self._paying = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<CaisseApSim {self._host}:{self.port}, {len(self.ledger)} charges>"

    async def _attended(self, reader: Reader, writer: Writer) -> None:
        if self.faults.busy:
            return
        while (request := await _request(reader)) is not None:
            await self._answer(request, writer)
            if self.faults.hangs_up:
                return

    async def _answer(self, request: Fields, writer: Writer) -> None:
        wrong = _wrong(request)
        if wrong is not None:
            await _say(writer, {**request, **_not_done(wrong)}, None)
            return
        if request.get(Tag.ANSWERS) == AT_ONCE:
            await _say(writer, {**request, Tag.ACTION_STATUS: ActionStatus.TAKEN}, None)
        if self.faults.silent_at is Step.REQUEST:
            await _for_ever()
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self._paying:
            await asyncio.sleep(self._customer_s)
            answer = self._pay(request)
        await asyncio.sleep(self.faults.late_ms / 1000)
        self.thought.append((began, loop.time()))
        if self.faults.silent_at is Step.ANSWER:
            await _for_ever()
        if request.get(Tag.ANSWERS) == AT_ONCE:
            return
        for _ in range(2 if self.faults.duplicates else 1):
            await _say(writer, answer, self.faults.cut_at)

    def _pay(self, request: Fields) -> Fields:
        """Charge, or do not; return the answer."""
        faults = self.faults
        asked = {**request, Tag.TILL: faults.till or request[Tag.TILL]}
        detail = DETAILS.get(faults.outcome)
        if detail is not None:
            return {**asked, **_not_done(detail)}
        minor = faults.amount_minor or int(request[Tag.AMOUNT])
        number = f"{100_001 + len(self.ledger)}"
        kind = KINDS[Action(request[Tag.ACTION])]
        self.ledger.append(Charge(kind, minor, number))
        if faults.only_takes:
            return {**asked, Tag.ACTION_STATUS: ActionStatus.TAKEN}
        return {
            **asked,
            Tag.AMOUNT: f"{minor:02}",
            Tag.CURRENCY: f"{faults.currency or int(request[Tag.CURRENCY]):03}",
            Tag.ACTION_STATUS: ActionStatus.DONE,
            Tag.PAYMENT_MODE: "00B",
            Tag.READING_MODE: "2",
            Tag.AUTHORISATION: number,
            Tag.PAN: TEST_PAN if faults.unmasked else f"{TEST_PAN[:6]}######{TEST_PAN[-4:]}",
            Tag.CONTRACT: "424242",
        }


async def _request(reader: Reader) -> Fields | None:
    """Return the next request, None when the till has gone. What it lacks may be on its way."""
    decoder = Decoder()
    found: Fields | None = None
    while found is None or not found.keys() >= NEEDED:
        try:
            async with asyncio.timeout(None if found is None else REST_S):
                data = await reader.read(4096)
        except TimeoutError:
            break
        if not data:
            break
        decoder.feed(data)
        decoder.pull()
        found = decoder.rest()
    return found


def _wrong(request: Fields) -> StatusDetail | None:
    """Return why it cannot be carried out, None when it can."""
    amount = request.get(Tag.AMOUNT, "")
    written = amount.isdecimal() and len(amount) <= AMOUNT_DIGITS[1] and int(amount) > 0
    if not request.keys() >= NEEDED or not written:
        return StatusDetail.FIELD_MISSING
    if request[Tag.ACTION] not in set(Action):
        return StatusDetail.ACTION_UNKNOWN
    known = request[Tag.CURRENCY].isdecimal() and int(request[Tag.CURRENCY]) in NUMERIC.values()
    return None if known else StatusDetail.CURRENCY_UNKNOWN


def _not_done(detail: StatusDetail) -> Fields:
    return {Tag.ACTION_STATUS: ActionStatus.NOT_DONE, Tag.STATUS_DETAIL: detail}


async def _say(writer: Writer, fields: Fields, cut_at: int | None) -> None:
    """Write one answer; ConnectionError when the line is cut in it."""
    data = message({str(tag): str(value) for tag, value in fields.items()})
    kept = data[:cut_at]
    writer.write(kept)
    await writer.drain()
    if len(kept) < len(data):
        raise ConnectionAbortedError


async def _for_ever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody ends it")
