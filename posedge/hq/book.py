"""The commands that left, in the ledger: one row each, with the box's last word on it."""

import hmac
from typing import Any

from sqlalchemy import Row, insert, select, update

from posedge.hq.inbound import Answer
from posedge.hq.ledger import Ledger, translated
from posedge.hq.schema import BOX, COMMAND
from posedge.model.errors import ConflictError, NotFoundError
from posedge.model.topics import BoxTopics
from posedge.model.value import Value

MAX_ROWS = 200


class Told(Value):
    """One command. `status` is `sending`, `sent`, or the box's word; `args` and `data` are JSON.

    `sent` behind `not_after`: no answer came, and the box does not begin it any more.
    """

    id: str
    box: str
    verb: str
    args: str
    dry_run: bool
    at: str
    not_after: str
    status: str
    code: str | None = None
    data: str | None = None
    answered: str | None = None


class CommandBook:
    """Blocking: call it in a Worker."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def begin(self, told: Told, correlation: bytes) -> BoxTopics | None:
        """Store a command before it leaves; None when it is known already.

        NotFoundError `box.unknown`; ConflictError `command.conflict`: the id has other content.
        """
        with translated(), self._ledger.engine.begin() as database:
            box = database.execute(select(BOX).where(BOX.c.box == told.box)).one_or_none()
            if box is None:
                raise NotFoundError("box.unknown", f"no box {told.box} has ever been here")
            known = database.execute(select(COMMAND).where(COMMAND.c.id == told.id)).one_or_none()
            if known is not None:
                _check_same(told, _told(known))
                return None
            row = {**told.model_dump(), "correlation": correlation}
            database.execute(insert(COMMAND).values(row))
            return BoxTopics(box.tenant, box.store, box.box)

    def sent(self, number: str, status: str, code: str | None) -> Told:
        """Note how it left, unless the box was quicker with its answer."""
        ours = (COMMAND.c.id == number) & (COMMAND.c.status == "sending")
        with translated(), self._ledger.engine.begin() as database:
            database.execute(update(COMMAND).where(ours).values(status=status, code=code))
        return self.get(number)

    def answered(self, answer: Answer, data: str, at: str) -> bool:
        """Keep what the box says; False unless it is that box and our correlation."""
        result = answer.result
        with translated(), self._ledger.engine.begin() as database:
            row = database.execute(select(COMMAND).where(COMMAND.c.id == result.id)).one_or_none()
            if row is None or row.box != answer.topics.box:
                return False
            if not hmac.compare_digest(bytes(row.correlation), answer.correlation):
                return False
            said = {"status": result.status, "code": result.code, "data": data, "answered": at}
            database.execute(update(COMMAND).where(COMMAND.c.id == result.id).values(said))
        return True

    def get(self, number: str) -> Told:
        with translated(), self._ledger.engine.connect() as database:
            row = database.execute(select(COMMAND).where(COMMAND.c.id == number)).one_or_none()
        if row is None:
            raise NotFoundError("command.missing", f"there is no command {number}")
        return _told(row)

    def recent(self, limit: int) -> tuple[Told, ...]:
        """Return the last ones, newest first."""
        wanted = select(COMMAND).order_by(COMMAND.c.at.desc()).limit(min(limit, MAX_ROWS))
        with translated(), self._ledger.engine.connect() as database:
            return tuple(_told(row) for row in database.execute(wanted))


def _told(row: Row[Any]) -> Told:
    return Told(**{name: getattr(row, name) for name in Told.model_fields})


def _check_same(wish: Told, known: Told) -> None:
    content = {"box", "verb", "args", "dry_run"}
    if wish.model_dump(include=content) != known.model_dump(include=content):
        raise ConflictError(
            "command.conflict", f"command {wish.id} was another one: use a new id", id=wish.id
        )
