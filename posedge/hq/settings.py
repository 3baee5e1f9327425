from typing import Annotated

from pydantic import Field, SecretStr

from posedge.model.value import Value
from posedge.mqtt.settings import BrokerAddress

Level = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9-]{1,32}$",
        description="lower-case letters, digits and hyphens, at most 32",
    ),
]


class HqSettings(Value):
    """`database` is an SQLAlchemy URL: SQLite for one machine, `postgresql+psycopg://…` for more.

    `token` is what whoever sends commands to boxes must bear; None: nobody does.
    `hosts` are the names under which the page may be asked for, beside 127.0.0.1 and localhost.
    """

    broker: BrokerAddress
    tenant: Level
    database: Annotated[str, Field(min_length=1)] = "sqlite:///headquarters.db"
    client_id: Level = "hq-ingest"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8090
    hosts: tuple[str, ...] = ()
    token: Annotated[SecretStr, Field(min_length=32)] | None = None
