import pytest
import rfc8785

from posedge.model.stamp import NS_PER_S, Stamp

NOON_NS = 1_795_500_000 * NS_PER_S


def stamp(second: int, *, boot: str = "a", trusted: bool = True, up: int = 100) -> Stamp:
    return Stamp(
        utc_ns=NOON_NS + second * NS_PER_S,
        monotonic_ns=up * NS_PER_S,
        boot_id=boot,
        trusted=trusted,
    )


def test_reads_as_rfc3339_with_milliseconds() -> None:
    at = Stamp(utc_ns=NOON_NS + 123_999_999, monotonic_ns=0, boot_id="a", trusted=True)
    assert at.rfc3339 == "2026-11-24T06:00:00.123Z"


def test_a_box_without_a_clock_may_be_in_1970() -> None:
    assert Stamp(utc_ns=0, monotonic_ns=0, boot_id="a", trusted=False).rfc3339.startswith("1970")


def test_survives_canonical_json_whole() -> None:
    at = Stamp(utc_ns=NOON_NS + 1, monotonic_ns=2**60 + 1, boot_id="a", trusted=True)
    body = rfc8785.dumps(at.model_dump(mode="json"))
    assert Stamp.model_validate_json(body) == at


@pytest.mark.parametrize(
    ("earlier", "later", "seconds"),
    [
        (stamp(0, up=100), stamp(9000, up=107), 7),  # one boot: the wall clock may have jumped
        (stamp(0, up=107), stamp(0, up=100), 0),
        (stamp(0), stamp(60, boot="b", up=3), 60),
        (stamp(60), stamp(0, boot="b", up=3), 0),
        (stamp(0, trusted=False), stamp(60, boot="b"), None),
        (stamp(0), stamp(60, boot="b", trusted=False), None),
    ],
)
def test_counts_only_the_seconds_that_are_proven(
    earlier: Stamp, later: Stamp, seconds: int | None
) -> None:
    assert later.since(earlier) == seconds
