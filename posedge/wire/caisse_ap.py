"""Caisse-AP over IP, the Concert protocol's version 3: fields `TTnnnvalue` in ASCII.

Field names and values are those of the Association du Paiement, as public clients, a public
terminal simulator (akretion/caisse-ap-ip) and HiPay's "Local API for Nepting" use them. A message
has neither length nor end: CZ begins one, and a pause, the end of the connection or the next CZ
ends it. Ends of lines between fields are passed over: some send them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from posedge.model.errors import ProtocolError
from posedge.wire.pan import masked
from posedge.wire.redact import redact_text

MAX_BYTES = 4096
"""Of one message; an answer has about 200, and one field may have 999."""

HEAD = 5
"""Two characters of name, three digits of length."""

AMOUNT_DIGITS = 2, 12


class Tag(StrEnum):
    VERSION = "CZ"
    PROTOCOL_ID = "CJ"  # identifiant protocole Concert
    TILL = "CA"
    AMOUNT = "CB"  # minor units
    ACTION = "CD"
    CURRENCY = "CE"  # ISO 4217 number
    ANSWERS = "BA"  # 0: at the end of the payment
    ACTION_STATUS = "AE"
    STATUS_DETAIL = "AF"
    PAN = "AA"
    AUTHORISATION = "AC"
    PAYMENT_MODE = "CC"
    READING_MODE = "CI"
    CONTRACT = "CG"


class Action(StrEnum):
    DEBIT = "0"
    CREDIT = "1"


class ActionStatus(StrEnum):
    NOT_DONE = "01"
    DONE = "10"
    TAKEN = "11"  # only that the request was understood


class StatusDetail(StrEnum):
    """The first two characters of AF; the host's code and words may follow them."""

    CALL = "02"
    FORCED = "03"
    REFUSED = "04"
    FORBIDDEN = "05"
    GIVEN_UP = "06"
    NOT_ENDED = "07"
    TIMEOUT = "08"
    FIELD_MISSING = "09"  # or wrong
    SELECTION = "10"
    ABANDONED = "11"
    ACTION_UNKNOWN = "12"
    CURRENCY_UNKNOWN = "13"


DETAIL_SIZE, HOST_CODE_SIZE, HOST_WORDS_SIZE = 2, 2, 21
LINE_ENDS = b"\r\n"


SCHEMES = {"001": "CB", "00B": "CB", "002": "American Express", "00D": "American Express"}
CONTACTLESS = frozenset({"00B", "00D"})

Fields = Mapping[str, str]


def message(fields: Fields) -> bytes:
    """Return the fields as one message; the version comes first."""
    ordered = {Tag.VERSION.value: fields[Tag.VERSION], **fields}
    return "".join(f"{tag}{len(value):03}{value}" for tag, value in ordered.items()).encode("ascii")


class Decoder:
    """Messages out of any segmentation. Lives as long as its connection.

    ProtocolError `caisse.unreadable` is raised again by every further call.
    """

    def __init__(self) -> None:
        self._unread = bytearray()
        self._size = 0
        self._fields: dict[str, str] = {}
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        if self._error is None:
            self._unread += data

    def pull(self) -> Fields | None:
        """Return a message behind which the next has begun, or None."""
        if self._error is not None:
            raise self._error
        while (taken := self._field()) is not None:
            tag, value = taken
            if tag == Tag.VERSION and self._fields:
                ended, self._fields, self._size = self._fields, {tag: value}, 0
                return ended
            if not self._fields and tag != Tag.VERSION:
                raise self._fail("it does not begin with CZ")
            if self._fields.setdefault(tag, value) != value:
                raise self._fail(f"field {tag} comes twice and differs")
        return None

    def rest(self) -> Fields | None:
        """Return the message that a pause ends here; None in the middle of a field."""
        if self._error is not None:
            raise self._error
        return dict(self._fields) if self._fields and not self._unread else None

    def __repr__(self) -> str:
        return f"<Decoder {self._error or f'{len(self._fields)} fields'}>"

    def _field(self) -> tuple[str, str] | None:
        self._unread = self._unread.lstrip(LINE_ENDS)
        head = bytes(self._unread[:HEAD])
        if not (head[:2].isalnum() or not head[:2]) or not (head[2:].isdigit() or not head[2:]):
            raise self._fail("what comes is no field: is this Caisse-AP?")
        if len(head) < HEAD:
            return None
        end = HEAD + int(head[2:])
        if self._size + end > MAX_BYTES:
            raise self._fail(f"a message of more than {MAX_BYTES} bytes")
        if len(self._unread) < end:
            return None
        self._size += end
        value = bytes(self._unread[HEAD:end])
        del self._unread[:end]
        return head[:2].decode(), value.decode("ascii", "replace")

    def _fail(self, text: str) -> ProtocolError:
        self._unread.clear()
        self._fields = {}
        self._error = ProtocolError("caisse.unreadable", text)
        return self._error


@dataclass(frozen=True, slots=True)
class Request:
    """What the till asks for. `currency` is the ISO 4217 number."""

    till: str
    amount_minor: int
    action: Action
    currency: int
    protocol_id: str = "012345678901"
    version: str = "0300"

    def to_bytes(self) -> bytes:
        return message(
            {
                Tag.VERSION: self.version,
                Tag.PROTOCOL_ID: self.protocol_id,
                Tag.TILL: self.till,
                Tag.AMOUNT: f"{self.amount_minor:02}",
                Tag.ACTION: self.action,
                Tag.CURRENCY: f"{self.currency:03}",
                Tag.ANSWERS: "0",
            }
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the terminal says; texts are empty and numbers None where a field is missing.

    Of the card number no more than the last four digits are kept; `pan_unmasked`: it came whole.
    `said` are the host's words.
    """

    status: str
    detail: str = ""
    said: str = ""
    till: str = ""
    amount_minor: int | None = None
    action: str = ""
    currency: int | None = None
    authorisation: str = ""
    payment_mode: str = ""
    contract: str = ""
    pan_last4: str = ""
    pan_unmasked: bool = field(default=False)

    @classmethod
    def of(cls, fields: Fields) -> Self | None:
        """Read an answer; None without an action status. ProtocolError: a number is none."""
        status = fields.get(Tag.ACTION_STATUS)
        if status is None:
            return None
        last4, unmasked = masked(fields.get(Tag.PAN, ""))
        return cls(
            status,
            *_detail(fields.get(Tag.STATUS_DETAIL, "")),
            fields.get(Tag.TILL, ""),
            _number(fields.get(Tag.AMOUNT)),
            fields.get(Tag.ACTION, ""),
            _number(fields.get(Tag.CURRENCY)),
            fields.get(Tag.AUTHORISATION, ""),
            fields.get(Tag.PAYMENT_MODE, ""),
            fields.get(Tag.CONTRACT, ""),
            last4,
            unmasked,
        )

    def answers(self, request: Request) -> bool:
        """Whether it repeats till, amount, direction and currency of the request."""
        return self._repeated == _asked(request)

    def contradicts(self, request: Request) -> bool:
        """Whether it repeats one of them otherwise; a refusal need not repeat any."""
        pairs = zip(self._repeated, _asked(request), strict=True)
        return any(told not in {None, "", asked} for told, asked in pairs)

    @property
    def _repeated(self) -> tuple[int | str | None, ...]:
        return self.till, self.amount_minor, self.action, self.currency


def _asked(request: Request) -> tuple[int | str | None, ...]:
    return request.till, request.amount_minor, request.action.value, request.currency


def _detail(field: str) -> tuple[str, str]:
    """Part AF into its code and the words behind it."""
    if not field[:DETAIL_SIZE].isdecimal():
        return "", redact_text(field)
    start = DETAIL_SIZE + HOST_CODE_SIZE
    return field[:DETAIL_SIZE], redact_text(
        " ".join(field[start : start + HOST_WORDS_SIZE].split())
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > AMOUNT_DIGITS[1]:
        raise ProtocolError("caisse.unreadable", "an amount or currency is no number")
    return int(text)
