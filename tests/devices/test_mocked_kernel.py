"""The box's devices on the kernel's own interfaces, mocked: udev, evdev, tty, usblp."""

from collections.abc import Iterator

import pytest

from tests.doubles.bed import Bed, Event, Mocked
from tests.doubles.wedge import dropped, keys, packed

EAN, OTHER = "4006381333931", "9783161484100"
TYPED = keys(f"{EAN}\r")
LAST = b"line 599"
HELD = 20_000
"""A pseudo terminal takes so many bytes that nobody reads."""

KEYBOARD = {"ID_INPUT_KEYBOARD": "1"}


def scanner(port: int) -> Mocked:
    inside = f"1-{port}:1.0/input/input{port}/event{port}"
    return Mocked(port, "0c2e:0b61", "input", f"/dev/input/event{port}", inside, KEYBOARD)


SCALE = Mocked(3, "0eb8:f000", "tty", "/dev/ttyACM0", "1-3:1.0/tty/ttyACM0", {})
PRINTER = Mocked(4, "04b8:0202", "usbmisc", "/dev/usb/lp0", "1-4:1.0/usbmisc/lp0", {})


@pytest.fixture
def bed() -> Iterator[Bed]:
    bed = Bed()
    yield bed
    bed.close()


def scan_of(bed: Bed, device: Mocked, text: str) -> Event:
    """Scan until it arrives: what comes right after the grab may be the tail of another code."""
    while True:
        bed.send(device, packed(keys(f"{text}\r")))
        event = bed.until(lambda each: each["type"] in {"scan", "scan-discarded"})
        if event["type"] == "scan":
            return event


def test_what_is_plugged_at_start_and_what_comes_later_works(bed: Bed) -> None:
    first, second = scanner(1), scanner(2)
    bed.plug(first)
    bed.start()
    bed.state(first, "ONLINE")
    bed.plug(second)
    bed.state(second, "ONLINE")
    for device in (first, second):
        event = scan_of(bed, device, EAN)
        assert (event["device"], event["gtin"]) == (device.id, f"0{EAN}")


def test_unplugged_it_is_gone_and_a_replacement_works(bed: Bed) -> None:
    bed.start()
    for device in (scanner(1), scanner(2), scanner(5)):
        bed.plug(device)
        bed.state(device, "ONLINE")
        assert scan_of(bed, device, OTHER)["text"] == OTHER
        bed.pull(device)
        bed.state(device, "OFF_OFFLINE")


def test_a_code_that_the_kernel_cut_is_discarded_and_told(bed: Bed) -> None:
    device = scanner(1)
    bed.plug(device)
    bed.start()
    bed.state(device, "ONLINE")
    scan_of(bed, device, EAN)
    bed.send(device, packed(TYPED[:13]) + dropped(TYPED[13].at_ns) + packed(TYPED[14:]))
    lost = bed.until(lambda each: each["type"] in {"scan", "scan-discarded"})
    assert (lost["type"], lost["code"]) == ("scan-discarded", "scan.lost")
    assert scan_of(bed, device, OTHER)["text"] == OTHER
    assert {each["text"] for each in bed.seen if each["type"] == "scan"} == {EAN, OTHER}


def test_a_scale_on_a_serial_port_is_asked_for_its_weight(bed: Bed) -> None:
    bed.plug(SCALE)
    bed.answer(SCALE, b"W", b"\x0201.250\r")
    bed.start()
    weight = bed.until(lambda each: each["type"] == "weight" and each["weight_g"] is not None)
    assert (weight["device"], weight["weight_g"]) == (SCALE.id, 1250)
    bed.state(SCALE, "ONLINE")


def test_a_printer_that_takes_no_more_disturbs_nobody(bed: Bed) -> None:
    """It stops in mid-receipt; the scanner beside it goes on, and then the rest leaves."""
    other = scanner(1)
    bed.plug(other)
    bed.plug(PRINTER)
    bed.answer(PRINTER, b"\x10\x04\x01", b"\x16\x12\x12\x12")
    bed.start()
    bed.until(lambda each: each.get("kind") == "printer" and each["state"] == "ONLINE")
    bed.taken(PRINTER)
    bed.print()
    assert scan_of(bed, other, EAN)["device"] == other.id
    assert len(bed.taken(PRINTER, until=LAST)) > HELD
