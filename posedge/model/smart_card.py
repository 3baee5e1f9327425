"""What a card reader can be asked."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class SmartCardReader(Protocol):
    async def exchange(self, command: bytes) -> bytes:
        """Send one ISO 7816-4 command to the card; return its data and two status bytes.

        MisuseError `apdu.refused` for what the configuration does not allow, and always for what
        reads payment cards. DeviceError `card.absent` when no card lies there, or a payment card.
        """
        ...
