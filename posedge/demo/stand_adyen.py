"""An Adyen terminal in the virtual shop: on its network, or behind a cloud."""

from collections.abc import Mapping

from posedge.demo.stand import Spot, static_device
from posedge.demo.stand_line import LineStand
from posedge.sim.adyen import POIID, AdyenSim
from posedge.sim.adyen_alone import API_KEY, KEY_IDENTIFIER, PASSPHRASE, switched_off
from posedge.sim.adyen_faults import Outcome, Step
from posedge.sim.certificates import Authority

ANSWER_BYTES = 4_000

OPTIONS: Mapping[str, str | int] = {
    "poiid": POIID,
    "payment_ms": 4_000,
    "answer_ms": 2_000,
    "settle_s": 2,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real terminal keeps the minutes of its defaults."""


class AdyenStand(LineStand[AdyenSim]):
    """A Stand; on the shop's network."""

    cloud = False
    secret: Mapping[str, str] = {"passphrase": PASSPHRASE, "key_identifier": KEY_IDENTIFIER}

    def __init__(self, spot: Spot) -> None:
        folder = spot.folder / "adyen"
        folder.mkdir(exist_ok=True)
        self._authority = Authority(folder)
        sim = switched_off(self._authority, cloud=self.cloud, port=0, customer_s=spot.customer_s)
        super().__init__(sim, says=ANSWER_BYTES, outcomes=Outcome, steps=Step)

    @property
    def table(self) -> str:
        options: dict[str, str | int] = {
            **OPTIONS,
            "roots": str(self._authority.roots),
            **self.secret,
        }
        return static_device("adyen", f"https://127.0.0.1:{self._sim.port}", options)


class AdyenCloudStand(AdyenStand):
    """A Stand; behind the cloud."""

    cloud = True
    secret: Mapping[str, str] = {"api_key": API_KEY}
