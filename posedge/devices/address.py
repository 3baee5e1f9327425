"""Where a device is, written as one line: `tcp://printer.lan:9100`, `serial:///dev/ttyS0?baud=9600`.

Line settings are taken from the address, else from the options, else from the driver's custom.
"""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from posedge.link.serial import Bits, ParityLetter, StopBits
from posedge.model.errors import MisuseError
from posedge.model.mistakes import mistakes
from posedge.model.value import Value

Option: TypeAlias = bool | int | str
Options = Annotated[
    Mapping[
        str, Annotated[Option, Field(description="text in quotes, a whole number, true or false")]
    ],
    Field(default_factory=dict[str, Option]),
]

FORMS = (
    "tcp://host:port, https://host, serial:///dev/ttyS0?baud=9600, usblp:///dev/usb/lp0, "
    "evdev:///dev/input/event0 or hidraw:///dev/hidraw0"
)

HTTP_PORTS = {"https": 443, "http": 80}

DevicePath = Annotated[str, Field(pattern=r"^/", description="a path that begins with /")]


class Tcp(Value):
    scheme: Literal["tcp"] = "tcp"
    host: Annotated[str, Field(min_length=1, max_length=253, description="a name or number")]
    port: Annotated[int, Field(ge=1, le=65535)]

    def __str__(self) -> str:
        return f"tcp://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Http(Value):
    """A device or a provider that is asked by HTTP; in clear only on this machine itself."""

    scheme: Literal["https", "http"] = "https"
    host: Annotated[str, Field(min_length=1, max_length=253, description="a name or number")]
    port: Annotated[int, Field(ge=1, le=65535)]
    path: Annotated[str, Field(pattern=r"^(/[^/]+)*$", description="empty, or a path from /")] = ""

    @field_validator("host")
    @classmethod
    def _guarded(cls, host: str, info: ValidationInfo) -> str:
        if info.data.get("scheme") == "http" and not _loopback(host):
            raise ValueError("http:// is for 127.0.0.1 only; write https://")
        return host

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == HTTP_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


class Line(Value):
    """How a serial line is set."""

    baud: Annotated[int, Field(ge=50, le=4_000_000)] = 9600
    bits: Bits = 8
    parity: ParityLetter = "N"
    stop_bits: StopBits = 1
    rts_cts: bool = False


class Serial(Value):
    scheme: Literal["serial"] = "serial"
    path: DevicePath
    line: Line = Line()

    def __str__(self) -> str:
        return f"serial://{self.path}"


class Usblp(Value):
    scheme: Literal["usblp"] = "usblp"
    path: DevicePath

    def __str__(self) -> str:
        return f"usblp://{self.path}"


class Evdev(Value):
    scheme: Literal["evdev"] = "evdev"
    path: DevicePath

    def __str__(self) -> str:
        return f"evdev://{self.path}"


class Hidraw(Value):
    scheme: Literal["hidraw"] = "hidraw"
    path: DevicePath

    def __str__(self) -> str:
        return f"hidraw://{self.path}"


class Pcsc(Value):
    """A card reader that pcscd knows; `reader` is a part of its name, nothing for the only one."""

    scheme: Literal["pcsc"] = "pcsc"
    reader: Annotated[str, Field(max_length=128)] = ""

    def __str__(self) -> str:
        return f"pcsc://{quote(self.reader)}"


class Worker(Value):
    """A vendor's program that is spoken to by its standard input and output."""

    scheme: Literal["worker"] = "worker"
    path: DevicePath
    memory_mb: Annotated[int, Field(ge=16, le=4096)] = 256

    def __str__(self) -> str:
        return f"worker://{self.path}"


class Through(Value):
    """Behind a printer, on its line; `printer` is its name, id or role."""

    scheme: Literal["through"] = "through"
    printer: Annotated[str, Field(min_length=1, max_length=256)]

    def __str__(self) -> str:
        return f"through://{quote(self.printer, safe='')}"


Address: TypeAlias = Tcp | Http | Serial | Usblp | Evdev | Hidraw | Pcsc | Worker | Through
SCHEMES: Mapping[str, type[Address]] = {
    "tcp": Tcp,
    "https": Http,
    "http": Http,
    "serial": Serial,
    "usblp": Usblp,
    "evdev": Evdev,
    "pcsc": Pcsc,
    "worker": Worker,
    "through": Through,
    "hidraw": Hidraw,
}

CUSTOM: Mapping[str, Line] = {
    "toledo": Line(baud=9600, bits=7, parity="E"),  # the manuals are named in posedge/wire/scales
    "toledo-8213": Line(baud=9600, bits=7, parity="E"),
    "dialog-04": Line(baud=4800, bits=7, parity="O"),
    "dialog-06": Line(baud=4800, bits=7, parity="O"),
    "berkel": Line(baud=2400, bits=7, parity="E"),
    "zvt": Line(baud=9600, stop_bits=2),  # PA00P016 rev 04; many can be set to 115200
}
"""The line settings that a driver's devices leave the factory with; else 9600 8N1."""


def parse(text: str, driver: str = "", options: Mapping[str, Option] | None = None) -> Address:
    """Read an address; MisuseError `address.unreadable` says what is wrong with it."""
    try:
        parts = urlsplit(text)
        return _build(parts, driver, options or {})
    except ValueError as error:
        why = str(error)
    raise MisuseError("address.unreadable", f"{text!r} is no address ({why}): write {FORMS}")


def _build(parts: SplitResult, driver: str, options: Mapping[str, Option]) -> Address:
    """Raise ValueError with the reason when there is no such address."""
    kind = SCHEMES.get(parts.scheme)
    if kind is None:
        raise ValueError("it begins with no known scheme")
    given: dict[str, object] = {"path": parts.path}
    if kind is Tcp:
        given = {"host": parts.hostname or "", "port": parts.port or 0}
    elif kind is Pcsc:
        given = {"reader": unquote(parts.netloc)}
    elif kind is Through:
        given = {"printer": unquote(parts.netloc)}
    elif kind is Http:
        given = _http(parts)
    elif kind is Worker:
        given |= _worker(parts.query)
    elif kind is Serial:
        given["line"] = _line(driver, {**options, **_settings(parts.query)})
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = mistakes(error, kind)[0]
        raise ValueError(f"{first.place[-1]}: {first.text}") from None


def _worker(query: str) -> dict[str, object]:
    settings = dict(parse_qsl(query, strict_parsing=bool(query)))
    if settings.keys() - {"memory_mb"}:
        raise ValueError("a program has no setting but memory_mb")
    return {name: _number(value) for name, value in settings.items()}


def _http(parts: SplitResult) -> dict[str, object]:
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an https address is scheme, host, port and path only")
    port = HTTP_PORTS[parts.scheme] if parts.port is None else parts.port
    path = parts.path.rstrip("/")
    return {"scheme": parts.scheme, "host": parts.hostname or "", "port": port, "path": path}


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _settings(query: str) -> dict[str, str]:
    settings = dict(parse_qsl(query, strict_parsing=bool(query)))
    unknown = sorted(settings.keys() - Line.model_fields.keys())
    if unknown:
        raise ValueError(f"no line setting is called {', '.join(unknown)}")
    return settings


def line(driver: str, options: Mapping[str, object]) -> Line:
    """Return the line settings among `options`, on top of the driver's custom."""
    return Line.model_validate(_line(driver, options))


def _line(driver: str, options: Mapping[str, object]) -> Mapping[str, object]:
    custom = CUSTOM.get(driver, Line()).model_dump()
    return custom | {key: _number(each) for key, each in options.items() if key in custom}


def beyond_line(options: Mapping[str, Option]) -> Mapping[str, Option]:
    """Return the options that are the driver's own."""
    return {key: value for key, value in options.items() if key not in Line.model_fields}


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
