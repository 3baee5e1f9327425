"""The box's side of a webhook that headquarters hands on."""

import base64

import pytest
from pydantic import JsonValue

from posedge.app.hooks import Hooks
from posedge.model.errors import MisuseError, NotFoundError
from posedge.model.hook import Hook
from posedge.model.messages import Command
from tests.doubles.terminal import FakeDevices

ARGS: dict[str, JsonValue] = {
    "provider": "stripe",
    "terminal": "counter",
    "headers": {"stripe-signature": "t=1,v1=ab"},
    "body": base64.b64encode(b'{"a": 1}').decode(),
}


class Counter:
    """A terminal that notes its hints."""

    def __init__(self) -> None:
        self.hints: list[Hook] = []

    async def hinted(self, hook: Hook) -> None:
        self.hints.append(hook)


async def handed(
    counter: Counter, args: dict[str, JsonValue], *, dry_run: bool = False
) -> JsonValue:
    verb = Hooks(FakeDevices(counter=counter)).verbs["hook"]
    return dict(await verb(Command(id="c1", args=args, dry_run=dry_run)))


async def test_it_reaches_its_terminal_as_it_was_signed() -> None:
    counter = Counter()
    assert await handed(counter, ARGS) == {"terminal": "counter"}
    (hook,) = counter.hints
    assert (hook.provider, hook.body) == ("stripe", b'{"a": 1}')
    assert hook.headers == {"stripe-signature": "t=1,v1=ab"}


async def test_a_dry_run_wakes_nobody() -> None:
    counter = Counter()
    await handed(counter, ARGS, dry_run=True)
    assert not counter.hints


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("terminal", ""),
        ("headers", {"a": "x" * 3_000}),
        ("body", "not base64!"),
        ("body", "A" * 200_000),
        ("provider", None),
        ("more", 1),
    ],
)
async def test_what_is_no_webhook(name: str, value: JsonValue) -> None:
    with pytest.raises(MisuseError) as wrong:
        await handed(Counter(), {**ARGS, name: value})
    assert wrong.value.code == "command.mistaken"


async def test_a_terminal_that_is_not_here() -> None:
    with pytest.raises(NotFoundError):
        await handed(Counter(), {**ARGS, "terminal": "elsewhere"})
