"""`posedge pair`: let a till or a technician in."""

import argparse

from posedge.cli.options import add_config

HELP = "show a code that lets one till or technician in"
DESCRIPTION = """\
Ask the running box for a code, good for one newcomer during ten minutes. The
till gives it back (POST /v1/pair) for a token of its own; a technician types it
on the box's page, and whoever sets up a customer display on its page /display.
There are no passwords. Run it on the box, as the box's user or as root.

  posedge pair --scope till --name "till 1"
  posedge pair --scope technician --name anna
  posedge pair --scope display --name "till 1"
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scope",
        choices=("till", "technician", "metrics", "display"),
        default="till",
        help="what the newcomer may do (default: %(default)s)",
    )
    parser.add_argument("--name", default="till", help="what to call it in lists and logs")
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    from posedge import settings
    from posedge.web.access import Scope
    from posedge.web.admin import open_window

    chosen = settings.load(args.config)
    code = open_window(
        chosen.page,
        chosen.state_dir,
        Scope(args.scope),
        args.name,
        certificate=chosen.web.tls_certificate,
    )
    print(code)
    where = "display" if args.scope == Scope.DISPLAY else ""
    print(f"Give it back within ten minutes: {chosen.page}/{where}#pair={code}")
    return 0
