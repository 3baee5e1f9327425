"""`posedge sim KIND`: one simulated device alone, for a till maker or a foreign client."""

import argparse
import signal
import sys
from contextlib import suppress

KINDS = (
    "scanner",
    "scale",
    "printer",
    "star-printer",
    "zpl-printer",
    "display",
    "zvt-terminal",
    "caisse-ap-terminal",
    "stripe-cloud",
    "ecr17-terminal",
    "square-cloud",
    "sumup-cloud",
    "adyen-terminal",
    "adyen-cloud",
    "vendor-terminal",
)
HELP = f"run one simulated device: {', '.join(KINDS[:-1])} or {KINDS[-1]}"
DESCRIPTION = """\
Be one device until Ctrl-C or SIGTERM. Lines typed (or piped in) are orders; one
that is none is answered by a list of those there are.

  posedge sim scanner              on a serial line; each line is scanned,
                                   {GS} being the separator
  posedge sim scale                Mettler Toledo 8217: put 1250, silent on,
                                   unplug; another by --protocol mt-sics
  posedge sim printer              ESC/POS on port 9100: paper out, cover open,
                                   png FILE
  posedge sim star-printer         the same in Star Line Mode
  posedge sim zpl-printer          labels in ZPL; paper out|in counts labels
  posedge sim display              customer display of 2 x 20, shown as text:
                                   show, unplug; --language epson
  posedge sim zvt-terminal         ZVT on port 20007: outcome decline,
                                   silent_at card, signature on; with --serial
                                   or --link on a serial line: drop_ack 1
  posedge sim caisse-ap-terminal   Caisse-AP on port 8888: outcome decline,
                                   silent_at answer
  posedge sim stripe-cloud         Stripe's API with a reader, port 8181:
                                   outcome decline, way untold at process
  posedge sim ecr17-terminal       ECR17 on port 10000: outcome decline,
                                   silent_at result; --serial or --link
  posedge sim square-cloud         Square's API with a Terminal, port 8182
  posedge sim sumup-cloud          SumUp's API with a reader, port 8183
  posedge sim adyen-terminal       Terminal API on port 8443, sealed: outcome
                                   decline, silent_at result, seal broken
  posedge sim adyen-cloud          the same behind /sync on port 9443
  posedge sim vendor-terminal      a maker's program for driver "vendor", at
                                   --link: at card, does segfault
"""

LANGUAGES = ("cd5220", "epson", "logic-controls", "aedex")
PROTOCOLS = (
    "toledo",
    "toledo-8213",
    "dialog-04",
    "dialog-06",
    "mt-sics",
    "nci",
    "cas-22",
    "cas-retail",
    "berkel",
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, help="TCP port (default: the kind's usual one)")
    parser.add_argument(
        "--link",
        help="a path that always points to the simulated serial port, Adyen's roots or the program",
    )
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default=LANGUAGES[0],
        metavar="LANGUAGE",
        help=f"of a display: {', '.join(LANGUAGES)} (%(default)s)",
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        metavar="NAME",
        help=f"what a scale speaks: {', '.join(PROTOCOLS)}",
    )
    parser.add_argument("--serial", help="a serial port that is there, or where to make one")


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from posedge.sim import alone
    from posedge.sim.console import orders

    body = alone.KINDS[args.kind]
    where = alone.Where(
        host=args.host,
        port=args.port,
        link=args.link,
        serial=args.serial,
        language=args.language,
        protocol=args.protocol,
    )

    async def serve() -> None:
        serving = asyncio.current_task()
        assert serving is not None, "a coroutine runs in a task"
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        await body(where, orders(sys.stdin))

    with suppress(asyncio.CancelledError):  # told to end: no failure
        asyncio.run(serve())
    return 0
