"""One attempt and its terminal, from the first entry to an outcome or a doubt."""

import asyncio

from posedge.model.errors import NotStarted, PosedgeError, StorageError
from posedge.model.payment import Attempt, Cause, Evidence, State
from posedge.model.terminal import Terminal
from posedge.payments.announce import Announcer
from posedge.payments.book import Book
from posedge.payments.witness import STORED, DeskWitness

_PROVEN: dict[Cause, frozenset[State]] = {
    Cause.REFUSED: frozenset({State.SENDING}),
    Cause.ACKNOWLEDGED: STORED,
}


class Conversation:
    """Write before send; whatever the driver says that is not proof is silence."""

    def __init__(
        self, book: Book, announcer: Announcer, attempt: Attempt, terminal: Terminal
    ) -> None:
        self.attempt = attempt
        self._book = book
        self._terminal = terminal
        self._witness = DeskWitness(book, announcer, attempt)
        self._unwanted = False
        self._line: asyncio.Timeout | None = None

    async def run(self) -> Attempt:
        """Return the attempt settled or in doubt; StorageError when the journal is broken."""
        preimage, stored = await asyncio.gather(  # side by side: a safe read may be for nothing
            self._terminal.preimage(), self._book.create(self.attempt), return_exceptions=True
        )
        if isinstance(stored, BaseException):
            raise stored
        if isinstance(preimage, PosedgeError):
            return await self._move(Cause.ABANDONED, _words(preimage))
        if isinstance(preimage, BaseException):
            raise preimage
        await self._send(preimage)
        if self._unwanted:
            return await self._move(Cause.REFUSED, "cancelled before a byte was sent")
        return await self._execute()

    async def cancel(self) -> None:
        """Request the end, also before the terminal has heard of it."""
        self._unwanted = True
        if (await self._book.get(self.attempt.id)).state is not State.CREATED:
            await self._terminal.cancel()

    def cut(self) -> None:
        """Hear nothing more of the terminal, as when its line is lost."""
        if self._line is not None:
            self._line.reschedule(asyncio.get_running_loop().time())

    async def _send(self, preimage: str | None) -> None:
        def sent(attempt: Attempt) -> Attempt:
            return attempt.model_copy(update={"preimage": preimage, "sent": self._book.now()})

        self.attempt = await self._book.move(self.attempt.id, Cause.SEND, change=sent)

    async def _execute(self) -> Attempt:
        try:
            if not await self._on_line():
                return await self._conclude(Cause.SILENCE, "the line was cut on purpose")
        except StorageError:
            raise
        except NotStarted as error:
            return await self._conclude(Cause.REFUSED, _words(error))
        except PosedgeError as error:
            return await self._conclude(Cause.SILENCE, _words(error))
        return await self._conclude(Cause.ACKNOWLEDGED, None)

    async def _on_line(self) -> bool:
        """Let the terminal carry it out; False when `cut` ended that."""
        line = asyncio.timeout(None)
        try:
            async with line:
                self._line = line
                await self._terminal.execute(self.attempt, self._witness)
        except TimeoutError:
            if not line.expired():
                raise
            return False
        finally:
            self._line = None
        return True

    async def _conclude(self, claimed: Cause, words: str | None) -> Attempt:
        """Hold the driver's word against what it told before: a contradiction proves nothing."""
        state = (await self._book.get(self.attempt.id)).state
        if claimed in _PROVEN and state not in _PROVEN[claimed]:
            claimed, words = Cause.SILENCE, words or "returned without a result"
        return await self._move(claimed, words)

    async def _move(self, cause: Cause, words: str | None) -> Attempt:
        source = f"terminal {self.attempt.terminal}"
        evidence = Evidence(at=self._book.now(), source=source, text=words) if words else None
        heard = self._witness.heard or self.attempt.sent
        return await self._book.move(self.attempt.id, cause, evidence=evidence, heard=heard)


def _words(error: PosedgeError) -> str:
    return f"{error.code}: {error.message}"
