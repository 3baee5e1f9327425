from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, RootModel, ValidationError, field_validator

from posedge.model.declared import declared, wanted
from posedge.model.mistakes import MAX_SHOWN, mistakes, retold, shown
from posedge.model.value import Value


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(Value):
    need: str
    short: Annotated[str, Field(max_length=3)] = ""


class Outer(Value):
    port: Annotated[int, Field(ge=1, le=65535)] = 1
    low: Annotated[int, Field(ge=1)] = 1
    word: Annotated[str, Field(pattern="^a$", description="the letter a")] = "a"
    maybe: Annotated[int, Field(ge=0, le=9)] | None = None
    secret: Annotated[str, Field(pattern="^[0-9]$", repr=False, description="a digit")] = "0"
    colour: Colour = Colour.RED
    step: Literal[1, 2] = 1
    on: bool = False
    file: Path = Path()
    inner: Inner | None = None
    items: tuple[Inner, ...] = ()
    few: Annotated[tuple[int, ...], Field(max_length=2)] = ()
    table: Mapping[str, int] = Field(default_factory=dict[str, int])
    odd: Decimal | int = 0
    exact: Decimal = Decimal(0)
    checked: str = ""
    inline: Inner | None = None

    @field_validator("checked")
    @classmethod
    def _checked(cls, value: str) -> str:
        if value == "named":
            raise ValueError("named is no name")
        if value:
            raise ValueError("no such thing; write nothing")
        return value


def found(given: object) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(given)
    return [(each.place, each.text) for each in mistakes(caught.value, Outer)]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"port": 0}, "0 cannot be; write a whole number, 1 to 65535"),
        ({"port": "x"}, '"x" cannot be; write a whole number, 1 to 65535'),
        ({"low": 0}, "0 cannot be; write a whole number"),
        ({"word": "b"}, '"b" cannot be; write the letter a'),
        ({"maybe": 10}, "10 cannot be; write a whole number, 0 to 9"),
        ({"secret": "hidden"}, "what is there cannot be; write a digit"),
        ({"colour": "green"}, '"green" cannot be; write one of "red", "blue"'),
        ({"step": 3}, "3 cannot be; write one of 1, 2"),
        ({"on": "perhaps"}, '"perhaps" cannot be; write true or false'),
        ({"file": 1}, "1 cannot be; write text in quotes"),
        ({"inner": 5}, "5 cannot be; write a table with need, short"),
        ({"items": 5}, "5 cannot be; write a list: each a table with need, short"),
        (
            {"few": [1, 2, 3]},
            "[1, 2, 3] cannot be; write a list, at most 2 items: each a whole number",
        ),
        ({"table": 5}, "5 cannot be; write a table"),
        ({"odd": "x"}, '"x" cannot be; write another value'),
        ({"exact": "x"}, '"x" cannot be; write another value'),
        ({"checked": "a"}, '"a": no such thing; write nothing'),
        ({"checked": "named"}, "named is no name"),
        ({"prot": 1}, "no such key; write port"),
    ],
)
def test_a_value_that_cannot_be_and_what_can(given: dict[str, Any], text: str) -> None:
    assert found(given) == [((next(iter(given)),), text)]


def test_deep_places() -> None:
    assert found({"inner": {"short": "long"}, "items": [{"need": "x", "sort": 1}]}) == [
        (("inner", "need"), "is missing; write text in quotes"),
        (("inner", "short"), '"long" cannot be; write text in quotes, at most 3 characters'),
        (("items", 0, "sort"), "no such key; write short"),
    ]
    assert found({"table": {"a": "b"}}) == [(("table", "a"), '"b" cannot be; write a whole number')]
    assert found({"zzz": 1})[0][1].startswith("no such key; known here: port, low,")


def test_a_place_where_nothing_is_declared() -> None:
    assert declared(Outer, ("port", "deep")) is None
    assert declared(Outer, ("port", 0)) is None
    assert declared(Outer, ("nowhere", "at", "all")) is None


def test_models_by_any_key() -> None:
    field = declared(RootModel[Mapping[str, Inner]], ("x", "short"))
    assert field is not None
    assert wanted(field) == "text in quotes, at most 3 characters"


def test_a_finding_told_inside_a_validator_keeps_its_words_and_gets_the_outer_place() -> None:
    class Wrapper(Value):
        options: Mapping[str, int]

        @field_validator("options")
        @classmethod
        def _own(cls, options: Mapping[str, int]) -> Mapping[str, int]:
            try:
                Inner.model_validate(options)
            except ValidationError as error:
                raise retold(error, Inner, beside=("baud",)) from None
            return options

    with pytest.raises(ValidationError) as caught:
        Wrapper.model_validate({"options": {"bauds": 1}})
    assert [(each.place, each.text) for each in mistakes(caught.value, Wrapper)] == [
        (("options", "need"), "is missing; write text in quotes"),
        (("options", "bauds"), "no such key; write baud"),
    ]


def test_a_long_value_is_shortened() -> None:
    assert shown("Grüße") == '"Grüße"'
    assert shown(Path("/a")) == '"/a"'
    assert len(shown("x" * 1000)) == MAX_SHOWN
