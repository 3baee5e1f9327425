"""An Adyen terminal by itself, for `posedge sim`, with the secrets that a till needs to know."""

from datetime import UTC, datetime
from pathlib import Path

from posedge.sim.adyen import CLOUD_PORT, POIID, PORT, AdyenSim
from posedge.sim.adyen_faults import Alien, Faults, Outcome, Seal, Step
from posedge.sim.certificates import Authority
from posedge.wire.nexo.crypto import SecurityKey

PASSPHRASE, KEY_IDENTIFIER = "virtual-shop", "box"
API_KEY = "virtual-shop-key"
CHOICES = {"alien": Alien, "seal": Seal, "silent_at": Step}
NUMBERS = ("cut_at", "less_minor", "tip_minor", "amount_minor", "http")
SWITCHES = ("others", "forgets", "duplicates", "unmasked", "busy", "maintenance", "reject")
FAULTS = "; ".join(f"{name} {'|'.join(kind)}|never" for name, kind in CHOICES.items())
ORDERS = (
    f"orders: outcome {'|'.join(Outcome)}; {FAULTS};"
    f" {'|'.join(NUMBERS)} NUMBER|never; {'|'.join(SWITCHES)} on|off"
)


def switched_off(
    authority: Authority,
    *,
    cloud: bool,
    port: int | None,
    host: str = "127.0.0.1",
    customer_s: float = 0.0,
    faults: Faults | None = None,
) -> AdyenSim:
    """Return a terminal on the shop's network, or the cloud with one behind it."""
    name = "cloud" if cloud else f"{POIID}.test.terminal.adyen.com"
    usual = CLOUD_PORT if cloud else PORT
    return AdyenSim(
        faults,
        now=utc_time,
        tls=authority.issue(name, [host, "localhost"]),
        key=None if cloud else SecurityKey.derive(PASSPHRASE, KEY_IDENTIFIER, 1),
        api_key=API_KEY if cloud else "",
        target="/sync" if cloud else "/nexo",
        host=host,
        port=usual if port is None else port,
        customer_s=customer_s,
    )


def alone(
    folder: Path, *, cloud: bool, host: str, port: int | None, customer_s: float
) -> tuple[AdyenSim, Path, str]:
    """Return one that refuses test amounts as real ones do, its roots, and how a till gets in."""
    authority = Authority(folder)
    sim = switched_off(
        authority,
        cloud=cloud,
        port=port,
        host=host,
        customer_s=customer_s,
        faults=Faults(test_amounts=True),
    )
    secret = (
        f"X-API-Key {API_KEY}"
        if cloud
        else f"passphrase {PASSPHRASE}, key identifier {KEY_IDENTIFIER}, key version 1"
    )
    return sim, authority.roots, f"POIID {POIID}, {secret}"


def obey(sim: AdyenSim, order: str) -> bool:
    """Switch one fault by its name and value; False for what is no order."""
    match order.split():
        case ["outcome", way] if way in set(Outcome):
            sim.faults.outcome = Outcome(way)
        case [("alien" | "seal" | "silent_at") as fault, "never"]:
            setattr(sim.faults, fault, None)
        case [("alien" | "seal" | "silent_at") as fault, way] if way in set(CHOICES[fault]):
            setattr(sim.faults, fault, CHOICES[fault](way))
        case [fault, number] if fault in NUMBERS and (number.isdigit() or number == "never"):
            usual = getattr(Faults(), fault)
            setattr(sim.faults, fault, usual if number == "never" else int(number))
        case [fault, ("on" | "off") as way] if fault in SWITCHES:
            setattr(sim.faults, fault, way == "on")
        case []:
            pass
        case _:
            return False
    return True


def utc_time() -> datetime:
    """Return the terminal's own clock: it is another device than any box."""
    return datetime.now(UTC)  # noqa: TID251
