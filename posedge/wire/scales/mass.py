"""A weight exactly as a scale states it: digits, decimal point, unit. Nothing is re-scaled.

Grams are derived from it by exact fractions (1 lb = 453.59237 g, 1 oz = 1/16 lb: international
yard and pound agreement of 1959), and rounded once, to the nearest gram, half away from zero.
Who must not round (a price by the pound, a balance with tenths of a gram) uses the text.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

NUMBER = re.compile(r" *([+-]?) *(\d{1,8})(?:\.(\d{0,6}))? *", re.ASCII)
"""The longest there is: eight characters for the weight (CAS), ten with the point (MT-SICS)."""


class Unit(StrEnum):
    G = "g"
    KG = "kg"
    LB = "lb"
    OZ = "oz"


POUND_G = Fraction(45_359_237, 100_000)
GRAMS = {
    Unit.G: Fraction(1),
    Unit.KG: Fraction(1000),
    Unit.LB: POUND_G,
    Unit.OZ: POUND_G / 16,
}


@dataclass(frozen=True, slots=True)
class Mass:
    """`Mass(1254, 3, Unit.KG)` is 1.254 kg."""

    digits: int
    decimals: int
    unit: Unit

    @classmethod
    def parse(cls, number: bytes, unit: Unit) -> "Mass | None":
        """Read ` 01.254`; None for what is no number."""
        found = NUMBER.fullmatch(number.decode("ascii", errors="replace"))
        if found is None:
            return None
        sign, whole, part = found[1], found[2], found[3] or ""
        return cls(int(f"{sign}{whole}{part}"), len(part), unit)

    @property
    def grams(self) -> int:
        exact = Fraction(abs(self.digits), 10**self.decimals) * GRAMS[self.unit]
        nearest = int(exact + Fraction(1, 2))
        return -nearest if self.digits < 0 else nearest

    def __str__(self) -> str:
        """Return the scale's own number and unit, `1.254 kg`, without zeros that pad it."""
        sign = "-" if self.digits < 0 else ""
        digits = f"{abs(self.digits):0{self.decimals + 1}d}"
        point = len(digits) - self.decimals
        return f"{sign}{digits[:point]}{'.' * bool(self.decimals)}{digits[point:]} {self.unit}"


def unit(text: bytes) -> Unit | None:
    """Read `kg`, `Kg ` or ` g`; None for a unit that is none of ours."""
    name = text.decode("ascii", errors="replace").strip().lower()
    return Unit(name) if name in set(Unit) else None
