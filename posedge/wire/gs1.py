"""What a code says: symbology, GTIN and GS1 elements.

biip knows the application identifiers. It is imported with the first code that has any, because
its table of company prefixes, which nobody here asks for, costs 25 MB and 140 ms. A plain EAN
needs no more than its check digit.

Traps (biip 5.2): every EAN-13 also parses as a GS1 message, 4006381333931 as (400)6381333931, with
a wrong check digit too. So elements are read only from what says that it is GS1.
"""

import re
from dataclasses import dataclass

from posedge.model.events import Element
from posedge.wire.digital_link import read_digital_link
from posedge.wire.gtin import expand_upc_e, gtin14, holds_check_digit

GS = "\x1d"
"""FNC1 as a separator, as every scanner sends it; some send it for the leading FNC1 too."""

AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")

SYMBOLOGIES = {
    "A": "Code 39",
    "C": "Code 128",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "I": "Interleaved 2 of 5",
    "L": "PDF417",
    "M": "MSI",
    "Q": "QR Code",
    "U": "MaxiCode",
    "d": "Data Matrix",
    "e": "GS1 DataBar",
    "z": "Aztec",
    "C1": "GS1-128",
    "E0": "EAN-13/UPC",
    "E3": "EAN-13/UPC with add-on",
    "E4": "EAN-8",
    "I1": "ITF-14",
    "J1": "GS1 DotCode",
    "Q3": "GS1 QR Code",
    "d2": "GS1 DataMatrix",
}
"""AIM code character, or with its modifier where that matters (ISO/IEC 15424; GS1 General
Specifications figure 5.1.2-2)."""

GS1_CARRIERS = frozenset({"C1", "J1", "Q3", "d2", "e0", "e1", "e2"})
EAN_13_DIGITS = 13
UPC_E_DIGITS = 8
"""Behind ]E0, which an EAN-8 never has."""


@dataclass(frozen=True, slots=True)
class Code:
    """`text` is what is in the symbol, AIM prefix and leading FNC1 taken off."""

    text: str
    symbology: str | None = None
    gtin: str | None = None
    elements: tuple[Element, ...] = ()


def read_code(sent: str) -> Code:
    """Read what a scanner sent; never an error: what is not understood stays plain text.

    A UPC-E that could as well be an EAN-8 is left plain when the scanner names no symbology:
    nobody can tell which product it is.
    """
    aim, text = split_aim(sent)
    symbology = SYMBOLOGIES.get(aim) or SYMBOLOGIES.get(aim[:1])
    if aim in GS1_CARRIERS or (not aim and GS in text):
        text = text.removeprefix(GS)
        elements = _elements(text)
        numbers = [element.value for element in elements if element.ai == "01"]
        return Code(text, symbology, gtin14(numbers[0]) if numbers else None, elements)
    if link := read_digital_link(text):
        return Code(text, symbology, *link)
    if aim == "E3":
        return Code(text, symbology, gtin14(text[:EAN_13_DIGITS]))
    if aim == "E0" and len(text) == UPC_E_DIGITS:
        return Code(text, symbology, expand_upc_e(text))
    named = bool(aim) or holds_check_digit(text)
    return Code(text, symbology, gtin14(text) if named else expand_upc_e(text))


def split_aim(sent: str) -> tuple[str, str]:
    """Divide the AIM identifier, without its `]`, from the rest; "" when there is none."""
    if AIM.match(sent) and (sent[1:3] in SYMBOLOGIES or sent[1] in SYMBOLOGIES):
        return sent[1:3], sent[3:]
    return "", sent


def _elements(text: str) -> tuple[Element, ...]:
    import biip.gs1_messages  # noqa: PLC0415 - costs 25 MB, see above

    config = biip.ParseConfig(gs1_element_strings_verify_date=False)
    try:
        message = biip.gs1_messages.GS1Message.parse(text, config=config)
    except biip.ParseError:
        return ()
    return tuple(Element(ai=part.ai.ai, value=part.value) for part in message.element_strings)
