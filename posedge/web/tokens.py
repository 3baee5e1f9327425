"""Bearer tokens: 256 random bits, of which only the SHA-256 is kept, in notes of the journal."""

import hashlib
import hmac
import random
from collections.abc import Mapping
from typing import Protocol

from posedge.clock import Clock
from posedge.model.errors import MisuseError, NotFoundError
from posedge.model.stamp import Stamp
from posedge.model.value import Value
from posedge.web.access import Caller, Scope

PREFIX = "token/"
MAX_TOKENS = 200
"""A big shop has forty tills; more tokens than this are forgotten ones that should be revoked."""


class Notes(Protocol):
    """The part of the journal that tokens need."""

    async def notes(self, prefix: str) -> Mapping[str, str]: ...

    async def put_note(self, name: str, value: str | None) -> None: ...


class Token(Value):
    """What is told of a token: never the token."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created: Stamp


class _Kept(Token):
    hash: str


class Tokens:
    """The tokens of this box, read from the notes once and then held here."""

    def __init__(self, notes: Notes, clock: Clock, chance: random.Random) -> None:
        self._notes = notes
        self._clock = clock
        self._chance = chance
        self._kept: dict[str, _Kept] | None = None

    async def grant(self, scope: Scope, name: str) -> str:
        """Return a new token; it cannot be shown again."""
        kept = await self._load()
        if len(kept) >= MAX_TOKENS:
            raise MisuseError("token.crowded", f"revoke one of the {MAX_TOKENS} tokens first")
        number, secret = self._chance.randbytes(6).hex(), self._chance.randbytes(32).hex()
        token = _Kept(
            id=number,
            name=name,
            scopes=(scope,),
            created=self._clock.now(),
            hash=_digest(secret),
        )
        await self._notes.put_note(PREFIX + number, token.model_dump_json())
        kept[number] = token
        return f"{number}.{secret}"

    async def find(self, shown: str) -> Caller | None:
        number, _, secret = shown.partition(".")
        kept = await self._load()
        token = kept.get(number)
        if token is None or not hmac.compare_digest(token.hash, _digest(secret)):
            return None
        return Caller(token.id, token.name, frozenset(token.scopes), lambda: number in kept)

    async def all(self) -> tuple[Token, ...]:
        kept = await self._load()
        return tuple(Token(**each.model_dump(exclude={"hash"})) for each in kept.values())

    async def revoke(self, number: str) -> None:
        """End a token at once, and for ever."""
        kept = await self._load()
        if number not in kept:
            raise NotFoundError("token.unknown", f"no token {number}: GET /v1/tokens lists them")
        del kept[number]
        await self._notes.put_note(PREFIX + number, None)

    async def _load(self) -> dict[str, _Kept]:
        if self._kept is None:
            held = (await self._notes.notes(PREFIX)).values()
            tokens = [_Kept.model_validate_json(each) for each in held]
            if self._kept is None:  # another may have read, and revoked, meanwhile
                self._kept = {each.id: each for each in tokens}
        return self._kept


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
