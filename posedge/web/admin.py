"""The command line's way in: a token in a file that only the box's own user can read."""

import http.client
import json
import os
import random
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from posedge.model.errors import ConfigError, DeniedError
from posedge.web.access import Scope

FILE_NAME = "web.admin-token"
ASK_S = 20


def issue(state: Path, chance: random.Random) -> str:
    """Write a fresh token into the state directory at start; the old one dies with it."""
    token = chance.randbytes(32).hex()
    path = state / FILE_NAME
    path.unlink(missing_ok=True)
    # O_EXCL: the mode is ours from the first moment, and no link is followed.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
    return token


def open_window(
    address: str, state: Path, scope: Scope, name: str, *, certificate: Path | None = None
) -> str:
    """Have the running box at `address` open a pairing window; return the code to show.

    With https only the box's own `certificate` is believed, whatever name it bears.
    Blocks for up to twenty seconds. ConfigError when there is no box to ask, DeniedError when it
    refuses.
    """
    try:
        token = (state / FILE_NAME).read_text()
        said = _post(address, token, {"scope": scope.value, "name": name}, certificate)
    except OSError as error:
        raise ConfigError(
            "pair.unreachable",
            f"no running box found ({error}): start `posedge run`, and use its user",
        ) from None
    if "code" not in said or "expires" not in said:
        raise DeniedError("pair.refused", str(said.get("detail", "the box refused")))
    return str(said["code"])


def _post(
    address: str, token: str, body: dict[str, str], certificate: Path | None
) -> dict[str, object]:
    connection = _connection(address, certificate)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/pair/window", json.dumps(body), headers)
        said: dict[str, object] = json.loads(connection.getresponse().read())
        return said
    finally:
        connection.close()


def _connection(address: str, certificate: Path | None) -> http.client.HTTPConnection:
    url = urlsplit(address)
    if url.scheme != "https":
        return http.client.HTTPConnection(url.netloc, timeout=ASK_S)
    trust = _believing(certificate)
    return http.client.HTTPSConnection(url.netloc, timeout=ASK_S, context=trust)


def _believing(certificate: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself, not its issuer
    return context
