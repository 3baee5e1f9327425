"""What a maker would put around its native library: a worker after docs/vendor-worker.md.

The folder that it is called in is the memory of its terminal: there are the `books`, which outlive
it, and the `faults` of posedge.sim.vendor_faults, which it looks at in each step. Money is held
when a card was charged, kept when the box committed it, and else taken back. It needs nothing but
the standard library: it starts without the rest of the virtual shop.
"""

import json
import os
import select
import sys
from pathlib import Path

from posedge.sim.vendor_books import THOUGHT, Entry, at_work, books, faults, is_kept
from posedge.sim.vendor_wrongs import PAN, now_s, pause, say, step

ABLE = ("refund", "reversal", "preauth", "release", "partial", "cancel")
ABOUT = ("reversal", "capture", "release")
"""Kinds that nothing stands behind unless their original was kept."""


class Ear:
    """Standard input, a call at a time."""

    def __init__(self) -> None:
        self._unread = b""
        self._later: list[Entry] = []
        self.deaf = False

    def next(self) -> Entry | None:
        """Return the box's next call; None when it has gone."""
        return self._later.pop(0) if self._later else self._hear(None)

    def stopped(self, reference: str, within_s: float) -> bool:
        """Wait for the box to cancel this payment; what else it says comes later."""
        until = now_s() + within_s
        while (left := until - now_s()) > 0:
            order = self._hear(left)
            if order is None and self.deaf:
                pause(until - now_s())  # its native code goes on to the end
            elif order and (order["do"], order.get("reference")) == ("cancel", reference):
                return True
            elif order:
                self._later.append(order)
        return False

    def _hear(self, within_s: float | None) -> Entry | None:
        while b"\n" not in self._unread and not self.deaf:
            if not select.select([0], [], [], within_s)[0]:
                return None
            data = os.read(0, 65_536)
            self._unread += data
            self.deaf = not data
        line, _, self._unread = self._unread.partition(b"\n")
        order: Entry | None = json.loads(line) if line else None
        return order


def pay(ear: Ear, order: Entry) -> None:
    """Carry a payment out, unless the terminal is at one of a program that was left behind."""
    call, reference = order["call"], order["reference"]
    with at_work() as free:
        if not free:
            say(call=call, error={"code": "refused", "text": "a payment is going on"})
            return
        with books() as known:
            twice = reference in known.entries
            lost = order["kind"] in ABOUT and not is_kept(known.entries.get(order["original"]))
        if twice or lost or faults()["busy"]:
            text = "carried out already" if twice else "unknown original" if lost else "no"
            say(call=call, error={"code": "refused", "text": text})
        else:
            _take(ear, order)


def _take(ear: Ear, order: Entry) -> None:
    call, reference, known = order["call"], order["reference"], faults()
    say(call=call, accepted=True)
    say(call=call, shown="Insert card" if order["kind"] not in ABOUT else "Please wait")
    if step("card", call):
        return
    ignored = known["outcome"] == "ignore"
    stopped = ear.stopped(reference, 3600.0 if ignored else known["customer_s"])
    known = faults()  # what is ordered while the customer takes out the card counts
    outcome = "abort" if stopped else known["outcome"]
    charged = outcome == "approve"
    with books() as kept:
        receipt_no = f"{len(kept.entries) + 1:04}"
        kept.note(
            reference,
            state="held" if charged else "declined",
            kind=order["kind"],
            original=order["original"],
            amount_minor=known["amount_minor"] or order["amount_minor"],
            currency=known["currency"] or order["currency"],
            cancelled=outcome == "abort",
            receipt_no=receipt_no,
        )
        entry = kept.entries[reference]
    if step("charged", call):
        return
    say(call=call, printed={"customer": True, "lines": ["KASSE", f"Beleg {receipt_no}"]})
    say(call=call, printed={"customer": False, "lines": ["HÄNDLER", f"Beleg {receipt_no}"]})
    for _ in range(2 if known["duplicates"] else 1):
        say(call=call + 90 * known["another_call"], result=result(reference, entry, known))


def result(reference: str, entry: Entry, known: Entry) -> Entry:
    approved = entry["state"] in {"held", "committed"}
    text = "" if approved else "stopped" if entry["cancelled"] else "declined"
    return {
        "reference": "another" if known["foreign"] else reference,
        "approved": approved,
        "amount_minor": None if known["amountless"] else entry["amount_minor"],
        "currency": entry["currency"],
        "receipt_no": entry["receipt_no"],
        "auth_code": "T" + entry["receipt_no"] if approved else "",
        "terminal_id": "toy-1",
        "scheme": "visa",
        "pan_last4": PAN if known["unmasked"] else PAN[-4:],
        "entry": "chip",
        "code": "" if approved else "05",
        "text": text,
        "cancelled": entry["cancelled"],
    }


def commit(order: Entry) -> None:
    """Keep what is held; what was taken back meanwhile cannot be had again."""
    reference = order["reference"]
    with books() as kept:
        entry = kept.entries.get(reference, {"state": "none"})
        if entry["state"] == "held":
            kept.note(reference, state="committed")
            if entry["kind"] in {"reversal", "release"}:
                kept.note(entry["original"], reversed=True)
        gone = entry["state"] not in {"committed", "declined"}
    if step("committed", order["call"]):
        return
    if gone:
        say(call=order["call"], error={"code": "gone", "text": "it was taken back"})
    else:
        say(call=order["call"], ok="")


def take_back(reference: str | None = None) -> None:
    """Void what is held: this one, or all that nobody will commit any more."""
    with books() as kept:
        for each, entry in tuple(kept.entries.items()):
            if entry["state"] == "held" and reference in {None, each}:
                kept.note(each, state="void")


def found(reference: str) -> Entry:
    """Tell what became of a payment; only reads."""
    known = faults()
    with books() as kept:
        entry = kept.entries.get(reference)
    if entry is None or known["forgets"]:
        with at_work() as free:
            return {"state": "unknown" if known["forgets"] else "none" if free else "running"}
    if entry["state"] == "committed":
        return {"state": "approved", "result": result(reference, entry, known)}
    return {"state": entry["state"]}


def obey(ear: Ear, order: Entry) -> None:
    call, do = order["call"], order["do"]
    if step(do, call):
        return
    match do:
        case "pay":
            pay(ear, order)
        case "commit":
            commit(order)
        case "refuse":
            take_back(order["reference"])
            say(call=call, ok="")
        case "find":
            say(call=call, found=found(order["reference"]))
        case "status":
            say(call=call, ok="ready")
        case "ping":
            say(call=call, ok="")
        case _:  # cancel, of a payment that has ended
            pass


def main() -> None:
    step("start")
    files = list(Path("/proc/self/fd").iterdir())
    if os.environ.keys() - {"PATH", "LANG", "LC_CTYPE"} or len(files) > 4:  # noqa: PLR2004 - and this
        sys.exit("it inherited something")
    with at_work() as free:
        if free:
            take_back()
    ear = Ear()
    version = faults()["version"]
    say(hello={"protocol": version, "name": "toy", "version": "1", "able": [*ABLE, "magic"]})
    while order := ear.next():
        began_s = now_s()
        obey(ear, order)
        with THOUGHT.open("a") as file:
            file.write(f"{began_s} {now_s()}\n")
    take_back()
