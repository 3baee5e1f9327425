import errno
import os

import pytest
import serialx

from posedge.link.translate import translate, translated
from posedge.model.errors import DeviceBusy, DeviceError, DeviceGone


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENODEV, DeviceGone, "device.gone"),
        (errno.EIO, DeviceGone, "device.gone"),
        (errno.ENXIO, DeviceGone, "device.gone"),
        (errno.ENOENT, DeviceGone, "device.gone"),
        (errno.ECONNRESET, DeviceGone, "device.gone"),
        (errno.EBUSY, DeviceBusy, "device.busy"),
        (errno.EACCES, DeviceError, "device.forbidden"),
        (errno.EPERM, DeviceError, "device.forbidden"),
        (errno.ECONNREFUSED, DeviceError, "device.unreachable"),
        (errno.EHOSTUNREACH, DeviceError, "device.unreachable"),
        (errno.ENOSPC, DeviceError, "device.failed"),
    ],
)
def test_errno(number: int, kind: type[DeviceError], code: str) -> None:
    with pytest.raises(kind) as caught, translated("/dev/x"):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == code
    assert "/dev/x" in caught.value.message
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, "device.gone"),
        (EOFError(), "device.gone"),
        (TimeoutError(), "device.unreachable"),
        (OSError(errno.ECONNREFUSED, ""), "device.unreachable"),
        (OSError("no number"), "device.failed"),
        (serialx.UnsupportedSetting("baud 1"), "device.unsupported"),
        (serialx.SerialException("odd"), "device.failed"),
    ],
)
def test_what_has_no_errno(error: Exception | None, code: str) -> None:
    assert translate(error, "x").code == code


def test_bugs_pass_untranslated() -> None:
    with pytest.raises(KeyError), translated("x"):
        raise KeyError
