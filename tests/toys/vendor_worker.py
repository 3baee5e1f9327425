"""A toy vendor's native adapter: what it does wrong, and where, is in the file `plan` beside it.

`plan` holds JSON such as {"at": "pay", "do": "segfault"}. What it really charged is in `books`,
as a terminal keeps it: it survives this program. It is void unless it was committed.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[0]).parent
BOOKS = FOLDER / "books"


def books() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(BOOKS.read_text()) if BOOKS.exists() else {}
    return known


def keep(reference: str, **entry: object) -> None:
    known = books()
    known[reference] = {**known.get(reference, {}), **entry}
    scratch = FOLDER / "books.new"
    scratch.write_text(json.dumps(known))
    scratch.replace(BOOKS)


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def step(name: str) -> None:
    """Do what the plan says for here, once."""
    path = FOLDER / "plan"
    plan = json.loads(path.read_text()) if path.exists() else {}
    if plan.get("at") != name:
        return
    path.unlink()
    sys.stderr.write(f"going to {plan['do']}; card 4111111111111111\n")
    sys.stderr.flush()
    match plan["do"]:
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            while True:
                os.sched_yield()
        case "exit":
            os._exit(3)
        case "babble":
            while True:
                say(call=0, shown="x" * 1000)
        case "garble":
            sys.stdout.write("not json\n")
            sys.stdout.flush()
        case lie:
            say(call=plan.get("call", 0), **json.loads(lie))


def result(reference: str) -> dict[str, Any]:
    entry = books()[reference]
    lie = FOLDER / "lie"
    told = json.loads(lie.read_text()) if lie.exists() else {}
    return {
        "reference": reference,
        "approved": entry["approved"],
        "amount_minor": entry["amount_minor"],
        "currency": entry["currency"],
        "receipt_no": "0001",
        "pan_last4": "1111",
        **told,
    }


def pay(call: int, order: dict[str, Any]) -> None:
    step("pay")
    if (FOLDER / "refuse").exists():
        say(call=call, error={"code": "refused", "text": "no paper"})
        return
    say(call=call, accepted=True)
    say(call=call, shown="insert card")
    step("card")
    keep(
        order["reference"],
        approved=not (FOLDER / "decline").exists(),
        amount_minor=order["amount_minor"],
        currency=order["currency"],
        state="held",
    )
    step("charged")
    say(call=call, printed={"customer": True, "lines": ["KASSE", "12,50"]})
    say(call=call, result=result(order["reference"]))


def found(reference: str) -> dict[str, Any]:
    entry = books().get(reference)
    if entry is None:
        return {"state": "none"}
    if not entry["approved"]:
        return {"state": "declined"}
    if entry["state"] == "held":  # nobody committed it: the terminal has taken it back
        keep(reference, state="void")
        return {"state": "void"}
    if entry["state"] == "void":
        return {"state": "void"}
    return {"state": "approved", "result": result(reference)}


def main() -> None:
    step("start")
    files = list(Path("/proc/self/fd").iterdir())
    if os.environ.keys() - {"PATH", "LANG", "LC_CTYPE"} or len(files) > 4:
        sys.exit("it inherited something")
    version = 2 if (FOLDER / "foreign").exists() else 1
    say(hello={"protocol": version, "name": "toy", "able": ["refund", "cancel", "magic"]})
    for text in sys.stdin:
        order = json.loads(text)
        call, do = order["call"], order["do"]
        step(f"before {do}")
        match do:
            case "ping" | "status":
                say(call=call, ok="ready" if do == "status" else "")
            case "pay":
                pay(call, order)
            case "commit":
                keep(order["reference"], state="committed")
                step("committed")
                say(call=call, ok="")
            case "refuse":
                keep(order["reference"], state="void")
                say(call=call, ok="")
            case "find":
                say(call=call, found=found(order["reference"]))
            case "cancel":
                keep("cancelled", approved=False, amount_minor=0, currency="EUR", state="void")


main()
