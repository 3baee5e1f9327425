"""What all drivers of HID devices do first."""

from posedge.link.interface import ReportLink
from posedge.model.errors import DeviceError, ProtocolError
from posedge.wire.hid.descriptor import Descriptor, parse


def described(link: ReportLink) -> Descriptor:
    """Read the device's report descriptor; DeviceError when it is none, so that others go on."""
    try:
        return parse(link.nature.descriptor)
    except ProtocolError as error:
        raise DeviceError(error.code, error.message) from error
