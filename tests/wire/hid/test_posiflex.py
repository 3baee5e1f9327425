import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.sim.hid_drawer import DESCRIPTOR
from posedge.wire.hid import pages
from posedge.wire.hid.descriptor import parse
from posedge.wire.hid.fields import ReportKind
from posedge.wire.hid.posiflex import (
    FIRST,
    LAST,
    REPORT_BYTES,
    VENDOR,
    Order,
    command,
    drawer_number,
    is_open,
)

DRAWERS = range(8)


def test_the_commands_as_they_are_known() -> None:
    assert command(6, Order.OPEN) == b"\x00\x06\x06" + bytes(118)
    assert command(6, Order.STATUS) == b"\x00\x06\x07" + bytes(118)


def test_there_is_no_way_to_say_anything_else() -> None:
    sayable = {command(drawer, order)[2] for drawer in DRAWERS for order in Order}
    assert sayable == set(range(9))
    for drawer in (-1, 8, 0xEF, 0xF0):
        with pytest.raises(AssertionError):
            command(drawer, Order.OPEN)


def test_the_descriptor_has_room_for_them() -> None:
    device = parse(DESCRIPTOR)
    assert [usage >> 16 for usage in device.applications] == [pages.POSIFLEX]
    assert not device.numbered
    assert device.size(ReportKind.OUTPUT, 0) == device.size(ReportKind.INPUT, 0) == REPORT_BYTES


@pytest.mark.parametrize("drawer", DRAWERS)
def test_open_and_closed(drawer: int) -> None:
    assert is_open(bytes([drawer << 4 | 1]) + bytes(119), drawer) is False
    assert is_open(bytes([drawer << 4]) + bytes(119), drawer) is True
    assert is_open(bytes([(drawer ^ 1) << 4]), drawer) is None


def test_a_bootloader_and_other_devices_have_no_number() -> None:
    assert [drawer_number(VENDOR, product) for product in (FIRST, 0x0206, LAST)] == [0, 6, 7]
    assert drawer_number(VENDOR, 0x0C23) is None
    assert drawer_number(VENDOR, LAST + 1) is None
    assert drawer_number(0x03F0, FIRST) is None


@given(st.binary(max_size=130), st.sampled_from(DRAWERS))
def test_noise_raises_nothing(noise: bytes, drawer: int) -> None:
    assert is_open(noise, drawer) in {True, False, None}
