import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.capabilities import ScaleState
from posedge.sim.hid_scale import DESCRIPTOR, HidScaleSim, Status, Unit
from posedge.wire.hid.descriptor import Descriptor, parse
from posedge.wire.hid.pos_scale import KNOWN_ZERO, layout, read_scale, zero_order
from posedge.wire.scales.frames import Frame, Garbled, Sample, Trouble

DEVICE = parse(DESCRIPTOR)


def read(report: bytes, device: Descriptor = DEVICE) -> Frame | None:
    return read_scale(layout(device), *device.divide(report))


def weight(report: bytes, device: Descriptor = DEVICE) -> tuple[ScaleState, int | None, str | None]:
    sample = read(report, device)
    assert isinstance(sample, Sample), sample
    mass = sample.mass
    return sample.state, mass.grams if mass else None, str(mass) if mass else None


def test_the_report_that_a_real_kernel_handed_on() -> None:
    report = bytes.fromhex("030402005704")
    assert weight(report) == (ScaleState.STABLE_WEIGHT, 1111, "1111 g")
    assert HidScaleSim().put(1111) == report


def test_without_a_descriptor_the_known_layout_is_used() -> None:
    for device in (
        Descriptor((), (), numbered=True),
        parse(bytes.fromhex("058d 8503 0940 7510 9501 8102")),
    ):
        assert weight(bytes.fromhex("03040bffd204"), device) == (
            ScaleState.STABLE_WEIGHT,
            3498,  # 3498.33 g
            "123.4 oz",
        )
    bare = Descriptor((), (), numbered=False)
    assert weight(bytes.fromhex("040200d204"), bare)[1] == 1234


@pytest.mark.parametrize(
    ("unit", "exponent", "digits", "grams", "shown"),
    [
        (Unit.GRAM, 0, 1, 1, "1 g"),
        (Unit.GRAM, -1, 12345, 1235, "1234.5 g"),  # half away from zero
        (Unit.GRAM, 1, 123, 1230, "1230 g"),
        (Unit.KILOGRAM, -3, 1254, 1254, "1.254 kg"),
        (Unit.KILOGRAM, -2, 125, 1250, "1.25 kg"),
        (Unit.MILLIGRAM, 0, 65000, 65, "65.000 g"),
        (Unit.OUNCE, -1, 10, 28, "1.0 oz"),  # 28.349523125 g
        (Unit.POUND, -2, 276, 1252, "2.76 lb"),  # 1251.9149412 g
        (Unit.POUND, 0, 1, 454, "1 lb"),  # 453.59237 g
    ],
)
def test_units_and_powers_of_ten(
    unit: Unit, exponent: int, digits: int, grams: int, shown: str
) -> None:
    report = HidScaleSim(unit, exponent).put(digits)
    assert weight(report) == (ScaleState.STABLE_WEIGHT, grams, shown)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.ZERO, ScaleState.ZERO),
        (Status.MOTION, ScaleState.UNSTABLE),
        (Status.UNDER_ZERO, ScaleState.UNDER_ZERO),
        (Status.OVER_LIMIT, ScaleState.OVERWEIGHT),
    ],
)
def test_only_a_resting_plate_has_a_weight(status: Status, state: ScaleState) -> None:
    found, grams, _ = weight(HidScaleSim().put(12, status))
    assert found is state
    assert grams == (0 if status is Status.ZERO else None)


def test_a_stable_nothing_is_zero() -> None:
    assert weight(HidScaleSim().put(0, Status.STABLE)) == (ScaleState.ZERO, 0, "0 g")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.FAULT, "fault"),
        (Status.CALIBRATE, "calibrated"),
        (Status.ZERO_AGAIN, "must be zeroed"),
    ],
)
def test_what_a_person_must_do(status: Status, said: str) -> None:
    trouble = read(HidScaleSim().put(0, status))
    assert isinstance(trouble, Trouble)
    assert said in trouble.text


def test_a_unit_that_no_shop_sells_by() -> None:
    trouble = read(HidScaleSim(Unit.CARAT).put(5))
    assert isinstance(trouble, Trouble)
    assert "set it to kg" in trouble.text


@pytest.mark.parametrize(
    "report", [b"\x03", b"\x03\x04\x02", b"\x03\x09\x02\x00\x01\x00", b"\x03\x04\x02\x64\x01\x00"]
)
def test_nonsense_is_garbled(report: bytes) -> None:
    assert isinstance(read(report), Garbled)


def test_other_reports_say_nothing() -> None:
    assert read(b"\x05\x04\x02\x00\x01\x00") is None


def test_a_scaling_that_forgot_its_sign_and_a_status_without_choices() -> None:
    plain = parse(
        bytes.fromhex(
            "058d 0920 a101 1500 26ff00 7508 9501 0970 a102 0970 8102 c0 0950 a102 0950 8102 c0"
            "0941 8102 0940 7510 8102 c0"
        )
    )
    assert weight(b"\x04\x03\xfd\xe6\x04", plain) == (ScaleState.STABLE_WEIGHT, 1254, "1.254 kg")


def test_zeroing() -> None:
    assert zero_order(DEVICE) == b"\x02\x02"
    assert zero_order(Descriptor((), (), numbered=True)) == KNOWN_ZERO
    weighs_only = parse(bytes.fromhex("058d 0940 7510 9501 8102"))
    assert zero_order(weighs_only) is None
    chosen = parse(bytes.fromhex("058d 0981 0980 1501 2502 7508 9501 9100"))
    assert zero_order(chosen) == b"\x00\x02"
    sim = HidScaleSim()
    sim.put(15)
    sim.take(b"\x02\x02")
    assert weight(sim.report())[0] is ScaleState.ZERO


@given(st.binary(max_size=12))
def test_noise_raises_nothing(noise: bytes) -> None:
    for device in (DEVICE, Descriptor((), (), numbered=False)):
        assert isinstance(read(b"\x03" + noise, device), Sample | Trouble | Garbled | None)
