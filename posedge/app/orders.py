"""What headquarters may have the box do, beside what the relay does by itself."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import Field, JsonValue, ValidationError

from posedge.model.errors import MisuseError
from posedge.model.messages import Command
from posedge.model.value import Value
from posedge.payments.desk import Desk
from posedge.payments.reconciliations import Reconciliations
from posedge.relay.commands import Verb

REPLY_S = 45
"""An end of day may take longer than a command's answer: then its number is the answer."""

Who = Annotated[str, Field(min_length=2, max_length=100)]
Words = Annotated[str, Field(min_length=3, max_length=500)]
Number = Annotated[str, Field(min_length=1, max_length=128)]


class Reconcile(Value):
    terminal: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    who: Who = "headquarters"


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
        if command.dry_run:
            return {
                "terminals": [each.terminal for each in self._reconciliations.days if each.ends]
            }
        try:
            async with asyncio.timeout(REPLY_S):
                day = await self._reconciliations.run(
                    command.id, wish.terminal, who=f"{wish.who} (headquarters)"
                )
        except TimeoutError:
            return {"reconciliation": command.id, "state": "running"}
        return {
            "reconciliation": day.id,
            "state": day.state.value,
            "text": day.text,
            "differences": len(day.differences),
        }

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
