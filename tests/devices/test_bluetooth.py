import pytest

from posedge.devices.bluetooth import bluetooth
from posedge.devices.inventory import Usb

PATH = "/devices/virtual/misc/uhid/0005:0C2E:0B61.0001"
TOLD = {"PRODUCT": "5/c2e/b61/111", "NAME": '"Granit 1981i"', "UNIQ": '"DE:AD:BE:EF:00:01"'}


def test_maker_model_and_address() -> None:
    assert bluetooth(f"{PATH}/input/input9/event9", TOLD) == Usb(
        path=PATH,
        id="0c2e:0b61",
        serial="de:ad:be:ef:00:01",
        port="bluetooth-de:ad:be:ef:00:01",
        model="Granit 1981i",
        interfaces="",
    )


@pytest.mark.parametrize("uniq", ["", '""', '"00:00:00:00:00:00"'])
def test_without_an_address_the_model_is_the_place(uniq: str) -> None:
    found = bluetooth(f"{PATH}/input/input9", {**TOLD, "UNIQ": uniq})
    assert found is not None
    assert (found.serial, found.port) == ("", "bluetooth-0c2e:0b61")


@pytest.mark.parametrize("product", ["", "3/c2e/b61/111", "19/0/1/0", "5/c2e", "x/y/z/0"])
def test_what_is_on_another_bus(product: str) -> None:
    assert bluetooth(f"{PATH}/input/input9", {**TOLD, "PRODUCT": product}) is None
