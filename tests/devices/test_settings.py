from typing import Any

import pytest
from pydantic import ValidationError

from posedge.devices.settings import DevicesSettings
from posedge.drivers.registry import DRIVERS


def static(**fields: Any) -> dict[str, Any]:
    return {
        "static": [{"name": "till", "driver": "zvt", "address": "tcp://pos:20007", **fields}],
    }


def test_nothing_configured_finds_everything_by_udev() -> None:
    settings = DevicesSettings()
    assert settings.udev
    assert (settings.static, settings.assign) == ((), ())


def test_static_and_assigned_devices() -> None:
    settings = DevicesSettings.model_validate(
        {
            **static(options={"password": "000000", "skew_s": 1, "baud": 9600}),
            "assign": [{"device": "0403:6001", "driver": "toledo", "options": {"baud": 4800}}],
        }
    )
    assert settings.static[0].options == {"password": "000000", "skew_s": 1, "baud": 9600}
    assert settings.assign[0].driver == "toledo"


def behind(**fields: Any) -> dict[str, Any]:
    display = {"name": "customer", "driver": "line-display", "options": {"protocol": "epson"}}
    return {"static": [{**display, "through": "front desk", **fields}]}


def test_a_display_behind_a_printer_has_a_way_in_place_of_an_address() -> None:
    settings = DevicesSettings.model_validate(behind())
    (display,) = settings.static
    assert (display.through, display.address) == ("front desk", "through://front%20desk")
    assert display.options == {"protocol": "epson", "chained": True}
    assert DevicesSettings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (static(driver="zwt"), f"there are {', '.join(sorted(DRIVERS))}"),
        (static(address="pos:20007"), "tcp://host:port"),
        (static(name=""), "name"),
        (static(speed=1), "speed"),
        (behind(options={}), 'only a display that speaks "epson"'),
        (behind(options="none"), "options"),
        (behind(address="tcp://pole:4001"), "no address"),
        (behind(through=1), "through"),
        (behind(driver="zvt", options={}), "chained"),
        (static(address="through://receipts"), "says through which"),
        ({"static": ["till"]}, "static"),
        ({"assign": [{"device": "x", "driver": "y"}]}, "no driver 'y'"),
        ({"assign": [{"device": "x", "options": {"parity": "even"}}]}, "parity"),
        ({**static(), "assign": [{"device": "x", "name": "till"}]}, "two devices are named till"),
    ],
)
def test_a_mistake_says_what_to_write(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DevicesSettings.model_validate(given)
    assert said in str(caught.value)
