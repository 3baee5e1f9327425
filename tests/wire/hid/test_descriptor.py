from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.hid.descriptor import MAX_DEPTH, MAX_FIELDS, Descriptor, parse
from posedge.wire.hid.fields import ReportKind

BOOT_KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503"
    "910195067508150025650507190029658100c0"
)
"""HID 1.11, appendix B.1."""

BOOT_MOUSE = bytes.fromhex(
    "05010902a1010901a100050919012903150025019503750181029501750581010501093009311581257f7508"
    "95028106c0c0"
)
"""HID 1.11, appendix B.2."""

NUMBERED = bytes.fromhex("068dff0901a101850a150025ff750895010902810285140903b102c0")


def test_the_keyboard_of_the_specification() -> None:
    keyboard = parse(BOOT_KEYBOARD)
    assert keyboard.applications == (0x00010006,)
    assert not keyboard.numbered
    shift = keyboard.find(0x000700E1)
    assert shift is not None
    assert (shift.offset, shift.size, shift.count) == (1, 1, 1)
    keys = keyboard.find(0x00070004)
    assert keys is not None
    assert (keys.offset, keys.size, keys.count, keys.choices) == (16, 8, 6, ((0x70000, 0x70065),))
    report = bytes.fromhex("0200040500000000")
    assert shift.value(report) == 1
    assert [keys.chosen(report, n) for n in range(3)] == [0x70004, 0x70005, 0x70000]
    assert keyboard.size(ReportKind.INPUT, 0) == 8
    caps = keyboard.find(0x00080002, ReportKind.OUTPUT)
    assert caps is not None
    sent = bytearray(keyboard.size(ReportKind.OUTPUT, 0))
    caps.put(sent, 1)
    assert sent == b"\x02"
    assert keyboard.divide(report) == (0, report)


def test_the_mouse_of_the_specification_moves_both_ways() -> None:
    mouse = parse(BOOT_MOUSE)
    x, y = mouse.find(0x00010030), mouse.find(0x00010031)
    assert x is not None
    assert y is not None
    assert (x.value(b"\x00\xff\x05"), y.value(b"\x00\xff\x05")) == (-1, 5)
    assert x.path == (0x00010002, 0x00010001)
    assert x.value(b"\x00") is None


def test_reports_with_numbers_and_255_in_one_byte() -> None:
    device = parse(NUMBERED)
    assert device.numbered
    assert device.divide(b"\x0a\x07") == (0x0A, b"\x07")
    assert device.divide(b"") == (0, b"")
    field = device.find(0xFF8D0002)
    assert field is not None
    assert (field.report, field.maximum, field.value(b"\xf0")) == (0x0A, 0xFF, 0xF0)
    feature = device.find(0xFF8D0003, ReportKind.FEATURE)
    assert feature is not None
    assert feature.report == 0x14
    assert device.size(ReportKind.FEATURE, 0x14) == 1


def test_what_is_pushed_comes_back() -> None:
    device = parse(bytes.fromhex("05010930 7508 9501 a4 7510 058c b4 8102 0931 8102"))
    assert [(each.usage, each.size) for each in device.fields] == [(0x10030, 8), (0x10031, 8)]


def test_long_items_units_and_second_names_are_passed_over() -> None:
    long = bytes.fromhex("fe02f0aabb")
    delimited = bytes.fromhex("a901 0930 0931 a900")
    device = parse(
        long + bytes.fromhex("0501 550f 6511") + delimited + bytes.fromhex("75089501 8102")
    )
    assert [each.usage for each in device.fields] == [0x10030]
    assert device.fields[0].path == ()


def test_a_usage_may_bear_its_page_and_the_last_one_is_that_of_the_rest() -> None:
    device = parse(bytes.fromhex("0501 0b02008c00 0931 75089504 8102"))
    assert [(each.usage, each.count, each.offset) for each in device.fields] == [
        (0x8C0002, 1, 0),
        (0x10031, 3, 8),
    ]


def test_bytes_are_bytes_only_where_they_begin_at_one() -> None:
    device = parse(bytes.fromhex("0501 0930 7501 9501 8102 0931 7508 9502 8102"))
    bit, crooked = device.fields
    assert bit.octets(b"\x01\x02\x03") == b""
    assert crooked.octets(b"\x01\x02\x03") == b""
    assert crooked.value(b"\x03\x00\x00") == 1


def test_variable_without_usages_and_arrays_beyond_their_choices() -> None:
    device = parse(bytes.fromhex("7508 9501 8102 0501 1901 2903 1501 2503 8100"))
    plain, array = device.fields
    assert plain.usage is None
    assert not plain.bears(0)
    assert array.chosen(b"\x00\x03") == 0x10003
    assert array.chosen(b"\x00\x00") is None
    assert array.chosen(b"\x00\x04") is None
    assert array.chosen(b"\x00") is None


@pytest.mark.parametrize(
    ("descriptor", "code"),
    [
        (b"\x26\xff", "descriptor.truncated"),
        (b"\xfe", "descriptor.truncated"),
        (b"\xfe\x05\x00a", "descriptor.truncated"),
        (b"\xc0", "descriptor.unbalanced"),
        (b"\xb4", "descriptor.unbalanced"),
        (b"\xa1\x01" * (MAX_DEPTH + 2), "descriptor.oversized"),
        (b"\xa4" * (MAX_DEPTH + 2), "descriptor.oversized"),
        (b"\x09\x01" * 1100, "descriptor.oversized"),
        (b"\x77\xff\xff\xff\xff", "descriptor.oversized"),
        (b"\x97\xff\xff\xff\x7f", "descriptor.oversized"),
        (b"\x87\x00\x01\x00\x00", "descriptor.oversized"),
        (b"\x76\xff\xff\x96\xff\xff\x81\x02", "descriptor.oversized"),
        (b"\x75\x01\x96\xff\x0f\x19\x00\x2a\xff\x0f\x81\x02", "descriptor.oversized"),
        (bytes(4097), "descriptor.oversized"),
    ],
)
def test_a_descriptor_that_lies_costs_a_protocol_error(descriptor: bytes, code: str) -> None:
    with pytest.raises(ProtocolError) as error:
        parse(descriptor)
    assert error.value.code == code


@given(st.binary(max_size=300))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    try:
        device = parse(noise)
    except ProtocolError:
        return
    assert len(device.fields) <= MAX_FIELDS + 1
    for field in device.fields:
        for data in (b"", noise):
            assert isinstance(field.octets(data), bytes)
            assert field.value(data) is None or field.end
            field.chosen(data)


@given(st.integers(0, len(BOOT_KEYBOARD) - 1), st.integers(0, 255))
def test_a_flipped_byte_raises_nothing_else(place: int, byte: int) -> None:
    twisted = BOOT_KEYBOARD[:place] + bytes([byte]) + BOOT_KEYBOARD[place + 1 :]
    with suppress(ProtocolError):
        assert isinstance(parse(twisted), Descriptor)
