"""What can be configured of a SumUp reader."""

from typing import Annotated

from pydantic import Field

from posedge.drivers.cloud_interface import CloudOptions, Milliseconds


class SumupOptions(CloudOptions):
    """`affiliate_key` and `app_id` are needed: our reference of a payment stands beside them.

    `test_mode`: the operator's word that the merchant is a sandbox one: SumUp's keys do not tell.
    `settle_ms` is longer than elsewhere. SumUp has no idempotency key and takes a minute to start
    a payment: what lost its answer may still begin.
    """

    test_mode: bool = False
    api_key: Annotated[str, Field(min_length=8, repr=False, description="the secret API key")]
    merchant_code: Annotated[str, Field(pattern=r"^\w{4,32}$", description="such as MC0X0ABC")]
    reader: Annotated[str, Field(pattern=r"^rdr_\w+$", description="a reader such as rdr_…")]
    app_id: Annotated[str, Field(min_length=1, max_length=128)]
    affiliate_key: Annotated[str, Field(min_length=1, repr=False, description="the key")]
    settle_ms: Milliseconds = 300_000

    def in_test_mode(self, address: str) -> bool:
        del address
        return self.test_mode
