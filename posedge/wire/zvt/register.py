"""What the register says (PA00P015 13.08 §2): commands, and the answers that both sides give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from posedge.model.errors import ProtocolError
from posedge.wire.zvt import fields as bmp
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.bcd import from_bcd, to_bcd
from posedge.wire.zvt.codes import Config, Service
from posedge.wire.zvt.fields import AMOUNT_BYTES, is_container, read_fields, write_fields
from posedge.wire.zvt.password import PASSWORD_BYTES, read_password
from posedge.wire.zvt.tlv import element, leaves

NEGATIVE = 0x84
REASONED = 0x1E
ACCEPTED_COMMAND = 0x0A
ACCEPTED_COMMANDS = 0x26
CURRENCY_BYTES = 2
PRINT_LINE = 0x06D1
PRINT_BLOCK = 0x06D3
FULL_CONFIG = (
    Config.PRINTS_BY_COMMAND
    | Config.ADMIN_FROM_REGISTER
    | Config.AMOUNT_FROM_REGISTER
    | Config.WANTS_STATUS
    | Config.PRINTS_ADMIN_RECEIPTS
    | Config.PRINTS_PAYMENT_RECEIPTS
)
"""The box prints everything, gives every amount and sees every status: BE."""


@dataclass(frozen=True, slots=True)
class Positive:
    """80 00 00; `84 00 00` means the same."""

    command: ClassVar = 0x8000

    def to_apdu(self) -> Apdu:
        return Apdu(self.command)


@dataclass(frozen=True, slots=True)
class Negative:
    """84 xx 00: refused, for the reason `code`; 84 1E is followed by it instead.

    `amount_minor` comes with 84 9D: goods for no more than that were handed out (§2.2.8).
    """

    code: int
    amount_minor: int | None = None

    def to_apdu(self) -> Apdu:
        amount = None if self.amount_minor is None else to_bcd(self.amount_minor, AMOUNT_BYTES)
        return Apdu(NEGATIVE << 8 | self.code, write_fields([(bmp.AMOUNT, amount)]))

    @classmethod
    def from_apdu(cls, apdu: Apdu) -> Self:
        code, data = apdu.command & 0xFF, apdu.data
        if code == REASONED and data:
            return cls(data[0])
        return cls(code, from_bcd(read_fields(data)[0].get(bmp.AMOUNT, b"")))


ANSWERS = frozenset({Positive.command >> 8, NEGATIVE})
"""The classes of what answers any message at once."""


@dataclass(frozen=True, slots=True)
class Registration:
    """06 00. `accepts` are the commands that the register can take beside those of `config`.

    None: it sends no TLV container, and wants to be sent none.
    """

    command: ClassVar = 0x0600
    password: str = field(repr=False)
    currency: int | None = None
    config: Config = FULL_CONFIG
    service: int | None = None
    accepts: tuple[int, ...] | None = None

    def to_apdu(self) -> Apdu:
        commands = self.accepts or ()
        listed = b"".join(element(ACCEPTED_COMMAND, _two(command)) for command in commands)
        wanted = element(ACCEPTED_COMMANDS, listed) if listed else b""
        currency = b"" if self.currency is None else to_bcd(self.currency, 2)
        service = None if self.service is None else bytes([self.service])
        head = to_bcd(self.password, PASSWORD_BYTES) + bytes([self.config]) + currency
        container = (bmp.TLV, None if self.accepts is None else wanted)
        return Apdu(self.command, head + write_fields([(bmp.SERVICE, service), container]))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        password, rest = read_password(data)
        if not rest:
            raise ProtocolError("registration.short", "a registration without config byte")
        currency, fields = _currency(rest[1:])
        found, _ = read_fields(fields)
        tags = leaves(found.get(bmp.TLV, b""))
        accepts = tuple(
            int.from_bytes(value, "big") for tag, value in tags if tag == ACCEPTED_COMMAND
        )
        return cls(
            password=password,
            currency=currency,
            config=Config(rest[0]),
            service=_byte(found, bmp.SERVICE),
            accepts=accepts if bmp.TLV in found else None,
        )


@dataclass(frozen=True, slots=True)
class StatusEnquiry:
    """05 01: how are you? Moves nothing, and needs no password ("")."""

    command: ClassVar = 0x0501
    password: str = field(repr=False)
    service: int | None = None

    def to_apdu(self) -> Apdu:
        return Apdu(self.command, _secret_and_service(self.password, self.service))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        password, rest = read_password(data) if data else ("", b"")
        return cls(password, _byte(read_fields(rest)[0], bmp.SERVICE))


@dataclass(frozen=True, slots=True)
class RepeatReceipt:
    """06 20: the last receipt again. With both bits of `service` it is a silent read."""

    command: ClassVar = 0x0620
    password: str = field(repr=False)
    service: int | None = Service.SEND_STATUS_INFORMATION | Service.DO_NOT_PRINT

    def to_apdu(self) -> Apdu:
        return Apdu(self.command, _secret_and_service(self.password, self.service))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        password, rest = read_password(data)
        return cls(password, _byte(read_fields(rest)[0], bmp.SERVICE))


@dataclass(frozen=True, slots=True)
class Errand:
    """A command that says nothing but its name, or its name and the password.

    06 02 log-off, 06 18 reset, 06 50 end of day, 06 70 diagnosis, 06 93 initialisation, 06 B0
    abort.
    """

    command: int
    password: str | None = field(default=None, repr=False)

    def to_apdu(self) -> Apdu:
        secret = b"" if self.password is None else to_bcd(self.password, PASSWORD_BYTES)
        return Apdu(self.command, secret)

    @classmethod
    def from_apdu(cls, apdu: Apdu) -> Self:
        digits = apdu.data[:PASSWORD_BYTES].hex()
        whole = len(digits) == 2 * PASSWORD_BYTES and digits.isdecimal()
        return cls(apdu.command, digits if whole else None)


LOG_OFF, RESET, END_OF_DAY, DIAGNOSIS = 0x0602, 0x0618, 0x0650, 0x0670
INITIALISATION, ABORT = 0x0693, 0x06B0


def _secret_and_service(password: str, service: int | None) -> bytes:
    value = None if service is None else bytes([service])
    secret = to_bcd(password, PASSWORD_BYTES) if password else b""
    return secret + write_fields([(bmp.SERVICE, value)])


def _currency(data: bytes) -> tuple[int | None, bytes]:
    """Part the currency of a registration from the fields behind it.

    It has no number, and nothing may follow without it. Registers were seen that number it all the
    same (no currency begins with 49), or leave it out in front of their TLV container. What could
    be a container, and also a currency of 06xx with whole fields behind it, is that.
    """
    behind = data[CURRENCY_BYTES:]
    if behind and is_container(data) and read_fields(behind)[1]:
        return None, data
    start = 1 if data[:1] == bytes([bmp.CURRENCY]) else 0
    end = start + CURRENCY_BYTES
    return from_bcd(data[start:end]), data[end:]


def _byte(found: Mapping[int, bytes], number: int) -> int | None:
    return found[number][0] if number in found else None


def _two(command: int) -> bytes:
    return command.to_bytes(2, "big")
