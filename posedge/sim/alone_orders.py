"""What is typed at a simulated device: each order changes one thing and is answered in words."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from posedge.sim.charge import Charge
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_paper import PrintedReceipt
from posedge.sim.switches import switch
from posedge.sim.zpl_label import PrintedLabel
from posedge.sim.zvt import ZvtTerminalSim

Piece = PrintedReceipt | PrintedLabel

PRINTER_ORDERS = (
    "orders: paper out|in, cover open|shut, drawer shut|key|high|low, line cut, png FILE"
)


def printer_order(sim: PrinterSim, out: Sequence[Piece], order: str) -> str:
    """Do what a person does at a printer; return what came of it."""
    match order.split():
        case ["paper", ("out" | "in") as way]:
            sim.load(0 if way == "out" else None)
        case ["cover", ("open" | "shut") as way]:
            sim.faults = replace(sim.faults, cover_open=way == "open")
        case ["drawer", "shut"]:
            sim.close_drawer()
        case ["drawer", "key"]:
            sim.pull_drawer()
        case ["drawer", "high" | "low" as level]:
            sim.wire_drawer(high_when_open=level == "high")
        case ["line", "cut"]:
            sim.cut_line()
        case ["png", path] if out:
            Path(path).write_bytes(out[-1].png())
        case []:
            pass
        case _:
            return PRINTER_ORDERS
    return f"{len(out)} receipts, drawer opened {sim.drawer_opened} times"


def terminal_order(sim: ZvtTerminalSim, order: str) -> str:
    """Switch one fault: its name and value; return what the terminal has charged so far."""
    name = order.partition(" ")[0]
    by_wire = name in {each.name for each in fields(sim.faults.line)}
    said = switch(sim.faults.line if by_wire else sim.faults, order)
    if said is None:
        return charged(sim.ledger)
    return said if by_wire else f"{said}; on a serial line corrupt|noise|drop_ack|nak NUMBER"


def charged(ledger: Sequence[Charge]) -> str:
    return "; ".join(map(_charge, ledger)) or "nothing charged yet"


def _charge(charge: Charge) -> str:
    back = ", taken back" if charge.reversed else ""
    return f"{charge.kind} of {charge.amount_minor}, receipt {charge.receipt_no}{back}"
