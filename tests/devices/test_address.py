import pytest

from posedge.devices.address import (
    Address,
    Evdev,
    Http,
    Line,
    Serial,
    Tcp,
    Through,
    Usblp,
    Worker,
    line,
    parse,
)
from posedge.model.errors import MisuseError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://printer.lan:9100", Tcp(host="printer.lan", port=9100)),
        ("tcp://[fe80::1]:20007", Tcp(host="fe80::1", port=20007)),
        ("https://api.stripe.com", Http(host="api.stripe.com", port=443)),
        ("https://10.0.0.7:8443/nexo", Http(host="10.0.0.7", port=8443, path="/nexo")),
        ("https://[fe80::1]:8443", Http(host="fe80::1", port=8443)),
        ("http://127.0.0.1:4242", Http(scheme="http", host="127.0.0.1", port=4242)),
        ("http://localhost", Http(scheme="http", host="localhost", port=80)),
        ("usblp:///dev/usb/lp0", Usblp(path="/dev/usb/lp0")),
        ("evdev:///dev/input/event3", Evdev(path="/dev/input/event3")),
        ("serial:///dev/ttyS0", Serial(path="/dev/ttyS0")),
        ("worker:///opt/acme/adapter", Worker(path="/opt/acme/adapter")),
        ("through://front%20desk", Through(printer="front desk")),
    ],
)
def test_addresses_are_read_and_written(text: str, address: Address) -> None:
    assert parse(text) == address
    assert str(address) == text


def test_line_settings_of_the_address_win_over_options_over_the_drivers_custom() -> None:
    assert line("toledo", {}) == Line(baud=9600, bits=7, parity="E")
    read = parse("serial:///dev/ttyS0?baud=4800&rts_cts=1", "toledo", {"baud": 2400, "parity": "O"})
    assert isinstance(read, Serial)
    assert read.line == Line(baud=4800, bits=7, parity="O", rts_cts=True)


def test_a_program_has_its_share_of_memory() -> None:
    assert parse("worker:///a?memory_mb=512") == Worker(path="/a", memory_mb=512)


@pytest.mark.parametrize(
    "text",
    [
        "printer.lan:9100",
        "tcp://printer.lan",
        "tcp://printer.lan:99999",
        "tcp://:9100",
        "http://printer.lan:80",
        "https://key@api.stripe.com",
        "https://api.stripe.com/?a=b",
        "https://",
        "serial://ttyS0",
        "serial:///dev/ttyS0?baud=fast",
        "serial:///dev/ttyS0?bits=9",
        "serial:///dev/ttyS0?parity=even",
        "serial:///dev/ttyS0?speed=9600",
        "serial:///dev/ttyS0?baud",
        "tcp://[::1",
        "worker://acme",
        "through://",
        "worker:///opt/acme/adapter?memory_mb=1",
        "worker:///opt/acme/adapter?memory=64",
    ],
)
def test_what_is_no_address_says_how_one_looks(text: str) -> None:
    with pytest.raises(MisuseError) as caught:
        parse(text)
    assert caught.value.code == "address.unreadable"
    assert repr(text) in caught.value.message
    assert "tcp://host:port" in caught.value.message
