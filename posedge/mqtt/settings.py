from typing import Annotated

from pydantic import Field

from posedge.model.value import Value


class Tls(Value):
    """Paths of PEM files. Only certificates of `ca` are believed, never the system's store."""

    ca: str
    cert: str
    key: str


class BrokerAddress(Value):
    """Where the broker is. `tls` None is for the demo and for a broker on the same machine."""

    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: Tls | None = None
