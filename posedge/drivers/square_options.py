"""What can be configured of a Square Terminal."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from posedge.drivers.cloud_interface import CloudOptions

SANDBOX = "connect.squareupsandbox.com"


class SquareOptions(CloudOptions):
    """`retries`: of a request that was answered by a passing fault, with the same key.

    `test_mode`: the operator's word that no real money moves; Square's own sandbox needs none.
    `webhook_url` is the address as it is written at Square, which is signed with the body.
    """

    test_mode: bool = False
    access_token: Annotated[str, Field(min_length=8, repr=False, description="the token")]
    device_id: Annotated[str, Field(min_length=1, max_length=64, description="the terminal's id")]
    webhook_secret: Annotated[
        str | None, Field(min_length=8, repr=False, description="the signature key")
    ] = None
    webhook_url: str | None = None
    retries: Annotated[int, Field(ge=0, le=5)] = 2

    def in_test_mode(self, address: str) -> bool:
        """Square's sandbox is another host: connect.squareupsandbox.com."""
        return self.test_mode or urlsplit(address).hostname == SANDBOX
