"""Each simulated payment provider alone, and the orders that switch its faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from posedge.sim import square_cloud, stripe_cloud, sumup_cloud
from posedge.sim.charge import Charge
from posedge.sim.cloud import Bank, CloudSim
from posedge.sim.cloud_faults import CloudFaults, Outcome, Way
from posedge.sim.square_cloud import SquareBank
from posedge.sim.stripe_cloud import StripeBank
from posedge.sim.sumup_cloud import SumupBank

SWITCHES = ("foreign", "forgets", "busy", "unmasked")
HOOK_SWITCHES = ("lost", "twice", "reversed", "forged")

ORDERS = (
    f"orders: outcome {'|'.join(Outcome)}, way {'|'.join(Way)} [at ROUTE] [after N] [times N],"
    f" mend, {'|'.join(SWITCHES)} on|off, hooks {'|'.join(HOOK_SWITCHES)} on|off,"
    " hooks to URL, late_s N, skew_s N"
)

MakeBank = Callable[[CloudFaults, Callable[[], int], float], Bank]


@dataclass(frozen=True, slots=True)
class Kind:
    """A provider: its name, the port where it is looked for, what a driver is configured with."""

    title: str
    port: int
    make: MakeBank
    options: Mapping[str, str]


CLOUDS: Mapping[str, Kind] = {
    "stripe": Kind(
        "Stripe",
        stripe_cloud.PORT,
        lambda faults, now, customer_s: StripeBank(faults, now=now, customer_s=customer_s),
        {
            "secret_key": stripe_cloud.SECRET_KEY,
            "reader": stripe_cloud.READER,
            "webhook_secret": stripe_cloud.WEBHOOK_SECRET,
        },
    ),
    "square": Kind(
        "Square",
        square_cloud.PORT,
        lambda faults, now, customer_s: SquareBank(faults, now=now, customer_s=customer_s),
        {
            "access_token": square_cloud.ACCESS_TOKEN,
            "device_id": square_cloud.DEVICE_ID,
            "webhook_secret": square_cloud.WEBHOOK_SECRET,
            "webhook_url": square_cloud.WEBHOOK_URL,
        },
    ),
    "sumup": Kind(
        "SumUp",
        sumup_cloud.PORT,
        lambda faults, now, customer_s: SumupBank(faults, now=now, customer_s=customer_s),
        {
            "api_key": sumup_cloud.API_KEY,
            "merchant_code": sumup_cloud.MERCHANT,
            "reader": sumup_cloud.READER,
            "app_id": sumup_cloud.APP_ID,
            "affiliate_key": sumup_cloud.AFFILIATE_KEY,
        },
    ),
}


def cloud(
    kind: str,
    *,
    customer_s: float,
    host: str = "127.0.0.1",
    port: int = 0,
    now: Callable[[], int] | None = None,
) -> CloudSim:
    """Return a provider that is not switched on yet; `now` is its clock, None this machine's."""
    faults = CloudFaults()
    bank = CLOUDS[kind].make(faults, now or _now_s, customer_s)
    return CloudSim(bank, faults, host=host, port=port)


def obey(sim: CloudSim, order: str) -> str:
    """Switch a fault; return what was charged so far, or what orders there are."""
    words = order.split()
    if words and not _done(sim, words):
        return ORDERS
    return "; ".join(map(_charge, sim.ledger)) or "nothing charged yet"


def _done(sim: CloudSim, words: list[str]) -> bool:
    faults = sim.faults
    match words:
        case ["outcome", outcome] if outcome in set(Outcome):
            faults.outcome = Outcome(outcome)
        case ["way", way, *rest] if way in set(Way):
            return _meet(faults, Way(way), rest)
        case ["mend"]:
            faults.mend()
        case [name, ("on" | "off") as on] if name in SWITCHES:
            setattr(faults, name, on == "on")
        case ["hooks", "to", url]:
            sim.hook_url = url
        case ["hooks", name, ("on" | "off") as on] if name in HOOK_SWITCHES:
            setattr(faults.hooks, name, on == "on")
        case [("late_s" | "skew_s") as name, count] if count.isdigit():
            setattr(faults, name, int(count))
        case _:
            return False
    return True


def _meet(faults: CloudFaults, way: Way, words: list[str]) -> bool:
    named = dict(zip(words[::2], words[1::2], strict=False))
    counts = [named[name] for name in ("after", "times") if name in named]
    if len(words) % 2 or named.keys() - {"at", "after", "times"}:
        return False
    if not all(count.isdigit() for count in counts):
        return False
    faults.mend()
    faults.way = way
    faults.at = (named["at"],) if "at" in named else ()
    faults.after = int(named.get("after", 0))
    faults.times = int(named.get("times", 1))
    return True


def _charge(charge: Charge) -> str:
    back = ", taken back" if charge.reversed else ""
    return f"{charge.kind} of {charge.amount_minor}, {charge.receipt_no}{back}"


def _now_s() -> int:
    """Return the provider's own clock: it is another machine than any box."""
    return int(datetime.now().astimezone().timestamp())  # noqa: TID251
