"""Every card terminal that may stand in the virtual shop."""

from collections.abc import Callable, Mapping
from importlib import import_module

from posedge.demo.stand import Spot, Stand

TERMINALS: Mapping[str, str] = {
    "zvt": "posedge.demo.stand_zvt:ZvtStand",
    "zvt-serial": "posedge.demo.stand_zvt:ZvtSerialStand",
    "ecr17": "posedge.demo.stand_ecr17:Ecr17Stand",
    "adyen": "posedge.demo.stand_adyen:AdyenStand",
    "adyen-cloud": "posedge.demo.stand_adyen:AdyenCloudStand",
    "caisse-ap": "posedge.demo.stand_caisse_ap:CaisseApStand",
    "stripe": "posedge.demo.stand_cloud:stripe",
    "square": "posedge.demo.stand_cloud:square",
    "sumup": "posedge.demo.stand_cloud:sumup",
    "vendor": "posedge.demo.stand_vendor:VendorStand",
}
"""By the name that `--terminal` takes; imported when it is chosen."""

WITHOUT_REFUND = frozenset({"ecr17"})
"""What was paid by card goes back in cash, as in such a shop."""

SPEECHLESS = frozenset({"caisse-ap"})
"""They cannot be asked what became of a payment: the shop has an operator who looks."""


def stand(kind: str) -> Callable[[Spot], Stand]:
    """Return what sets the terminal up."""
    module, _, name = TERMINALS[kind].partition(":")
    made: Callable[[Spot], Stand] = getattr(import_module(module), name)
    return made
