"""Every card terminal that may stand in the virtual shop."""

from collections.abc import Callable, Mapping
from importlib import import_module

from posedge.demo.stand import Spot, Stand

TERMINALS: Mapping[str, str] = {
    "zvt": "posedge.demo.stand_zvt:ZvtStand",
    "zvt-serial": "posedge.demo.stand_zvt:ZvtSerialStand",
}
"""By the name that `--terminal` takes; imported when it is chosen."""


def stand(kind: str) -> Callable[[Spot], Stand]:
    """Return what sets the terminal up."""
    module, _, name = TERMINALS[kind].partition(":")
    made: Callable[[Spot], Stand] = getattr(import_module(module), name)
    return made
