"""What headquarters may have the box do, beside what the relay does by itself."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, TypeVar

from pydantic import Field, JsonValue, ValidationError

from posedge.model.errors import MisuseError
from posedge.model.messages import Command
from posedge.model.reconciliation import Declaration
from posedge.model.value import Value
from posedge.payments.declared import Slip
from posedge.payments.desk import Desk
from posedge.payments.reconciliations import Reconciliations
from posedge.relay.commands import Verb

REPLY_S = 45
"""An end of day may take longer than a command's answer: then its number is the answer."""

Who = Annotated[str, Field(min_length=2, max_length=100)]
Words = Annotated[str, Field(min_length=3, max_length=500)]
Number = Annotated[str, Field(min_length=1, max_length=128)]


class Reconcile(Value):
    """`declared` as for POST /v1/reconciliations; `slip` is the same as somebody types it."""

    terminal: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    who: Who | None = None
    declared: Declaration | None = None
    slip: Slip | None = None

    @property
    def sender(self) -> str:
        return "headquarters" if self.who is None else f"{self.who} (headquarters)"

    def read(self) -> Declaration | None:
        """Return the slip's totals; None: the terminal is asked. MisuseError: they are none."""
        if self.slip is None:
            return self.declared
        if self.declared is not None:
            raise MisuseError("command.mistaken", "declared and slip: give one of them")
        return self.slip.read()


class ResolveCase(Value):
    """As on the page: who says it, why, and how it is shown."""

    case: Number
    who: Who
    why: Words
    evidence: Words


class ResolvePayment(Value):
    payment: Number
    approved: bool
    who: Who
    why: Words
    evidence: Words


Wish = TypeVar("Wish", Reconcile, ResolveCase, ResolvePayment)


class Orders:
    """`verbs` is the list of them; each is journalled by what it does, with who asked for it."""

    def __init__(self, desk: Desk, reconciliations: Reconciliations) -> None:
        self._desk = desk
        self._reconciliations = reconciliations

    @property
    def verbs(self) -> Mapping[str, Verb]:
        return {
            "reconcile": self._reconcile,
            "resolve-case": self._resolve_case,
            "resolve-payment": self._resolve_payment,
        }

    async def _reconcile(self, command: Command) -> Mapping[str, JsonValue]:
        """End a day under the command's own id, so that it is never run twice."""
        wish = _read(Reconcile, command)
        declared = wish.read()
        if command.dry_run:
            return {"terminals": [*self._terminals(declared)]}
        try:
            async with asyncio.timeout(REPLY_S):
                day = await self._reconciliations.run(
                    command.id, wish.terminal, who=wish.sender, declared=declared
                )
        except TimeoutError:
            return {"reconciliation": command.id, "state": "running"}
        return {
            "reconciliation": day.id,
            "state": day.state.value,
            "text": day.text,
            "differences": len(day.differences),
        }

    def _terminals(self, declared: Declaration | None) -> Iterator[str]:
        """Yield those whose day can be ended; a slip may be of any."""
        for day in self._reconciliations.days:
            if day.ends or declared is not None:
                yield day.terminal

    async def _resolve_case(self, command: Command) -> Mapping[str, JsonValue]:
        wish = _read(ResolveCase, command)
        case = await self._desk.cases.get(wish.case)
        if not command.dry_run:
            case = await self._desk.cases.resolve(
                wish.case, who=f"{wish.who} (headquarters)", why=wish.why, evidence=wish.evidence
            )
        return {"case": case.id, "resolved": case.resolution is not None}

    async def _resolve_payment(self, command: Command) -> Mapping[str, JsonValue]:
        wish = _read(ResolvePayment, command)
        attempt = await self._desk.get(wish.payment)
        if not command.dry_run:
            attempt = await self._desk.resolve(
                wish.payment,
                approved=wish.approved,
                who=f"{wish.who} (headquarters)",
                why=wish.why,
                evidence=wish.evidence,
            )
        return {"payment": attempt.id, "state": attempt.state.value}


def _read(kind: type[Wish], command: Command) -> Wish:
    try:
        return kind.model_validate(command.args)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "args"
        raise MisuseError("command.mistaken", f"{where}: {first['msg']}") from None
