"""The connections of a ZVT terminal: one for each sequence of commands.

A payment and the pre-image in front of it are one sequence. The pause between them is a commit of
the journal, and the payment goes on on the connection that has just proved itself: a terminal
takes up to a second for a registration, and the customer is waiting.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from posedge.drivers.interface import Site
from posedge.drivers.zvt_frames import frames_over
from posedge.drivers.zvt_options import ZvtOptions
from posedge.drivers.zvt_session import Session

KEEP_S = 2.0
"""An older connection may be half open, and that cannot be told from a silent terminal."""


class Lines:
    """Opens connections, and keeps one at most between two steps of a sequence.

    A terminal serves one register: whoever opens one gives up what was kept.
    """

    def __init__(self, site: Site, options: ZvtOptions) -> None:
        self._site = site
        self._options = options
        self._kept: Session | None = None
        self._kept_s = 0.0

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Session]:
        """Yield a new connection; close it behind the block, unless `keep` was called."""
        await self.drop()
        frames = frames_over(await self._site.open(), self._site.scheme, self._options)
        async with self._used(Session(frames, self._options, self._site.device)) as session:
            yield session

    @asynccontextmanager
    async def registered(self) -> AsyncGenerator[Session]:
        """Yield the connection that was kept, if nothing speaks against it; else a new one."""
        session, self._kept = self._kept, None
        if session is not None:
            async with self._used(session):
                if self._now_s() - self._kept_s <= KEEP_S and await session.is_quiet():
                    yield session
                    return
        async with self.opened() as session:
            await session.register()
            yield session

    def keep(self, session: Session) -> None:
        """Leave `session`, which is registered and used well so far, for who comes next."""
        self._kept = session
        self._kept_s = self._now_s()

    async def drop(self) -> None:
        """Close what was kept."""
        session, self._kept = self._kept, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def _used(self, session: Session) -> AsyncGenerator[Session]:
        try:
            yield session
        finally:
            if session is not self._kept:
                await session.close()

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
