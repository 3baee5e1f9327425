"""What can be configured of a Square Terminal."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from posedge.drivers.cloud_interface import CloudOptions

SANDBOX = "connect.squareupsandbox.com"


class SquareOptions(CloudOptions):
    """`retries`: of a request that was answered by a passing fault, with the same key.

    `webhook_url` is the address as it is written at Square, which is signed with the body.
    """

    access_token: Annotated[str, Field(min_length=8, repr=False, description="the token")]
    device_id: Annotated[str, Field(min_length=1, max_length=64, description="the terminal's id")]
    webhook_secret: Annotated[
        str | None, Field(min_length=8, repr=False, description="the signature key")
    ] = None
    webhook_url: str | None = None
    retries: Annotated[int, Field(ge=0, le=5)] = 2

    def in_test_mode(self, address: str) -> bool:
        """Square's sandbox is another host: connect.squareupsandbox.com."""
        return urlsplit(address).hostname == SANDBOX
