"""What can be configured of a Stripe reader."""

from typing import Annotated

from pydantic import Field

from posedge.drivers.cloud_interface import CloudOptions


class StripeOptions(CloudOptions):
    """`secret_key` should be a restricted one. `retries`: of one request, with the same key.

    `webhook_secret` is the endpoint's, for webhooks that headquarters hands on; without it the
    driver only polls.
    """

    secret_key: Annotated[
        str,
        Field(
            pattern=r"^(sk|rk)_(test|live)_\w+$", repr=False, description="a key such as rk_live_…"
        ),
    ]
    reader: Annotated[str, Field(pattern=r"^tmr_\w+$", description="a reader such as tmr_…")]
    webhook_secret: Annotated[
        str | None, Field(pattern=r"^whsec_\w+$", repr=False, description="whsec_…")
    ] = None
    retries: Annotated[int, Field(ge=0, le=5)] = 2

    def in_test_mode(self, address: str) -> bool:
        del address
        return self.secret_key.split("_")[1] == "test"
