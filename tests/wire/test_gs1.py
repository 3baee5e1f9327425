import subprocess
import sys

import biip
import pytest
from biip.gtin import Gtin
from biip.rcn import Rcn
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.events import Element
from posedge.wire.gs1 import SYMBOLOGIES, Code, read_code, split_aim
from posedge.wire.gtin import gtin14

LOT, BEST_BEFORE = Element(ai="10", value="LOT7"), Element(ai="17", value="261231")
ARTICLE = Element(ai="01", value="04006381333931")


def check_digit(payload: str) -> str:
    return next(
        d for d in "0123456789" if biip.checksums.gs1_standard_check_digit(payload) == int(d)
    )


@pytest.mark.parametrize(
    ("sent", "gtin"),
    [
        ("4006381333931", "04006381333931"),
        ("]E04006381333931", "04006381333931"),
        ("96385074", "00000096385074"),
        ("]E496385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("]E00036000291452", "00036000291452"),
        ("14006381333938", "14006381333938"),
        ("]I114006381333938", "14006381333938"),
        ("04252614", "00042100005264"),
        ("]E39771234567003" + "05", "09771234567003"),
        ("4006381333932", None),
        ("]E04006381333932", None),
        ("978", None),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", None),
    ],
)
def test_gtin_is_normalised_and_only_there_when_its_check_digit_holds(
    sent: str, gtin: str | None
) -> None:
    code = read_code(sent)
    assert (code.gtin, code.elements) == (gtin, ())
    assert code.text == sent.removeprefix("]E0").removeprefix("]E4").removeprefix(
        "]I1"
    ).removeprefix("]E3")


def test_upc_e_that_could_be_an_ean_8_is_left_plain() -> None:
    assert biip.parse("01234565").upc is not None
    assert read_code("01234565").gtin is None
    assert read_code("]E001234565").gtin == "00012345000065"
    assert read_code("]E096385074").gtin is None
    assert read_code("]A04252614").gtin is None
    assert read_code("04252615").gtin is None


@pytest.mark.parametrize(
    "payload", ["200123456789", "021234567890", "041234567890", "290000000000"]
)
def test_restricted_circulation_numbers_stay_plain(payload: str) -> None:
    code = payload + check_digit(payload)
    assert isinstance(Gtin.parse(code), Rcn)
    assert read_code(f"]E0{code}") == Code(code, "EAN-13/UPC")
    assert read_code(code[1:] if code[0] == "0" else code).gtin is None


@pytest.mark.parametrize(
    ("sent", "symbology"),
    [
        ("]C101040063813339311726123110LOT7", "GS1-128"),
        ("]d201040063813339311726123110LOT7", "GS1 DataMatrix"),
        ("]Q301040063813339311726123110LOT7\x1d", "GS1 QR Code"),
        ("]e001040063813339311726123110LOT7", "GS1 DataBar"),
        ("\x1d01040063813339311726123110LOT7", None),
        ("010400638133393117261231\x1d10LOT7", None),
    ],
)
def test_gs1_carriers(sent: str, symbology: str | None) -> None:
    code = read_code(sent)
    assert code.elements == (ARTICLE, BEST_BEFORE, LOT)
    assert (code.gtin, code.symbology) == ("04006381333931", symbology)
    assert code.text.startswith("01")


def test_separators_within_stay_in_the_text() -> None:
    code = read_code("]C110LOT7\x1d17261231")
    assert code == Code("10LOT7\x1d17261231", "GS1-128", None, (LOT, BEST_BEFORE))


def test_plain_codes_are_never_gs1_messages_although_they_parse_as_such() -> None:
    for sent in ("4006381333931", "4006381333932", "96385074", "10LOT7"):
        assert biip.parse(sent).gs1_message is not None
        assert read_code(sent).elements == ()


def test_what_is_no_gs1_message_stays_plain() -> None:
    assert read_code("]C105999") == Code("05999", "GS1-128")
    assert read_code("[)>\x1e06\x1dP123").elements == ()
    assert read_code("]C1(01)04006381333931").elements == ()


def test_an_article_number_with_a_wrong_check_digit_is_an_element_but_no_gtin() -> None:
    code = read_code("]C10104006381333932")
    assert (code.gtin, code.elements) == (None, (Element(ai="01", value="04006381333932"),))


def test_impossible_dates_do_not_hide_the_other_elements() -> None:
    assert read_code("]C1010400638133393117000000").elements[0] == ARTICLE


@pytest.mark.parametrize(
    ("sent", "aim", "text"),
    [
        ("]Q1hello", "Q1", "hello"),
        ("]z0x", "z0", "x"),
        ("]", "", "]"),
        ("]?1x", "", "]?1x"),
        ("]y1x", "", "]y1x"),
        ("x]C1", "", "x]C1"),
    ],
)
def test_aim_prefix(sent: str, aim: str, text: str) -> None:
    assert split_aim(sent) == (aim, text)
    assert read_code(sent).symbology == SYMBOLOGIES.get(aim[:1])


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda n: st.text("0123456789", min_size=n, max_size=n)
    )
)
def test_gtin_agrees_with_biip(payload: str) -> None:
    digits = payload + check_digit(payload)
    theirs = Gtin.parse(digits)
    assert gtin14(digits) == (None if isinstance(theirs, Rcn) else theirs.as_gtin_14())
    wrong = payload + str((int(digits[-1]) + 1) % 10)
    assert gtin14(wrong) is None


@given(st.sampled_from(["", "]C1", "]d2", "\x1d"]), st.text(max_size=40))
def test_no_text_raises(prefix: str, text: str) -> None:
    assert isinstance(read_code(prefix + text), Code)


@given(
    st.sampled_from(["]C1", "\x1d"]),
    st.lists(st.sampled_from(["01", "10", "17", "3103", "3922", "00", "7003", "8008", "\x1d"])),
    st.text("0123456789A\x1d", max_size=40),
)
def test_no_gs1_like_text_raises(prefix: str, ais: list[str], rest: str) -> None:
    assert isinstance(read_code(prefix + "12345678".join(ais) + rest), Code)


def test_plain_codes_do_not_load_biip() -> None:
    program = (
        "import sys; from posedge.wire.gs1 import read_code; read_code(']E04006381333931');"
        "assert 'biip' not in sys.modules; read_code(']C110LOT7'); assert 'biip' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
