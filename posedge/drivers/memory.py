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
        self._prefixes: tuple[str, ...] = (prefix,)

    def of(self, device: str, port: str = "") -> "Memory":
        """Return the part that belongs to one device, and to the port that it is plugged into.

        A device that was never here knows what was learnt in its port: it replaces another one.
        """
        part = Memory(keep=self._keep)
        names = [device, f"port/{port}"] if port else [device]
        part._prefixes = tuple(f"{self._prefixes[0]}{name}/" for name in names)
        part._known = self._known
        return part

    def recall(self, what: str) -> str | None:
        names = (prefix + what for prefix in self._prefixes)
        return next((self._known[name] for name in names if name in self._known), None)

    async def learn(self, what: str, value: str) -> None:
        """Remember `value`; durable on return. What is known already costs nothing."""
        for name in (prefix + what for prefix in self._prefixes):
            if self._known.get(name) != value:
                self._known[name] = value
                await self._keep(name, value)
