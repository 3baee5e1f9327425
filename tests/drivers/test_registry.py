from posedge.devices.match import DRIVEN, MEDIA
from posedge.drivers.registry import DRIVERS
from posedge.model.capabilities import Kind


def test_names_are_unique_and_kinds_are_known() -> None:
    names = [driver.name for driver in DRIVERS]
    assert len(set(names)) == len(names) >= 5
    assert all(isinstance(driver.kind, Kind) for driver in DRIVERS)


def test_what_devices_are_matched_to_exists() -> None:
    assert {*DRIVEN.values(), *MEDIA} <= {driver.name for driver in DRIVERS}
