"""Which device on Bluetooth an input node belongs to. Pure.

The kernel gives it no port and a new number at each connection; what stays is its address, which
the Bluetooth daemon hands on as `uniq`. Maker and model are numbered as on USB (Device ID
profile), where the maker did not choose numbers of the Bluetooth SIG's own.
"""

import re
from collections.abc import Mapping

from posedge.devices.inventory import Usb

BUS = 0x05
"""BUS_BLUETOOTH of linux/input.h."""

PRODUCT = re.compile(
    r"([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})/[0-9a-f]{1,4}", re.IGNORECASE
)
"""Bus, maker, model and version of an input device, as its uevent tells them."""
NOBODY = re.compile(r"[0:]*")


def bluetooth(path: str, told: Mapping[str, str]) -> Usb | None:
    """Return the device that the input device at `path` is of; None when it is on another bus.

    `told` is the uevent of the input device: PRODUCT, and NAME and UNIQ in quotes. Without an
    address two of one model cannot be told apart: they are one place.
    """
    product = PRODUCT.fullmatch(told.get("PRODUCT", ""))
    if product is None or int(product[1], 16) != BUS:
        return None
    model = f"{int(product[2], 16):04x}:{int(product[3], 16):04x}"
    address = told.get("UNIQ", "").strip('"').lower()
    address = "" if NOBODY.fullmatch(address) else address
    return Usb(
        path=path.partition("/input/")[0],
        id=model,
        serial=address,
        port=f"bluetooth-{address or model}",
        model=told.get("NAME", "").strip('"'),
        interfaces="",
    )
