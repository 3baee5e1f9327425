"""Exclusive use of a device (UnifiedPOS: claim), for as long as a lease lasts."""

from posedge.model.value import Value


class Claim(Value):
    """Who holds a device, by the name it was paired with, and until when by the box's clock."""

    device: str
    holder: str
    until: str
