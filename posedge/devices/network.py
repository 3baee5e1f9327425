"""Printers on the network as they announce themselves by DNS-SD: nodes, and what drives them. Pure.

Nothing is sent to find out: what a printer says of itself decides, or the operator does. TXT keys
from Apple's Bonjour Printing Specification 1.2.1: `ty`, `usb_MFG`, `usb_MDL`, `UUID`, `mac`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from posedge.devices.address import Tcp
from posedge.devices.inventory import Body, Node

NETWORK: Final = "network"
"""The subsystem of these nodes; udev has none of this name."""

RAW: Final = "_pdl-datastream._tcp.local."
TYPES: Final = (RAW, "_printer._tcp.local.", "_ipp._tcp.local.")
"""Raw printing is what our drivers speak; LPD and IPP only tell that a printer is there."""

MAX_TXT = 200
"""Longest text that is believed: DNS-SD allows 255, and nothing of a printer's needs more."""

_SPOKEN: Final = (
    (re.compile(r"\b(EPSON|Seiko Epson).*\bTM-", re.IGNORECASE), "escpos"),
    (
        re.compile(r"\bStar\b.*\b(TSP[678]\d\d|mC-Print|mPOP|SP7\d\d|TSP100IV)", re.IGNORECASE),
        "star-printer",
    ),
    (re.compile(r"\b(Zebra|ZTC)\b", re.IGNORECASE), "zpl-printer"),
)
"""Makers and models whose language is known; everything else is listed and left alone."""

_KEYS: Final = ("ty", "usb_MFG", "usb_MDL", "product")
_OWN: Final = ("mac", "UUID")
"""What a printer keeps when its address changes, the best first."""


@dataclass(frozen=True, slots=True)
class Service:
    """One announcement. `server` is the host's name, the same for all services of a printer."""

    type: str
    server: str
    host: str
    port: int
    txt: Mapping[str, str]


def identity(services: Sequence[Service]) -> str:
    """Return what tells a printer from others whatever its address: MAC, UUID, or host name."""
    for key in _OWN:
        for service in services:
            if own := _clean(_lower(service.txt).get(key.lower(), "")):
                return f"{key.lower()}-{own.lower()}"
    return f"host-{_clean(services[0].server.removesuffix('.').removesuffix('.local'))}"


def nodes(services: Sequence[Service]) -> tuple[Node, ...]:
    """Return a printer's services as nodes of one body."""
    path = f"/network/{identity(services)}"
    return tuple(_node(path, service) for service in services)


def address(node: Node) -> Tcp:
    return Tcp(host=node.properties["host"], port=int(node.properties["port"]))


def driver(body: Body) -> str | None:
    """Return the driver for a printer that offers raw printing and speaks what we know."""
    if not body.files(NETWORK):
        return None
    said = " ".join(node.properties["ID_MODEL"] for node in body.nodes)
    return next((driver for pattern, driver in _SPOKEN if pattern.search(said)), None)


def offered(body: Body) -> bool:
    """Whether this is a printer on the network, whatever it speaks."""
    return any(node.subsystem == NETWORK for node in body.nodes)


def configured(body: Body, addresses: frozenset[Tcp]) -> bool:
    """Whether the operator has named this printer already, by number or by name."""
    return any(
        Tcp(host=node.properties[key], port=int(node.properties["port"])) in addresses
        for node in body.files(NETWORK)
        for key in ("host", "server")
    )


def why(body: Body) -> tuple[str, str]:
    """Return reason and remedy of a printer that is found and not driven."""
    if not body.files(NETWORK):
        return (
            "a network printer that offers no raw printing (port 9100)",
            "switch raw or socket printing on at the printer, or use another one",
        )
    host = address(body.files(NETWORK)[0])
    return (
        "a network printer whose language is not known: found, not driven",
        f'add [[devices.static]] with address = "{host}" and its driver to the configuration',
    )


def _node(path: str, service: Service) -> Node:
    raw = service.type == RAW
    says = " ".join(_text(_lower(service.txt).get(key.lower(), "")) for key in _KEYS)
    properties = {
        "ID_PATH": path.removeprefix("/").replace("/", ":"),
        "ID_MODEL": " ".join(says.split()),
        "server": service.server.removesuffix(".").lower(),
        "host": service.host,
        "port": str(service.port),
    }
    file = f"{service.host}:{service.port}" if raw else None
    return Node(f"{path}/{service.type}", NETWORK, file, properties)


def _lower(txt: Mapping[str, str]) -> Mapping[str, str]:
    """TXT keys have no case (RFC 6763, 6.4)."""
    return {key.lower(): value for key, value in txt.items()}


def _text(text: str) -> str:
    """Leave what can be shown: anybody on the network may announce anything."""
    return "".join(char for char in text[:MAX_TXT] if char.isprintable())


def _clean(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", text[:MAX_TXT].replace(":", "")).strip("-")
