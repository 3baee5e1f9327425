"""The command line's way in: a token in a file that only the box's own user can read."""

import http.client
import json
import os
import random
import ssl
from http import HTTPStatus
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
    said: dict[str, object] = json.loads(
        fetch(
            address,
            state,
            "/v1/pair/window",
            {"scope": scope.value, "name": name},
            certificate=certificate,
        )
    )
    return str(said["code"])


def fetch(
    address: str,
    state: Path,
    path: str,
    body: object = None,
    *,
    certificate: Path | None = None,
) -> bytes:
    """Ask the running box by GET, or by POST when there is a `body`; return its answer.

    Blocks for up to twenty seconds. ConfigError `box.unreachable` when there is no box to ask,
    DeniedError `box.refused` with its reason when it refuses.
    """
    try:
        token = (state / FILE_NAME).read_text()
        status, said = _exchange(address, token, path, body, certificate)
    except OSError as error:
        raise ConfigError(
            "box.unreachable",
            f"no running box found ({error}): start `posedge run`, and use its user",
        ) from None
    if status >= HTTPStatus.BAD_REQUEST:
        raise DeniedError("box.refused", str(json.loads(said).get("detail", "the box refused")))
    return said


def _exchange(
    address: str, token: str, path: str, body: object, certificate: Path | None
) -> tuple[int, bytes]:
    connection = _connection(address, certificate)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _connection(address: str, certificate: Path | None) -> http.client.HTTPConnection:
    url = urlsplit(address)
    if url.scheme != "https":
        return http.client.HTTPConnection(url.netloc, timeout=ASK_S)
    trust = believing(certificate)
    return http.client.HTTPSConnection(url.netloc, timeout=ASK_S, context=trust)


def believing(certificate: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself, not its issuer
    return context
