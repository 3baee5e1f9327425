"""What stations have in common whose terminal is reached through a proxy, in real time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from posedge.bus import Bus
from posedge.clock import Clock, Ids, SystemClock
from posedge.drivers.interface import Site
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.tasks import Crew
from tests.chaos.proxy import Proxy
from tests.chaos.station import Cut
from tests.doubles.shelf import MemoryShelf


class ProxiedStation:
    """A Station but for `driver`. Each life has a proxy of its own: its way is cut with it."""

    faults: ClassVar[Mapping[str, Callable[[Any], None]]]

    def __init__(self, sim: Any, crew: Crew) -> None:
        self._sim = sim
        self._crew = crew
        self._clock = SystemClock()
        self._proxies: list[Proxy] = []
        self._cut: Cut | None = None

    @property
    def ledger(self) -> Sequence[Charge]:
        charges: Sequence[Charge] = self._sim.ledger
        return charges

    def clock(self, life: int) -> Clock:
        del life
        return self._clock

    def way(self) -> Proxy:
        """Open a way to the terminal."""
        proxy = Proxy(self._sim.port, lambda: self._cut)
        self._proxies.append(proxy)
        self._crew.start(proxy.serve(), name="proxy")
        return proxy

    def site(
        self,
        device: str,
        proxy: Proxy,
        scheme: Literal["http", "https"],
        options: Mapping[str, Json],
        connect: Callable[[], Any],
    ) -> Site:
        async def hush(_words: str | None) -> None: ...

        return Site(
            device=device,
            name="Terminal",
            open=connect,
            bus=Bus(MemoryShelf()),
            clock=self._clock,
            ids=Ids(self._clock),
            options=options,
            report=hush,
            warn=hush,
            scheme=scheme,
            address=f"{scheme}://127.0.0.1:{proxy.port}",
        )

    def cut_lines(self) -> None:
        for proxy in self._proxies:
            proxy.close()
        self._proxies.clear()

    def spoil(self, fault: str) -> None:
        self.faults[fault](self._sim.faults)

    def cut(self, cut: Cut) -> None:
        self._cut = cut

    def mend(self) -> None:
        kind = type(self._sim.faults)
        fresh = kind()
        for name in kind.__slots__:
            setattr(self._sim.faults, name, getattr(fresh, name))
        self._cut = None
