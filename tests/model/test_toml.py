import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.declared import Place
from posedge.model.mistakes import Mistake
from posedge.model.toml import Places

TEXT = """\
# a comment: port = 1
top = 1
[web]
host = "::1"
"port" = 8080

  [relay.tls]
ca = "x"

[[devices.static]]
name = "one"
[devices.static.options]
password = "000000"
[[devices.static]]
driver = "zvt"
name = "two"
options.skew_s = 5
options = { baud = 1 }

[[devices.assign]]
device = "0c2e:0200"

["0c2e:0200"]
kind = "scanner"
"""


@pytest.fixture
def places() -> Places:
    return Places(TEXT, tomllib.loads(TEXT.replace("options = { baud = 1 }\n", "")))


@pytest.mark.parametrize(
    ("place", "line", "title"),
    [
        (("top",), 2, "top"),
        (("web",), 3, "web"),
        (("web", "port"), 5, "web.port"),
        (("web", "nothing"), 3, "web.nothing"),
        (("relay", "tls", "ca"), 8, "relay.tls.ca"),
        (("relay", "tls", "key"), 7, "relay.tls.key"),
        (("devices", "static", 0, "driver"), 10, 'devices.static[1].driver ("one")'),
        (
            ("devices", "static", 0, "options", "password"),
            13,
            'devices.static[1].options.password ("one")',
        ),
        (("devices", "static", 1, "driver"), 15, 'devices.static[2].driver ("two")'),
        (
            ("devices", "static", 1, "options", "skew_s"),
            17,
            'devices.static[2].options.skew_s ("two")',
        ),
        (("devices", "static", 7), 10, "devices.static[8]"),
        (("devices", "assign", 0, "x"), 20, 'devices.assign[1].x ("0c2e:0200")'),
        (("0c2e:0200", "kind"), 24, '"0c2e:0200".kind'),
        (("nowhere",), 1, "nowhere"),
        ((), 1, ""),
    ],
)
def test_line_and_title_of_a_place(places: Places, place: Place, line: int, title: str) -> None:
    assert places.line(place) == line
    assert places.title(place) == title


def test_sentences_come_in_the_order_of_the_file(places: Places) -> None:
    said = places.sentences(
        "a.toml", [Mistake(("web", "port"), "is high"), Mistake(("top",), "is low")]
    )
    assert said == ["a.toml:2: top: is low", "a.toml:5: web.port: is high"]


@given(st.text(max_size=300), st.lists(st.text(max_size=5) | st.integers(0, 3), max_size=4))
def test_any_text_has_a_line_for_any_place(text: str, place: list[int | str]) -> None:
    assert 1 <= Places(text, {}).line(tuple(place)) <= max(1, len(text.splitlines()))
