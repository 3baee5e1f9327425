"""`posedge hq`: headquarters."""

import argparse

HELP = "run headquarters: ingest boxes' journals, keep the ledger, show one page"
DESCRIPTION = """\
Run headquarters until it is told to stop: take in what the boxes of one tenant
publish, check sequence and chain, store it once, acknowledge it, and show one
page.

  posedge hq --tenant acme --broker mqtt.acme.example:8883 \\
    --ca ca.crt --cert hq.crt --key hq.key \\
    --database postgresql+psycopg://posedge@localhost/posedge
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", required=True, help="whose boxes: the topics' tenant level")
    parser.add_argument(
        "--broker", required=True, type=address, metavar="HOST:PORT", help="the MQTT 5 broker"
    )
    parser.add_argument("--ca", metavar="FILE", help="the broker's CA; with --cert and --key: TLS")
    parser.add_argument("--cert", metavar="FILE", help="headquarters' certificate")
    parser.add_argument("--key", metavar="FILE", help="its private key")
    parser.add_argument(
        "--database",
        metavar="URL",
        default="sqlite:///headquarters.db",
        help="the ledger, as an SQLAlchemy URL (default: %(default)s)",
    )
    parser.add_argument(
        "--listen",
        type=address,
        metavar="HOST:PORT",
        default="127.0.0.1:8090",
        help="where the page is served (default: %(default)s)",
    )
    parser.add_argument(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name under which the page may be asked for",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="holds the secret of whoever may send commands to boxes, at least 32 characters; "
        "without it nobody may",
    )


def _read_token(path: str) -> str:
    """Return what stands in the file; ConfigError when it cannot be read."""
    from pathlib import Path

    from posedge.model.errors import ConfigError

    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError) as error:
        raise ConfigError("hq.mistaken", f"--token-file {path}: {error}") from None


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from pydantic import ValidationError

    from posedge import log
    from posedge.hq.app import serve
    from posedge.hq.settings import HqSettings
    from posedge.model.errors import ConfigError
    from posedge.model.mistakes import mistakes

    try:
        settings = HqSettings.model_validate(_fields(args))
    except ValidationError as error:
        said = [f"{_option(each.place)}: {each.text}" for each in mistakes(error, HqSettings)]
        raise ConfigError("hq.mistaken", "\n".join(said)) from None
    log.configure()
    log.tell_of_crashes()
    asyncio.run(serve(settings))
    return 0


def _fields(args: argparse.Namespace) -> dict[str, object]:
    broker_host, broker_port = args.broker
    host, port = args.listen
    tls = {name: getattr(args, name) for name in ("ca", "cert", "key") if getattr(args, name)}
    return {
        "tenant": args.tenant,
        "broker": {"host": broker_host, "port": broker_port, "tls": tls or None},
        "database": args.database,
        "host": host,
        "port": port,
        "hosts": args.host_name,
        "token": _read_token(args.token_file) if args.token_file else None,
    }


def _option(place: tuple[int | str, ...]) -> str:
    """Return the option that a field of the settings comes from."""
    match place:
        case ("broker", "tls", name):
            return f"--{name}"
        case ("token",):
            return "--token-file"
        case ("host" | "port",):
            return "--listen"
        case _:
            return f"--{place[0]}"


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 host in brackets."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: write HOST:PORT, e.g. 127.0.0.1:8883")
    return host.strip("[]"), int(port)
