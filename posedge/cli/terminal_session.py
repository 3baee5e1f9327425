"""One call of `posedge terminal`: where it goes, and what it asks there."""

import argparse
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager

from pydantic import ValidationError

from posedge import log
from posedge.app.counter import Counter
from posedge.app.world import real_world
from posedge.cli.box_client import RunningBox
from posedge.cli.terminal_check import confirmed, watch_check
from posedge.cli.terminal_place import Place, place
from posedge.cli.terminal_watch import Desk, Watch
from posedge.cli.terminal_words import (
    DAYS,
    DONE,
    IN_DOUBT,
    NOT_DONE,
    TRY_AGAIN,
    begun,
    day_words,
    exit_code,
    outcome,
    table,
)
from posedge.clock import Ids, SystemClock
from posedge.model.errors import (
    ConfigError,
    DeviceError,
    InDoubt,
    MisuseError,
    PosedgeError,
    StorageError,
)
from posedge.model.mistakes import mistakes
from posedge.model.money import Money
from posedge.model.payment import MONEY_MOVED, Attempt, AttemptKind
from posedge.payments.declared import declaration
from posedge.payments.order import Order
from posedge.terminals.paper import html, text
from posedge.terminals.report import Report

TILL = "posedge-terminal"
"""How the journal names the command line as a till."""

UNDO: Mapping[AttemptKind, AttemptKind] = {
    AttemptKind.SALE: AttemptKind.REVERSAL,
    AttemptKind.CAPTURE: AttemptKind.REVERSAL,
    AttemptKind.PREAUTH: AttemptKind.RELEASE,
}


async def run(args: argparse.Namespace) -> int:
    """Do what was asked; return the exit code. What is for later is 75, a doubt 3."""
    where = place(args)
    log.configure("WARNING")
    try:
        async with _desk(where) as desk:
            return await ACTIONS[args.action](Session(args, desk, where))
    except InDoubt as error:
        return _failed(error, IN_DOUBT)
    except DeviceError as error:
        return _failed(error, TRY_AGAIN)
    except StorageError as error:
        if error.code != "storage.busy":
            raise
        return _failed(error, TRY_AGAIN)


class Session:
    """The words of one call, and the desk that they are for."""

    def __init__(self, args: argparse.Namespace, desk: Desk, where: Place) -> None:
        self._args = args
        self._desk = desk
        self._where = where
        self._watch = Watch(desk, self._say, wait_s=getattr(args, "wait", 0.0))
        self._id: str = getattr(args, "id", None) or Ids(SystemClock()).new()

    async def listed(self) -> int:
        every = await self._desk.terminals()
        self._show([each.model_dump(mode="json") for each in every], table(every))
        return DONE

    async def status(self) -> int:
        status = await self._desk.terminal(await self._terminal(self._args.name))
        self._show(status.model_dump(mode="json"), table([status]))
        return DONE

    async def pay(self) -> int:
        name, amount = await self._words()
        args = self._args
        with _sensible():
            order = Order(
                id=self._id,
                sale=self._id,
                till=TILL,
                kind=AttemptKind.PREAUTH if args.reserve else AttemptKind.SALE,
                terminal=name,
                amount=amount,
                tip=_part(args.tip, amount),
                cashback=_part(args.cashback, amount),
                asks_tip=args.asks_tip,
                partial=args.partial,
            )
        return await self._order(order, keep=args.partial)

    async def refund(self) -> int:
        name, amount = await self._words()
        original = await self._desk.get(self._args.of) if self._args.of else None
        with _sensible():
            order = Order(
                id=self._id,
                sale=original.sale if original else self._id,
                till=TILL,
                kind=AttemptKind.REFUND,
                terminal=name,
                amount=amount,
                original=self._args.of,
            )
        return await self._order(order)

    async def capture(self) -> int:
        original = await self._desk.get(self._args.payment)
        words = self._args.words
        amount = _money(words) if words else original.approved
        return await self._order(self._about(original, AttemptKind.CAPTURE, amount))

    async def cancel(self) -> int:
        attempt = await self._desk.get(self._args.payment)
        if not attempt.settled:
            await self._watch.stop(attempt.id)
            after = await self._watch.known(attempt.id)
            code = {DONE: NOT_DONE, IN_DOUBT: IN_DOUBT}.get(exit_code(after), DONE)
            return self._ended(after, code)
        if attempt.state not in MONEY_MOVED or attempt.kind not in UNDO:
            return self._ended(attempt, DONE if attempt.state not in MONEY_MOVED else NOT_DONE)
        return await self._order(self._about(attempt, UNDO[attempt.kind], attempt.approved))

    async def reconcile(self) -> int:
        args = self._args
        declared = (
            declaration(args.who, args.declared, args.currency.upper(), args.of)
            if args.declared
            else None
        )
        day = await self._desk.reconcile(self._id, await self._terminal(args.name), declared)
        self._show(day.model_dump(mode="json"), day_words(day))
        return DAYS[day.state]

    async def check(self) -> int:
        name = await self._terminal(self._args.name)
        if self._args.real_money and not confirmed(name):
            raise MisuseError("check.live", "not confirmed: nothing was tried")
        report = await watch_check(
            self._desk, self._id, name, real_money=self._args.real_money, say=self._say
        )
        self._write(report)
        self._show(report.model_dump(mode="json"), [report.summary, *report.warnings])
        return DONE if report.ready else NOT_DONE

    async def ask(self) -> int:
        after = await self._watch.known(self._args.payment)
        return self._ended(after, exit_code(after))

    async def _order(self, order: Order, *, keep: bool = False) -> int:
        self._say(begun(order.kind, order.amount, order.terminal or "the terminal", order.id))
        after = await self._watch.carry_out(order, keep=keep)
        return self._ended(after, exit_code(after))

    def _about(self, original: Attempt, kind: AttemptKind, amount: Money) -> Order:
        with _sensible():
            return Order(
                id=self._id,
                sale=original.sale,
                till=TILL,
                kind=kind,
                terminal=original.terminal,
                amount=amount,
                original=original.id,
            )

    async def _words(self) -> tuple[str, Money]:
        """Read `[NAME] AMOUNT CURRENCY`."""
        *name, amount, currency = ["", *self._args.words][-3:]
        if len(self._args.words) not in {2, 3}:
            raise MisuseError("terminal.words", "write [NAME] AMOUNT CURRENCY: 12.34 EUR")
        return await self._terminal("".join(name) or None), _money([amount, currency])

    async def _terminal(self, name: str | None) -> str:
        """Return the name that was given, else the only terminal's."""
        if name or self._where.only:
            return name or self._where.only
        every = [each.name for each in await self._desk.terminals()]
        if len(every) != 1:
            there = ", ".join(every) or "there is none: add it to [[devices.static]]"
            raise MisuseError("device.ambiguous", f"which terminal? Name one: {there}")
        return every[0]

    def _ended(self, attempt: Attempt, code: int) -> int:
        self._show(attempt.model_dump(mode="json"), outcome(attempt, self._where.again))
        return code

    def _write(self, report: Report) -> None:
        for path in self._args.report:
            path.write_text(html(report) if path.suffix == ".html" else text(report))
            self._say(f"Report: {path}")

    def _say(self, line: str) -> None:
        """Tell how it goes: beside the result for programs, in front of it for people."""
        print(line, file=sys.stderr if self._args.json else sys.stdout, flush=True)

    def _show(self, data: object, lines: list[str]) -> None:
        print(json.dumps(data, ensure_ascii=False) if self._args.json else "\n".join(lines))


ACTIONS: Mapping[str, Callable[[Session], Awaitable[int]]] = {
    "list": Session.listed,
    "status": Session.status,
    "pay": Session.pay,
    "refund": Session.refund,
    "capture": Session.capture,
    "cancel": Session.cancel,
    "ask": Session.ask,
    "reconcile": Session.reconcile,
    "check": Session.check,
}


@asynccontextmanager
async def _desk(where: Place) -> AsyncGenerator[Desk, None]:
    """Give the running box's desk, or where there is none a desk of our own."""
    if not where.only:
        box = RunningBox(where.settings)
        try:
            await box.terminals()
        except ConfigError:
            print("No running box: journal and terminals are opened from here.", file=sys.stderr)
        else:
            yield box
            return
    async with Counter(where.settings, real_world()) as counter:
        yield counter


@contextmanager
def _sensible() -> Generator[None]:
    """Say what cannot be in an order, as a person wrote it."""
    try:
        yield
    except ValidationError as error:
        said = "; ".join(each.text for each in mistakes(error, Order))
        raise MisuseError("payment.mistaken", said) from None


def _money(words: list[str]) -> Money:
    if len(words) != 2:  # noqa: PLR2004 - an amount and its currency
        raise MisuseError("money.unreadable", "write an amount and its currency: 12.34 EUR")
    amount = Money.parse(words[0].replace(",", "."), words[1].upper())
    if amount.minor <= 0:
        raise MisuseError("money.unreadable", f"{amount} is no amount to pay: write more than 0")
    return amount


def _part(text: str | None, whole: Money) -> Money | None:
    return Money.parse(text.replace(",", "."), whole.currency) if text else None


def _failed(error: PosedgeError, code: int) -> int:
    print(f"posedge: {error.message} [{error.code}]", file=sys.stderr)
    return code
