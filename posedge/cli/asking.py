"""Asking the running box, from the command line of its own machine."""

from posedge.model.errors import ConfigError
from posedge.settings import Settings
from posedge.web.admin import fetch


def ask(chosen: Settings, path: str, body: object = None) -> bytes:
    """Return what the box of this configuration answers; see posedge.web.admin.fetch."""
    certificate = chosen.web.tls_certificate
    return fetch(chosen.page, chosen.state_dir, path, body, certificate=certificate)


def ask_if_running(chosen: Settings, path: str, body: object = None) -> bytes | None:
    """Return what the box answers, None when none runs here."""
    try:
        return ask(chosen, path, body)
    except ConfigError as error:
        if error.code != "box.unreachable":
            raise
        return None
