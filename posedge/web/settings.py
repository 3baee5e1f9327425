"""What an operator may set of the HTTP edge."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from posedge.model.value import Value

HostName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9.:-]{1,253}$",
        description='a name or address in lower case without port, e.g. "till.lan"',
    ),
]
Origin = Annotated[
    str,
    Field(
        pattern=r"^https?://[a-z0-9.\[\]:-]{1,253}$",
        description='an origin in lower case without path, e.g. "https://till.example"',
    ),
]


class WebSettings(Value):
    """Loopback unless configured. `port` 0 takes a free one.

    `allowed_hosts` are further names by which browsers reach the box, lower case and without a
    port; its own address is always one. `allowed_origins` are web tills served from elsewhere,
    exactly as the browser sends them, e.g. `https://till.example`.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    allowed_hosts: tuple[HostName, ...] = ()
    allowed_origins: tuple[Origin, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("set tls_certificate and tls_key together, or neither")
        return self

    @property
    def secure(self) -> bool:
        return self.tls_certificate is not None

    @property
    def names(self) -> frozenset[str]:
        """Every name that a Host header may bear, besides the address it came in on."""
        return frozenset({"localhost", "127.0.0.1", "::1", *self.allowed_hosts})
