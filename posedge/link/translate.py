"""The one place where what the kernel and serialx say becomes our words."""

import errno
from collections.abc import Generator
from contextlib import contextmanager

from posedge.model.errors import DeviceBusy, DeviceError, DeviceGone

GONE = frozenset(
    {
        errno.ENODEV,  # evdev, usblp
        errno.EIO,  # hidraw, tty
        errno.ENXIO,  # some tty drivers, and opening a node whose device has just left
        errno.ENOENT,  # the node itself is gone
        errno.EBADF,  # closed by us while it was read
        errno.EPIPE,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.ESHUTDOWN,
    }
)
UNREACHABLE = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.ENETDOWN,
        errno.ETIMEDOUT,
    }
)


@contextmanager
def translated(device: str) -> Generator[None, None, None]:
    """Let nothing out but DeviceError and its kinds; `device` is named in the text."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise translate(error, device) from error
    except _serial_error() as error:
        raise translate(error, device) from error


def translate(error: Exception | None, device: str) -> DeviceError:
    """Say what `error` means for `device`; None is the end of the stream."""
    match error:
        case None | EOFError():
            return gone(device)
        case TimeoutError():
            return unreachable(device, "no answer in time")
        case OSError():
            return _from_errno(error, device)
        case _ if isinstance(error, _unsupported()):
            text = f"{device} cannot do these line settings: {error}"
            return DeviceError("device.unsupported", text, device=device)
        case _:
            return DeviceError("device.failed", f"{device} failed: {error}", device=device)


def gone(device: str) -> DeviceGone:
    text = f"{device} is gone: unplugged, switched off or the other side hung up"
    return DeviceGone("device.gone", text, device=device)


def unreachable(device: str, why: str) -> DeviceError:
    text = f"{device} cannot be reached ({why}): check its power, cable and address"
    return DeviceError("device.unreachable", text, device=device)


def stalled(device: str, deadline_s: float) -> DeviceError:
    text = f"{device} took no more bytes for {deadline_s:g} s"
    return DeviceError("device.stalled", text, device=device)


def overrun(device: str) -> DeviceError:
    text = f"{device} sent more reports than could be taken: what came then is lost"
    return DeviceError("device.overrun", text, device=device)


def _from_errno(error: OSError, device: str) -> DeviceError:
    if error.errno in GONE:
        return gone(device)
    if error.errno in UNREACHABLE:
        return unreachable(device, error.strerror or "unreachable")
    if error.errno == errno.EBUSY:
        text = f"{device} is in use by another program: stop it, or take the device from it"
        return DeviceBusy("device.busy", text, device=device)
    if error.errno in {errno.EACCES, errno.EPERM}:
        text = f"may not open {device}: give the group posedge access, e.g. with the udev rules"
        return DeviceError("device.forbidden", text, device=device)
    return DeviceError("device.failed", f"{device} failed: {error}", device=device)


def _serial_error() -> type[Exception]:
    """Import serialx, 2 MB, only when something was raised that no other link raises."""
    from serialx import SerialException  # noqa: PLC0415 - see above

    return SerialException


def _unsupported() -> type[Exception]:
    from serialx import UnsupportedSetting  # noqa: PLC0415 - see above

    return UnsupportedSetting
