from typing import Annotated

from pydantic import Field

from posedge.model.value import Value
from posedge.mqtt.settings import BrokerAddress, Tls


class RelaySettings(Value):
    """`host` None: no headquarters; the box sells and journals all the same.

    `will_delay_s` is how long a box may be away before others are told; 0 where the broker is
    RabbitMQ, which does not retain a delayed will.
    """

    host: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: Tls | None = None
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 60
    will_delay_s: Annotated[int, Field(ge=0, le=3600)] = 30

    @property
    def address(self) -> BrokerAddress | None:
        if self.host is None:
            return None
        return BrokerAddress(host=self.host, port=self.port, tls=self.tls)
