"""GS1 Digital Link: a web address that is an article number as well (URI Syntax 1.3 and later).

    https://shop.example/any/path/01/09521234000013/10/LOT7?17=261231

Only an address whose path ends in key and qualifiers as the standard orders them, every value of
the right form and the article number's check digit true, is one; all else is an address and stays
text. Compressed links (section 3.10), whose elements are not legible, stay text too.
"""

import re
from urllib.parse import parse_qsl, unquote

from posedge.model.events import Element
from posedge.wire.gtin import gtin14

ARTICLE = re.compile(
    r"https?://[^/?#\s]+(?:/[^/?#\s]*)*?/01/(?P<gtin>\d{8}|\d{12,14})(?P<rest>(?:/[^/?#\s]+)*)",
    re.ASCII | re.IGNORECASE,
)
"""The path up to its key 01; GTINs of other lengths than 14 came with version 1.0."""

QUALIFIERS = ("22", "10", "21", "235")
"""Consumer product variant, lot, serial number (or that of a third party): in this order, each
once (URI Syntax, table of key qualifiers)."""

MAX_PARAMETERS = 50
"""A code holds a dozen elements; more is no label."""


def read_digital_link(text: str) -> tuple[str, tuple[Element, ...]] | None:
    """Return the GTIN-14 and all elements, the GTIN's among them; None for any other text."""
    address, _, _ = text.partition("#")
    path, _, query = address.partition("?")
    article = ARTICLE.fullmatch(path.removesuffix("/"))
    gtin = gtin14(article["gtin"]) if article else None
    if article is None or gtin is None:
        return None
    pairs = _qualifiers(article["rest"].split("/")[1:])
    attributes = _attributes(query)
    if pairs is None or attributes is None:
        return None
    elements = _elements([("01", gtin), *pairs, *attributes])
    return None if elements is None else (gtin, elements)


def _qualifiers(steps: list[str]) -> list[tuple[str, str]] | None:
    """Pair what is behind the article number; None unless the keys stand in their order."""
    keys, values = steps[::2], steps[1::2]
    places = [QUALIFIERS.index(key) if key in QUALIFIERS else -1 for key in keys]
    if len(keys) != len(values) or -1 in places or places != sorted(set(places)):
        return None
    return [(key, unquote(value)) for key, value in zip(keys, values, strict=True)]


def _attributes(query: str) -> list[tuple[str, str]] | None:
    """Return the elements among a query's parameters, whose keys are all digits."""
    try:
        found = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return None
    return [(key, value) for key, value in found if key.isascii() and key.isdigit()]


def _elements(pairs: list[tuple[str, str]]) -> tuple[Element, ...] | None:
    """Check each value against the form that its identifier has; None when one is wrong."""
    import biip  # noqa: PLC0415 - costs 25 MB, see posedge/wire/gs1.py
    import biip.gs1_element_strings  # noqa: PLC0415

    config = biip.ParseConfig(gs1_element_strings_verify_date=False)
    try:
        parts = [
            biip.gs1_element_strings.GS1ElementString.parse(key + value, config=config)
            for key, value in pairs
        ]
    except biip.ParseError:
        return None
    if [(part.ai.ai, part.value) for part in parts] != pairs:
        return None
    return tuple(Element(ai=key, value=value) for key, value in pairs)
