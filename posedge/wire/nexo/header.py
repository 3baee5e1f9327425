"""The head of every message, and the key that pairs an answer with its request."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from posedge.wire.nexo.notation import Fields, text

PROTOCOL_VERSION = "3.0"


class Category(StrEnum):
    PAYMENT = "Payment"
    REVERSAL = "Reversal"
    TRANSACTION_STATUS = "TransactionStatus"
    ABORT = "Abort"
    DIAGNOSIS = "Diagnosis"
    LOGIN = "Login"
    RECONCILIATION = "Reconciliation"
    EVENT = "Event"


@dataclass(frozen=True, slots=True)
class Key:
    """What names one message for good: a service id is unique for a terminal."""

    sale_id: str
    service_id: str
    poiid: str

    def __str__(self) -> str:
        return f"{self.poiid}/{self.sale_id}/{self.service_id}"

    @classmethod
    def parse(cls, words: str) -> "Key | None":
        """Read what `str` wrote."""
        match words.split("/"):
            case [poiid, sale_id, service_id] if poiid and sale_id and service_id:
                return cls(sale_id, service_id, poiid)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Header:
    category: str
    key: Key
    kind: str = "Request"

    @property
    def answer(self) -> "Header":
        """The header that answers this one."""
        return replace(self, kind="Response")

    def to_fields(self) -> Mapping[str, str]:
        return {
            "ProtocolVersion": PROTOCOL_VERSION,
            "MessageClass": "Event" if self.category == Category.EVENT else "Service",
            "MessageCategory": self.category,
            "MessageType": self.kind,
            "SaleID": self.key.sale_id,
            "ServiceID": self.key.service_id,
            "POIID": self.key.poiid,
        }

    @classmethod
    def from_fields(cls, found: Fields) -> "Header":
        """Read a header; what is missing is empty and pairs with nothing of ours."""
        key = Key(text(found, "SaleID"), text(found, "ServiceID"), text(found, "POIID"))
        return cls(text(found, "MessageCategory"), key, text(found, "MessageType"))
