import pytest

from posedge.devices.match import DRIVEN, MEDIA
from posedge.drivers.clouds import CLOUDS
from posedge.drivers.interface import Driver
from posedge.drivers.registry import DRIVERS
from posedge.drivers.scales import SCALES
from posedge.model.capabilities import Kind


def test_names_are_unique_and_kinds_are_known() -> None:
    assert len(DRIVERS) >= 5
    assert [driver.name for driver in DRIVERS.values()] == [*DRIVERS]
    assert all(isinstance(driver.kind, Kind) for driver in DRIVERS.values())
    assert repr(DRIVERS).startswith("<Drivers wedge, ")


@pytest.mark.parametrize("several", [SCALES, CLOUDS])
def test_whoever_stands_in_a_table_of_several_is_registered(
    several: tuple[type[Driver], ...],
) -> None:
    assert several == tuple(DRIVERS[each.name] for each in several)


def test_a_driver_that_is_not_there() -> None:
    assert "zwt" not in DRIVERS
    with pytest.raises(KeyError):
        DRIVERS["zwt"]


def test_what_devices_are_matched_to_exists() -> None:
    assert {*DRIVEN.values(), *MEDIA} <= set(DRIVERS)
