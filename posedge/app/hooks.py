"""Payment providers' webhooks, which headquarters receives for the box and hands on."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Base64Bytes, Field, JsonValue, ValidationError

from posedge.model.errors import MisuseError
from posedge.model.hook import Hook, Hooked
from posedge.model.messages import Command
from posedge.model.value import Value
from posedge.payments.order import Devices
from posedge.relay.commands import Verb

Header = Annotated[str, Field(max_length=2_000)]


class HandedOn(Value):
    """The arguments of the command; see posedge/hq/hooks.py."""

    provider: Annotated[str, Field(max_length=32)]
    terminal: Annotated[str, Field(min_length=1, max_length=64)]
    headers: Annotated[Mapping[str, Header], Field(max_length=10)]
    body: Annotated[Base64Bytes, Field(max_length=100_000)]


class Hooks:
    """`verbs`: what headquarters may have the box do here."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    @property
    def verbs(self) -> Mapping[str, Verb]:
        return {"hook": self._hook}

    async def _hook(self, command: Command) -> Mapping[str, JsonValue]:
        try:
            given = HandedOn.model_validate(command.args)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise MisuseError("command.mistaken", f"{first['loc']}: {first['msg']}") from None
        _, terminal = self._devices.find(Hooked, given.terminal)  # type: ignore[type-abstract]
        hook = Hook(provider=given.provider, headers=given.headers, body=given.body)
        if not command.dry_run:
            await terminal.hinted(hook)
        return {"terminal": given.terminal}
