"""What the settings name outside of themselves: certificates, keys, models, the logo."""

import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

from posedge.checkout import logo
from posedge.devices import catalog
from posedge.model.declared import Place
from posedge.model.errors import ConfigError
from posedge.model.mistakes import Mistake
from posedge.settings.composed import Settings

IN_CLEAR = "tokens travel in clear; set tls_certificate and tls_key, or 127.0.0.1"
BROKER_IN_CLEAR = "sales travel in clear; set [relay.tls]"
NO_PASSWORD = ""
"""Nobody is there to type one: a key with a password is no key for a box."""


def missing(settings: Settings) -> Iterator[Mistake]:
    """Say what is wrong with the files that the settings name."""
    web, tls, models = settings.web, settings.relay.tls, settings.devices.models
    if web.tls_certificate and web.tls_key:
        yield from _pair(web.tls_certificate, web.tls_key, ("web",), "tls_certificate", "tls_key")
    if tls is not None:
        yield from _authorities(Path(tls.ca), ("relay", "tls", "ca"))
        yield from _pair(Path(tls.cert), Path(tls.key), ("relay", "tls"), "cert", "key")
    if why := _closed(models, needed="models" in settings.devices.model_fields_set):
        yield Mistake(("devices", "models"), why)


def models(settings: Settings) -> Iterator[str]:
    """Say what is wrong in the files with the shop's own models."""
    for path in catalog.files(settings.devices.models):
        try:
            catalog.read(path)
        except ConfigError as error:
            yield from error.message.splitlines()


def doubts(settings: Settings) -> Iterator[Mistake]:
    """Say what works, and is not safe, or not whole."""
    web, relay = settings.web, settings.relay
    if not web.secure and not loopback(web.host):
        yield Mistake(("web", "host"), f"{web.host} is reached from outside, and {IN_CLEAR}")
    if relay.host is not None and relay.tls is None and not loopback(relay.host):
        yield Mistake(("relay", "host"), f"{relay.host} is another machine, and {BROKER_IN_CLEAR}")
    if settings.checkout.logo is not None:
        yield from _logo(settings.checkout.logo)


def loopback(host: str) -> bool:
    """Whether `host` is this machine, as its address says or the name that all systems know."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pair(certificate: Path, key: Path, table: Place, *names: str) -> Iterator[Mistake]:
    """Say why certificate and key cannot be used together."""
    files = zip(names, (certificate, key), strict=True)
    unreadable = [Mistake((*table, name), why) for name, path in files if (why := _why_not(path))]
    yield from unreadable
    if unreadable:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            certificate, key, lambda: NO_PASSWORD
        )
    except ssl.SSLError:
        text = f"{key} is no PEM key without password for the PEM certificate {certificate}"
        yield Mistake((*table, names[1]), f"{text}; name the pair that was issued together")


def _authorities(path: Path, place: Place) -> Iterator[Mistake]:
    if why := _why_not(path):
        yield Mistake(place, why)
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        yield Mistake(place, f"{path} holds no PEM certificate; name the broker's CA")


def _logo(path: Path) -> Iterator[Mistake]:
    """Say why receipts will come without it: no reason for a box not to sell."""
    try:
        logo.read(path)
    except ConfigError as error:
        yield Mistake(("checkout", "logo"), f"{path}: {error.message}")


def _why_not(path: Path) -> str | None:
    try:
        path.open("rb").close()
    except FileNotFoundError:
        return f"there is no file {path}; put it there, or name another"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}; let the box's user read it"
    return None


def _closed(folder: Path, *, needed: bool) -> str | None:
    """Say why a folder cannot be looked into; one that is not needed may be missing."""
    try:
        next(folder.iterdir(), None)
    except FileNotFoundError:
        return f"there is no folder {folder}; make it, or name another" if needed else None
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror}; name a folder that the box may read"
    return None
