"""The command line's way in: a token in a file that only the box's own user can read."""

import http.client
import json
import os
import random
from pathlib import Path
from urllib.parse import urlsplit

from posedge.model.errors import ConfigError, DeniedError
from posedge.web.access import Scope

FILE_NAME = "web.admin-token"
ASK_S = 5


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


def open_window(address: str, state: Path, scope: Scope, name: str) -> str:
    """Have the running box at `address` open a pairing window; return the code to show.

    Blocks for up to five seconds. ConfigError when there is no box to ask, DeniedError when it
    refuses.
    """
    try:
        token = (state / FILE_NAME).read_text()
        said = _post(address, token, {"scope": scope.value, "name": name})
    except OSError as error:
        raise ConfigError(
            "pair.unreachable",
            f"no running box found ({error}): start `posedge run`, and use its user",
        ) from None
    if "code" not in said or "expires" not in said:
        raise DeniedError("pair.refused", str(said.get("detail", "the box refused")))
    return str(said["code"])


def _post(address: str, token: str, body: dict[str, str]) -> dict[str, object]:
    url = urlsplit(address)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=ASK_S)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/pair/window", json.dumps(body), headers)
        said: dict[str, object] = json.loads(connection.getresponse().read())
        return said
    finally:
        connection.close()
