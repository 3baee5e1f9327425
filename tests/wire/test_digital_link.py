import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.events import Element
from posedge.wire.digital_link import read_digital_link
from posedge.wire.gs1 import read_code

GTIN = "09521234000013"
ARTICLE = Element(ai="01", value=GTIN)
LOT = Element(ai="10", value="LOT7")


def elements(text: str) -> tuple[Element, ...] | None:
    link = read_digital_link(text)
    assert link is None or link[0] == link[1][0].value
    return None if link is None else link[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"https://id.gs1.org/01/{GTIN}", (ARTICLE,)),
        (f"http://shop.example:8080/some/path/01/{GTIN}/10/LOT7", (ARTICLE, LOT)),
        (f"HTTPS://SHOP.EXAMPLE/01/{GTIN}/10/LOT7/", (ARTICLE, LOT)),
        ("https://shop.example/01/9521234000013", (ARTICLE,)),
        (f"https://shop.example/01/{GTIN}#top", (ARTICLE,)),
        (
            f"https://shop.example/01/{GTIN}/22/A/10/LOT7/21/s%2F1?17=261231&3103=000500&from=qr",
            (
                ARTICLE,
                Element(ai="22", value="A"),
                LOT,
                Element(ai="21", value="s/1"),
                Element(ai="17", value="261231"),
                Element(ai="3103", value="000500"),
            ),
        ),
    ],
)
def test_what_is_one(text: str, found: tuple[Element, ...]) -> None:
    assert elements(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/",
        "https://shop.example/01/09521234000014",  # its check digit is wrong
        "https://shop.example/01/02388060112344",  # restricted circulation
        "https://shop.example/01/0952123400001",
        f"https://shop.example/01/{GTIN}/10",
        f"https://shop.example/01/{GTIN}/21/1/10/LOT7",  # out of order
        f"https://shop.example/01/{GTIN}/10/a/10/b",
        f"https://shop.example/01/{GTIN}/reviews/5",
        f"https://shop.example/01/{GTIN}/10/{'A' * 21}",
        f"https://shop.example/01/{GTIN}?17=soon",
        f"https://shop.example/01/{GTIN}?1=0LOT",  # no identifier, though 10LOT would be
        f"https://shop.example/01/{GTIN}?" + "&".join("x=1" for _ in range(51)),
        f"https://shop.example/?01={GTIN}",
        f"shop.example/01/{GTIN}",
        f"ftp://shop.example/01/{GTIN}",
        f"https:///01/{GTIN}",
        "https://id.gs1.org/AQnYUc1gmiERBhQ3ytiyZuAf",  # compressed
        "https://[/01/x",
    ],
)
def test_what_is_an_address_and_no_more(text: str) -> None:
    assert elements(text) is None


def test_in_a_qr_code() -> None:
    code = read_code(f"]Q1https://shop.example/01/{GTIN}/10/LOT7")
    assert code.text == f"https://shop.example/01/{GTIN}/10/LOT7"
    assert (code.symbology, code.gtin, code.elements) == ("QR Code", GTIN, (ARTICLE, LOT))
    plain = read_code("]Q1https://shop.example/menu")
    assert (plain.gtin, plain.elements) == (None, ())


@given(st.text(max_size=60))
def test_no_address_raises(rest: str) -> None:
    read_digital_link("https://" + rest)
    read_digital_link(f"https://x/01/{GTIN}{rest}")
    read_digital_link(f"https://x/01/{GTIN}?{rest}")


def test_plain_addresses_do_not_load_biip() -> None:
    program = (
        "import sys; from posedge.wire.gs1 import read_code; read_code('https://x.example/01/y');"
        "assert 'biip' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
