"""What can be configured of an Adyen terminal, on the shop's network or through the cloud."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from posedge.model.money import Currency
from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=3_600_000)]
Secret = Annotated[
    str, Field(pattern=r"^[\x21-\x7e]{1,256}$", description="ASCII without blanks, as it was given")
]
Hidden = Annotated[Secret | None, Field(repr=False)]
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}$", description="letters, digits, dots, hyphens, at most 64"
    ),
]


class AdyenOptions(Value):
    """The options of a terminal.

    `poiid` is the terminal's, `<model>-<serial number>`; `sale_id` names this box to it.

    On the shop's network, where the address is the terminal's (`https://192.168.1.20:8443/nexo`):
    `passphrase`, `key_identifier` and `key_version` are the shared key's of the Customer Area, and
    `roots` is a file with Adyen's terminal root certificates. Through the cloud, where it is the
    provider's (`https://terminal-api-live.adyen.com/sync`): `api_key`; without `roots` the
    system's are trusted.

    `test_mode`: the operator's word that it moves no real money, which the cloud's address tells
    by itself; `currency` is what it is tried in. `payment_ms`: until a payment is answered; a
    terminal gives up itself after 120 s, the cloud's answer may take 150 s. `settle_s`: how long a
    request may be on its way, before "not found" proves that it never arrived.
    """

    poiid: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9]{1,32}-[0-9]{1,32}$",
            description="model, hyphen and serial number, such as V400m-324688042",
        ),
    ]
    sale_id: Name = "posedge"
    test_mode: bool = False
    currency: Currency = "EUR"
    passphrase: Hidden = None
    key_identifier: Name | None = None
    key_version: Annotated[int, Field(ge=0, le=9999)] = 1
    roots: Path | None = None
    api_key: Hidden = None
    connect_ms: Milliseconds = 10_000
    answer_ms: Milliseconds = 15_000
    payment_ms: Milliseconds = 160_000
    settle_s: Annotated[int, Field(ge=0, le=3600)] = 10
    status_ms: Milliseconds = 30_000

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.api_key is None and None in {self.passphrase, self.key_identifier, self.roots}:
            raise ValueError(
                "a terminal on the shop's network needs passphrase, key_identifier and roots;"
                " one in the cloud api_key"
            )
        if self.api_key is not None and self.passphrase is not None:
            raise ValueError("through the cloud it has an api_key, and no passphrase")
        return self
