"""What happens in the shop, as typed values for the bus and its listeners.

`type` names the value on the wire; `word` is the UnifiedPOS event that it corresponds to.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from posedge.model.capabilities import DeviceState, Kind, Paper, PrintEvidence, ScaleState
from posedge.model.drawer import OpenedBy
from posedge.model.money import Money
from posedge.model.payment import AttemptKind, Cause, State
from posedge.model.printing import PrintState
from posedge.model.stamp import Stamp
from posedge.model.value import Value


class _Happening(Value):
    at: Stamp


class Element(Value):
    """One GS1 element: application identifier and value, e.g. `10` and `LOT7`."""

    ai: str
    value: str


class Embedded(Value):
    """What a code says of this very piece: weight and price labels of scales and counters.

    `item` is the item reference, or a GTIN-14; `rule` is what it was read by, `de:28` or
    `gs1:3103`. When what it says is not to be believed, `code` and `message` say why, and there
    is no value.
    """

    item: str
    rule: str
    weight_g: int | None = None
    price: Money | None = None
    count: int | None = None
    code: str | None = None
    message: str | None = None


class Scanned(_Happening):
    """One whole code, exactly as printed; `gtin` is GTIN-14 and only set when its check holds.

    `publication` says the ISBN, ISSN or ISMN that a GTIN is.
    """

    word: ClassVar = "DataEvent"
    type: Literal["scan"] = "scan"
    device: str
    text: str
    symbology: str | None = None
    gtin: str | None = None
    elements: tuple[Element, ...] = ()
    publication: str | None = None
    embedded: Embedded | None = None


class ScanDiscarded(_Happening):
    """A code was lost on its way and is not shown shortened: the clerk scans again."""

    word: ClassVar = "ErrorEvent"
    type: Literal["scan-discarded"] = "scan-discarded"
    device: str
    code: str
    message: str


class Swiped(_Happening):
    """A loyalty, gift or staff card at a magnetic stripe reader: its tracks, sentinels taken off.

    Never a payment card, see SwipeRejected.
    """

    word: ClassVar = "DataEvent"
    type: Literal["swipe"] = "swipe"
    device: str
    track_1: str | None = None
    track_2: str | None = None
    track_3: str | None = None


class SwipeRejected(_Happening):
    """A card was swiped that is not shown: `card.refused` for a payment card, or unreadable.

    Of a payment card nothing is kept but the brand and at most the last four digits.
    """

    word: ClassVar = "ErrorEvent"
    type: Literal["msr-rejected"] = "msr-rejected"
    device: str
    code: str
    message: str
    brand: str | None = None
    last_four: str | None = Field(default=None, max_length=4)


class Weighed(_Happening):
    """`weight_g` is None unless `state` is STABLE_WEIGHT or ZERO: moving is never 0.

    `shown` is the scale's own text; see posedge.model.capabilities.Weight, also for the prices.
    """

    word: ClassVar = "DataEvent"
    type: Literal["weight"] = "weight"
    device: str
    state: ScaleState
    weight_g: int | None = None
    net: bool = False
    shown: str | None = None
    unit_price: str | None = None
    total: str | None = None


class Tapped(_Happening):
    """A card lies on the reader. `uid` and `atr` are upper-case hex.

    A UID is not authentication: it can be copied. A payment card has neither, it was not read. A
    card with contacts, and many a phone, has no UID that lasts.
    """

    word: ClassVar = "DataEvent"
    type: Literal["tap"] = "tap"
    device: str
    uid: str | None = None
    atr: str | None = None
    payment: bool = False


class PrinterChanged(_Happening):
    word: ClassVar = "StatusUpdateEvent"
    type: Literal["printer"] = "printer"
    device: str
    online: bool
    cover_open: bool
    paper: Paper
    error: str | None = None


class DrawerChanged(_Happening):
    word: ClassVar = "StatusUpdateEvent"
    type: Literal["drawer"] = "drawer"
    device: str
    open: bool
    sale: str | None = None


class DrawerAccount(_Happening):
    """What the journal says of a drawer's opening. `by` and the rest say for what it was.

    `failed`: it was told to open and did not, `why`. `left_open`: it stands open for `open_s`.
    """

    word: ClassVar = "StatusUpdateEvent"
    type: Literal["drawer-account"] = "drawer-account"
    drawer: str
    what: Literal["opened", "failed", "closed", "left_open"]
    by: OpenedBy
    sale: str | None = None
    till: str | None = None
    operator: str | None = None
    caller: str | None = None
    reason: str | None = None
    why: str | None = None
    open_s: int | None = None


class DeviceChanged(_Happening):
    word: ClassVar = "StatusUpdateEvent"
    type: Literal["device"] = "device"
    device: str
    name: str
    kind: Kind
    state: DeviceState
    reason: str | None = None


class PaymentChanged(_Happening):
    word: ClassVar = "StatusUpdateEvent"
    type: Literal["payment"] = "payment"
    payment: str
    sale: str
    terminal: str
    kind: AttemptKind
    amount: Money
    state: State
    cause: Cause | None = None


class PaymentProgress(_Happening):
    """What the terminal shows the customer now; for the clerk's screen, proves nothing."""

    word: ClassVar = "StatusUpdateEvent"
    type: Literal["payment-progress"] = "payment-progress"
    payment: str
    status: str
    text: str


class SaleChanged(_Happening):
    word: ClassVar = "StatusUpdateEvent"
    type: Literal["sale"] = "sale"
    sale: str
    state: str


class PrintChanged(_Happening):
    """`evidence` is what said that it is on paper; `reason` why not, and what to do."""

    word: ClassVar = "OutputCompleteEvent"
    type: Literal["print"] = "print"
    job: str
    printer: str | None
    state: PrintState
    evidence: PrintEvidence | None = None
    reason: str | None = None


class ReceiptChanged(_Happening):
    """`printed` means that the printer said so; `waiting` and `failed` say in `reason` why not."""

    word: ClassVar = "OutputCompleteEvent"
    type: Literal["receipt"] = "receipt"
    sale: str
    state: Literal["waiting", "printed", "failed"]
    reason: str | None = None


class RelayChanged(_Happening):
    word: ClassVar = "StatusUpdateEvent"
    type: Literal["relay"] = "relay"
    online: bool
    reason: str | None = None


Event = Annotated[
    Scanned
    | ScanDiscarded
    | Swiped
    | SwipeRejected
    | Weighed
    | Tapped
    | PrinterChanged
    | DrawerChanged
    | DrawerAccount
    | DeviceChanged
    | PaymentChanged
    | PaymentProgress
    | SaleChanged
    | PrintChanged
    | ReceiptChanged
    | RelayChanged,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))


class Envelope(Value):
    """An event at its place in the one sequence of the box."""

    sequence: int
    event: Event


class Gap(Value):
    """Events `first` to `last` are no longer held: the listener must re-read what it needs."""

    first: int
    last: int
