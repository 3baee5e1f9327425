import pytest

from posedge.model.errors import MisuseError, ProtocolError
from posedge.model.topics import BoxTopics, Fleet, parse
from tests.doubles.broker import matches

BOX = BoxTopics("acme", "s0042", "bx7f3k2")


def test_topics_of_a_box_are_those_of_the_contract() -> None:
    base = "posedge/v1/acme/s0042/bx7f3k2"
    assert BOX.event("sale") == f"{base}/e/sale"
    assert BOX.sync == f"{base}/e/_sync"
    assert BOX.ack == f"{base}/ack"
    assert BOX.status == f"{base}/status"
    assert BOX.state("device") == f"{base}/state/device"
    assert BOX.desired("config") == f"{base}/desired/config"
    assert BOX.command("ping") == f"{base}/cmd/ping"
    assert BOX.result("console") == f"{base}/res/console"
    assert BOX.headquarters == "posedge/v1/acme/_hq/status"
    assert BOX.source == "/acme/s0042/bx7f3k2"


def test_fleet_hears_every_box_of_its_tenant_and_nobody_else() -> None:
    fleet = Fleet("acme")
    assert matches(fleet.events, BOX.event("sale"))
    assert matches(fleet.events, BOX.sync)
    assert matches(fleet.presence, BOX.status)
    assert matches(fleet.states, BOX.state("device"))
    assert not matches(fleet.events, BoxTopics("other", "s", "b").sync)
    assert fleet.headquarters == BOX.headquarters


@pytest.mark.parametrize("level", ["", "A", "a.b", "a/b", "$x", "a b", "+", "#", "x" * 33, "a\n"])
def test_a_level_is_lower_case_short_and_without_wildcards(level: str) -> None:
    for make in (
        lambda: BoxTopics(level, "s", "b"),
        lambda: BoxTopics("t", level, "b"),
        lambda: BoxTopics("t", "s", level),
        lambda: Fleet(level),
    ):
        with pytest.raises(MisuseError, match="use 1 to 32"):
            make()


def test_longest_topic_fits_the_narrowest_broker() -> None:
    longest = BoxTopics("t" * 32, "s" * 32, "b" * 32).state("n" * 32)
    assert len(longest) <= 256
    assert longest.count("/") <= 7


def test_parse_is_the_inverse() -> None:
    assert parse(BOX.event("sale")) == (BOX, "e/sale")
    assert parse(BOX.ack) == (BOX, "ack")


@pytest.mark.parametrize(
    "topic", ["", "posedge/v1/acme/_hq/status", "posedge/v2/a/b/c/ack", "posedge/v1/a/b/C/ack"]
)
def test_foreign_topics_are_refused(topic: str) -> None:
    with pytest.raises(ProtocolError, match="not a topic of a box"):
        parse(topic)
