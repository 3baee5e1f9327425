"""By what each terminal knows that no real money moves."""

import pytest

from posedge.drivers.cloud_interface import CloudOptions
from posedge.drivers.ecr17_options import Ecr17Options
from posedge.drivers.registry import DRIVERS
from posedge.drivers.square_options import SquareOptions
from posedge.drivers.stripe_options import StripeOptions
from posedge.drivers.zvt_options import ZvtOptions

LIVE, TEST = "https://connect.squareup.com", "https://connect.squareupsandbox.com"


@pytest.mark.parametrize("options", [ZvtOptions(), Ecr17Options()])
def test_a_terminal_that_cannot_tell_is_taken_for_live(options: ZvtOptions | Ecr17Options) -> None:
    assert not options.test_mode


def test_stripe_says_it_by_its_key() -> None:
    test = StripeOptions(secret_key="rk_test_x", reader="tmr_1")
    live = StripeOptions(secret_key="rk_live_test", reader="tmr_1")
    assert (test.in_test_mode(LIVE), live.in_test_mode(TEST)) == (True, False)


def test_square_says_it_by_its_host() -> None:
    square = SquareOptions(access_token="a-long-token", device_id="d")
    assert (square.in_test_mode(TEST), square.in_test_mode(LIVE)) == (True, False)
    assert not square.in_test_mode(f"https://elsewhere.example/{TEST}")


def test_a_provider_without_signs_is_taken_for_live() -> None:
    assert not CloudOptions().in_test_mode(TEST)


def test_which_terminals_can_be_tried_in_their_test_mode() -> None:
    able = {name for name in DRIVERS if "rehearsal" in vars(DRIVERS[name])}
    assert able >= {"zvt", "ecr17", "stripe", "square", "sumup"}
