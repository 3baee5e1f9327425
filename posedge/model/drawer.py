"""A cash drawer's openings: by whom, for what, and how long."""

from enum import StrEnum

from posedge.model.stamp import Stamp
from posedge.model.value import Json, Value


class OpenedBy(StrEnum):
    """KEY: its contact opened without a pulse of ours. UNSEEN: it was found open at the start."""

    SALE = "sale"
    REASON = "reason"
    KEY = "key"
    UNSEEN = "unseen"


class Opening(Value):
    """Why a drawer opened: with a sale, or for a reason that somebody gave; a key gives none."""

    by: OpenedBy
    sale: str | None = None
    till: str | None = None
    operator: str | None = None
    caller: str | None = None
    reason: str | None = None

    def facts(self) -> dict[str, Json]:
        """Return what goes into the journal."""
        return {**self.model_dump(mode="json")}


class DrawerStatus(Value):
    """A drawer whose contact is known, since when it is so, and for what it was opened last."""

    drawer: str
    open: bool
    since: Stamp
    opening: Opening | None = None
    left_open: bool = False
