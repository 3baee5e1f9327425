import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.sim.hid_stripe import MAGTEK, POINT_OF_SALE, HidStripeSim
from posedge.wire.hid.descriptor import parse
from posedge.wire.hid.fields import ReportKind
from posedge.wire.hid.stripe import Layout, layout, read_stripe
from posedge.wire.tracks import Refused, Swipe

BANK = (
    "%B5555555555554444^DOE/JOHN^29011010000000000000?",
    ";5555555555554444=29011010000000000000?",
)
LOYALTY = ("%MGOLD^ROE/JANE?", ";70012345=01?")


def where(descriptor: bytes) -> Layout:
    found = layout(parse(descriptor))
    assert found is not None
    return found


def read(sim: HidStripeSim, report: bytes) -> Swipe | Refused | None:
    return read_stripe(where(sim.descriptor), *parse(sim.descriptor).divide(report))


def test_magtek_s_report_as_its_manual_draws_it() -> None:
    assert parse(MAGTEK).size(ReportKind.INPUT, 0) == 337
    report = bytearray(337)
    report[4] = 10
    report[7 + 110 : 7 + 120] = b";70012345?"
    assert read_stripe(where(MAGTEK), 0, bytes(report)) == Swipe((None, "70012345", None))


@pytest.mark.parametrize("point_of_sale", [True, False])
def test_loyalty_cards_are_read_and_payment_cards_refused(*, point_of_sale: bool) -> None:
    sim = HidStripeSim(point_of_sale)
    assert read(sim, sim.swipe(*LOYALTY)) == Swipe(("MGOLD^ROE/JANE", "70012345=01", None))
    card = read(sim, sim.swipe(*BANK))
    assert isinstance(card, Refused)
    assert (card.brand, card.last_four) == ("Mastercard", "4444")


def test_damaged_encrypted_and_empty() -> None:
    sim = HidStripeSim()
    for report, code in (
        (sim.swipe(*LOYALTY, damaged=0b100), "swipe.unreadable"),
        (sim.swipe(BANK[0], "", damaged=0b010), "card.refused"),
        (sim.swipe("\x9e\x02\xfa"), "swipe.encrypted"),
        (sim.swipe(), "swipe.unreadable"),
        (b"", "swipe.unreadable"),
    ):
        refused = read(sim, report)
        assert isinstance(refused, Refused)
        assert refused.code == code


def test_a_reader_with_one_track_and_no_lengths() -> None:
    device = parse(bytes.fromhex("058e 0901 a101 1500 26ff00 7508 0922 9528 820201 c0"))
    found = layout(device)
    assert found is not None
    assert read_stripe(found, 0, b";700?".ljust(40, b"\0")) == Swipe((None, "700", None))


def test_tracks_of_another_report_and_other_reports() -> None:
    parts = "058e 1500 26ff00 7508 8501 0921 9528 820201 8502 0922 820201"
    found = layout(parse(bytes.fromhex(parts)))
    assert found is not None
    assert found.tracks[1:] == (None, None)
    assert read_stripe(found, 2, b";700?".ljust(40, b"\0")) is None


def test_what_is_no_stripe_reader() -> None:
    assert layout(parse(b"")) is None
    assert layout(parse(bytes.fromhex("058e 7504 9501 0921 8102"))) is None


@given(st.sampled_from([MAGTEK, POINT_OF_SALE]), st.binary(max_size=400))
def test_noise_raises_nothing(descriptor: bytes, noise: bytes) -> None:
    device = parse(descriptor)
    assert isinstance(read_stripe(where(descriptor), *device.divide(noise)), Swipe | Refused | None)
