"""Every error on one screen. Each says who is at fault and bears a stable code.

Codes are `noun.adjective`, part of the API: add, never rename. The text says what to do.
"""


class PosedgeError(Exception):
    """The root: a stable `code`, a sentence for a person, and data as attributes."""

    def __init__(self, code: str, message: str, **data: str | int | None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.message!r}, {self.data!r})"


class ProtocolError(PosedgeError):
    """The device (or the other side) broke its protocol."""


class MisuseError(PosedgeError):
    """The caller is at fault: repeating the same call cannot help."""


class ConflictError(MisuseError):
    """The same idempotency key came with other content."""


class NotFoundError(MisuseError):
    """No such thing here."""


class DeniedError(MisuseError):
    """Who asks may not, or has not shown who they are."""


class ConfigError(PosedgeError):
    """The operator must mend the configuration; the process ends with 78."""


class DeviceError(PosedgeError):
    """The device failed for now: close it, back off, try again."""


class DeviceGone(DeviceError):  # noqa: N818 - a state of the world, not a mistake
    """The device was unplugged or its peer hung up: ENODEV, EIO, ENXIO and EOF alike."""


class DeviceBusy(DeviceError):  # noqa: N818 - same
    """Another program or another claim holds the device."""


class NotStarted(DeviceError):  # noqa: N818 - an outcome of a payment
    """The terminal provably did not begin: nothing was sent, or it refused at once."""


class InDoubt(DeviceError):  # noqa: N818 - an outcome of a payment
    """A money command left and no correlated answer is known. Never a decline."""


class StorageError(PosedgeError):
    """The disk failed: nothing may be acknowledged any more."""
