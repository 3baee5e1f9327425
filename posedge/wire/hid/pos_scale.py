"""HID scales: status, unit, power of ten and weight in one report.

Source: HID Point of Sale Usage Tables 1.02, chapter 5 (page 0x8D). Where they lie is read from the
report descriptor; without one that says it, they are taken to lie as in DYMO's, Stamps.com's and
Mettler Toledo's (github erjiang/usbscale): `st un exp lo hi`. Weights are exact: see
posedge.wire.scales.mass.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from posedge.model.capabilities import ScaleState
from posedge.wire.hid.descriptor import Descriptor
from posedge.wire.hid.fields import Field, ReportKind
from posedge.wire.scales.frames import Frame, Garbled, Sample, Trouble, weighed
from posedge.wire.scales.mass import Mass, Unit

WEIGHT, SCALING = 0x8D0040, 0x8D0041
STATUS, UNIT = 0x8D0070, 0x8D0050
"""The collections around them; a value n means their usage plus n, as the tables number them."""
ZERO = 0x8D0080

KNOWN_ZERO = b"\x02\x02"
"""Report 2, bit 1: zero scale; bit 0 is enforced zero return."""

FURTHEST = 6
"""Powers of ten either way; a scale that shows tons or micrograms is none of a shop's."""

STATES: Mapping[int, ScaleState] = {
    STATUS + 3: ScaleState.UNSTABLE,
    STATUS + 5: ScaleState.UNDER_ZERO,
    STATUS + 6: ScaleState.OVERWEIGHT,
}
TROUBLES: Mapping[int, str] = {
    STATUS + 1: "the scale reports a fault: switch it off and on, then have it serviced",
    STATUS + 7: "the scale must be calibrated before it weighs",
    STATUS + 8: "the scale must be zeroed: clear the plate and zero it",
}
AT_ZERO, STABLE = STATUS + 2, STATUS + 4

MILLIGRAM = UNIT + 1
UNITS: Mapping[int, Unit] = {
    UNIT + 2: Unit.G,
    UNIT + 3: Unit.KG,
    UNIT + 11: Unit.OZ,
    UNIT + 12: Unit.LB,
}
OTHER_UNIT = "the scale is set to a unit that shops do not sell by: set it to kg, g, lb or oz"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a scale data report lie."""

    weight: Field
    scaling: Field | None
    unit: Field
    status: Field


def layout(descriptor: Descriptor) -> Layout:
    """Find the parts; the known layout where the descriptor lacks one of them."""
    weight = descriptor.find(WEIGHT)
    if weight is None:
        return _known(3 if descriptor.numbered else 0)
    beside = [each for each in descriptor.of(ReportKind.INPUT) if each.report == weight.report]
    unit, status = _choice(beside, UNIT, 12), _choice(beside, STATUS, 8)
    if unit is None or status is None:
        return _known(weight.report)
    scaling = next((each for each in beside if each.bears(SCALING)), None)
    return Layout(weight, scaling, unit, status)


def read_scale(where: Layout, number: int, data: bytes) -> Frame | None:
    """Say what the plate shows; None for a report of another kind."""
    if number != where.weight.report:
        return None
    status, digits = _chosen(where.status, data, STATUS), where.weight.value(data)
    if status is None or digits is None:
        return Garbled(data)
    if (trouble := TROUBLES.get(status)) is not None:
        return Trouble(trouble)
    if (state := STATES.get(status)) is not None:
        return Sample(state)
    exponent = _exponent(where.scaling, data)
    if status not in {AT_ZERO, STABLE} or abs(exponent) > FURTHEST:
        return Garbled(data)
    return _weighed(0 if status == AT_ZERO else digits, exponent, _chosen(where.unit, data, UNIT))


def zero_order(descriptor: Descriptor) -> bytes | None:
    """Return the output report that zeroes the scale; None when it takes none."""
    field = descriptor.find(ZERO, ReportKind.OUTPUT)
    if field is None:
        return KNOWN_ZERO if descriptor.find(WEIGHT) is None else None
    report = bytearray(descriptor.size(ReportKind.OUTPUT, field.report))
    chosen = next((n for n, (first, _) in enumerate(field.choices) if first == ZERO), 0)
    field.put(report, field.minimum + chosen if field.usage is None else 1)
    return bytes([field.report, *report])


def _weighed(digits: int, exponent: int, unit: int | None) -> Frame:
    if unit == MILLIGRAM:
        unit, exponent = UNIT + 2, exponent - 3
    known = UNITS.get(unit or 0)
    if known is None:
        return Trouble(OTHER_UNIT)
    return weighed(Mass(digits * 10 ** max(exponent, 0), max(-exponent, 0), known))


def _exponent(scaling: Field | None, data: bytes) -> int:
    """Return the power of ten, signed also where the descriptor forgot to say so."""
    value = 0 if scaling is None else scaling.value(data) or 0
    return value - 0x100 if 0x7F < value <= 0xFF else value  # noqa: PLR2004 - a byte's


def _chosen(field: Field, data: bytes, collection: int) -> int | None:
    value = field.value(data)
    if value is None:
        return None
    return field.chosen(data) if field.choices else collection + value


def _choice(fields: list[Field], collection: int, last: int) -> Field | None:
    """Find the field that chooses among the collection's usages, or lies inside it by itself."""
    for each in fields:
        inside = collection in each.path and each.usage in {collection, None}
        if inside or any(each.bears(collection + n) for n in range(1, last + 1) if each.choices):
            return each
    return None


def _known(report: int) -> Layout:
    def part(byte: int, size: int = 8, minimum: int = 0) -> Field:
        return Field(
            kind=ReportKind.INPUT,
            report=report,
            offset=8 * byte,
            size=size,
            count=1,
            minimum=minimum,
            maximum=(1 << size) - 1,
            path=(),
        )

    return Layout(weight=part(3, 16), scaling=part(2, 8, -128), unit=part(1), status=part(0))
