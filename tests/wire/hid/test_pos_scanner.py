import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.sim.hid_scanner import HONEYWELL, PLAIN, HidScannerSim
from posedge.wire.hid.descriptor import Descriptor, parse
from posedge.wire.hid.pos_scanner import (
    ENDLESS,
    GARBLED,
    KNOWN,
    LOST,
    UNTERMINATED,
    PosScans,
    layout,
)
from posedge.wire.lines import MAX_BYTES, Charset
from posedge.wire.scan import Dropped, Scan

EAN = "4006381333931"
LONG = "0123456789" * 17


def scans(
    *reports: bytes, descriptor: bytes = HONEYWELL, charset: Charset = "utf-8"
) -> list[Scan | Dropped]:
    device = parse(descriptor)
    decoder = PosScans(layout(device), charset=charset)
    found = (decoder.report(*device.divide(report)) for report in reports)
    return [each for each in found if each is not None]


def test_the_usual_report_byte_by_byte() -> None:
    report = bytes([2, 13]) + b"]E0" + EAN.encode().ljust(56, b"\0") + b"d\0\0"
    assert scans(report) == [Scan(f"]E0{EAN}")]
    assert HidScannerSim().reports(EAN)[0][:62] == report[:60] + b"\0\0"
    assert layout(parse(HONEYWELL)).data.offset == KNOWN.data.offset == 32
    continued = layout(parse(HONEYWELL)).continued
    assert continued is not None
    assert continued.offset == 62 * 8


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("aim", [True, False])
@pytest.mark.parametrize("code", [EAN, "96385074", LONG, "x" * 56, "y" * 57, "naïve"])
def test_codes_short_and_long(code: str, *, counted: bool, aim: bool) -> None:
    sim = HidScannerSim(counted=counted, aim=aim)
    (scan,) = scans(*sim.reports(code), descriptor=sim.descriptor)
    assert isinstance(scan, Scan)
    assert scan.text.endswith(code)
    assert len(scan.text) == len(code) + 3 * aim


def test_without_a_descriptor_the_known_layout_is_used() -> None:
    unsaid = Descriptor((), (), numbered=True)
    assert layout(unsaid) is KNOWN
    decoder = PosScans(layout(unsaid))
    (report,) = HidScannerSim().reports(EAN)
    assert decoder.report(*unsaid.divide(report)) == Scan(f"]E0{EAN}")
    crooked = parse(bytes.fromhex("058c 09fe 7504 9501 8102"))
    assert layout(crooked) is KNOWN


def test_one_byte_more_in_front_of_both() -> None:
    report = bytes([2, 13, 0]) + b"]E0" + EAN.encode().ljust(56, b"\0") + b"\0\0"
    assert scans(report) == [Scan(f"]E0{EAN}")]


def test_an_identifier_that_is_none_or_there_twice_or_unknown() -> None:
    data = b"\0" * 43 + b"\0\0\0"
    assert scans(bytes([2, 13]) + b"abc" + EAN.encode() + data) == [Scan(EAN)]
    assert scans(bytes([2, 16]) + b"]E0" + b"]E0" + EAN.encode() + data[3:]) == [Scan(f"]E0{EAN}")]
    assert scans(bytes([2, 13]) + b"]W9" + EAN.encode() + data) == [Scan(EAN)]


def test_a_suffix_is_no_part_of_the_code_and_nothing_is_no_code() -> None:
    assert scans(*HidScannerSim().reports(EAN + "\r\n")) == [Scan(f"]C0{EAN}")]
    assert scans(bytes(64), bytes([2]) + bytes(63), b"", b"\x02") == []


def test_garbled() -> None:
    sim = HidScannerSim(aim=False)
    (report,) = sim.reports("ab")
    assert scans(report.replace(b"ab", b"\xff\xfe")) == [GARBLED]
    assert scans(report.replace(b"ab", b"a\x01")) == [GARBLED]
    assert scans(report.replace(b"ab", b"\xe4b"), charset="latin-1") == [Scan("äb")]


def test_a_code_without_end_is_dropped_once_and_the_next_is_whole() -> None:
    sim = HidScannerSim()
    endless = sim.reports("x" * (3 * MAX_BYTES))
    assert scans(*endless, *sim.reports(EAN)) == [ENDLESS, Scan(f"]E0{EAN}")]


def test_a_code_that_breaks_off_and_one_whose_middle_is_lost() -> None:
    sim, device = HidScannerSim(), parse(HONEYWELL)
    decoder = PosScans(layout(device))
    first, *rest = sim.reports(LONG)
    assert decoder.silence() is None
    assert decoder.report(*device.divide(first)) is None
    assert (decoder.pending, "56 bytes" in repr(decoder)) == (True, True)
    assert decoder.silence() is UNTERMINATED
    decoder.report(*device.divide(first))
    assert decoder.void() is LOST
    assert [decoder.report(*device.divide(each)) for each in rest[1:]] == [None] * 2
    assert not decoder.pending
    assert decoder.void() is LOST
    assert decoder.silence() is None
    (again,) = sim.reports(EAN)
    assert decoder.report(*device.divide(again)) == Scan(f"]E0{EAN}")


@given(st.lists(st.binary(max_size=70)), st.sampled_from([HONEYWELL, PLAIN]))
def test_noise_raises_nothing_and_is_bounded(reports: list[bytes], descriptor: bytes) -> None:
    for scan in scans(*reports, descriptor=descriptor):
        assert isinstance(scan, Scan | Dropped)
        assert not isinstance(scan, Scan) or len(scan.text) <= MAX_BYTES + 3
