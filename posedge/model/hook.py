"""A payment provider's webhook, as headquarters hands it on."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from posedge.model.value import Value


class Hook(Value):
    """`body` is raw, as it was signed; names of `headers` in lower case."""

    provider: str
    headers: Mapping[str, str]
    body: bytes


@runtime_checkable
class Hooked(Protocol):
    """A terminal whose provider reports by webhook. A webhook is a hint, never a result."""

    async def hinted(self, hook: Hook) -> None:
        """Look at once, instead of later. DeniedError `hook.forged`: the provider did not sign it.

        MisuseError `hook.unwanted`: it is of another provider, or no secret is configured.
        """
        ...
