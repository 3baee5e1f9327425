from pathlib import Path

import pytest

from posedge.relay.asyncapi import CHANNELS, document
from tests.contract.documents import documents

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["asyncapi.json", "openapi.json"])
def test_the_document_says_what_runs(name: str) -> None:
    assert (DOCS / name).read_text() == documents()[name], "run tools/contracts"


def test_every_channel_is_parametrised_and_short() -> None:
    for name, channel in document()["channels"].items():
        address = channel["address"]
        assert address.count("/") <= 7, name
        assert {f"{{{each}}}" for each in channel["parameters"]} == {
            level for level in address.split("/") if level.startswith("{")
        }


def test_money_never_expires_and_no_command_is_retained() -> None:
    by_name = {each.name: each for each in CHANNELS}
    assert by_name["event"].expiry_s is None
    assert not by_name["command"].retain
    assert by_name["command"].expiry_s
