"""`posedge hq`: headquarters."""

import argparse

NAME = "hq"
HELP = "run headquarters: ingest boxes' journals, keep the ledger, show one page"
DESCRIPTION = """\
Run headquarters until it is told to stop: take in what the boxes of one tenant publish,
check sequence and chain, store it once, acknowledge it, and show one page.

  posedge hq --tenant acme --broker mqtt.acme.example:8883 \\
    --ca ca.crt --cert hq.crt --key hq.key \\
    --database postgresql+psycopg://posedge@localhost/posedge
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", required=True, help="whose boxes: the topics' tenant level")
    parser.add_argument("--broker", required=True, metavar="HOST:PORT", help="the MQTT 5 broker")
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


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from posedge import log
    from posedge.hq.app import serve
    from posedge.hq.settings import HqSettings
    from posedge.mqtt.settings import BrokerAddress, Tls

    tls = Tls(ca=args.ca, cert=args.cert, key=args.key) if args.ca else None
    broker_host, broker_port = _address(args.broker)
    host, port = _address(args.listen)
    settings = HqSettings(
        broker=BrokerAddress(host=broker_host, port=broker_port, tls=tls),
        tenant=args.tenant,
        database=args.database,
        host=host,
        port=port,
        hosts=tuple(args.host_name),
    )
    log.configure()
    asyncio.run(serve(settings))
    return 0


def _address(text: str) -> tuple[str, int]:
    from posedge.model.errors import ConfigError

    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigError("hq.address", f"{text!r}: write HOST:PORT, e.g. 127.0.0.1:8883")
    return host.strip("[]"), int(port)
