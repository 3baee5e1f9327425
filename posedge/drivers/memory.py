"""What a driver learnt of its device, and need not learn again after a restart."""

from collections.abc import Awaitable, Callable, Mapping

Keep = Callable[[str, str], Awaitable[None]]


async def _nowhere(_what: str, _value: str) -> None:
    """Keep nothing: what is learnt lasts as long as the process."""


class Memory:
    """Small facts by name. `keep` stores one durably; `known` is what it stored before."""

    def __init__(
        self, known: Mapping[str, str] | None = None, keep: Keep = _nowhere, *, prefix: str = ""
    ) -> None:
        self._known = dict(known or {})
        self._keep = keep
        self._prefix = prefix

    def of(self, device: str) -> "Memory":
        """Return the part that belongs to one device."""
        part = Memory(keep=self._keep, prefix=f"{self._prefix}{device}/")
        part._known = self._known
        return part

    def recall(self, what: str) -> str | None:
        return self._known.get(self._prefix + what)

    async def learn(self, what: str, value: str) -> None:
        """Remember `value`; durable on return. What is known already costs nothing."""
        name = self._prefix + what
        if self._known.get(name) != value:
            self._known[name] = value
            await self._keep(name, value)
