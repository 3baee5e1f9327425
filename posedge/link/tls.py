"""TLS over any link: a terminal that is secured, or a provider's cloud."""

import asyncio
import ssl
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from posedge.link.interface import Link
from posedge.link.translate import gone, unreachable
from posedge.model.errors import DeviceError

T = TypeVar("T")

ANSWER_S = 5.0
"""To write what TLS itself wants said while we read: a few bytes."""


async def secure(
    link: Link,
    context: ssl.SSLContext,
    *,
    device: str,
    server_name: str | None = None,
    timeout_s: float,
) -> "TlsLink":
    """Shake hands over `link`; it is closed when that fails.

    `server_name` is asked for, and checked where the context checks names. DeviceError
    `device.untrusted`: the other side has not shown who it is. `device.unreachable`: it speaks no
    TLS in time. No byte of ours beyond TLS has left in either case.
    """
    tls = TlsLink(link, context, device=device, server_name=server_name)
    try:
        async with asyncio.timeout(timeout_s):
            await tls.shake_hands()
    except TimeoutError:
        await link.close()
        raise unreachable(device, f"no TLS within {timeout_s:g} s") from None
    except BaseException:
        await link.close()
        raise
    return tls


class TlsLink:
    """Bytes over a link, which it closes; made by `secure`. Guarantees what a Link does.

    But one: it cannot say whether something waits, since what has arrived may be TLS's own.
    """

    def __init__(
        self, link: Link, context: ssl.SSLContext, *, device: str, server_name: str | None
    ) -> None:
        self.device = device
        self._link = link
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    @property
    def common_name(self) -> str:
        """The CN of the other side's certificate, which was verified; empty without one."""
        certificate = cast("Mapping[str, Any]", self._tls.getpeercert() or {})
        names: dict[str, str] = dict(
            pair for part in certificate.get("subject", ()) for pair in part
        )
        return names.get("commonName", "")

    async def shake_hands(self) -> None:
        await self._until(self._tls.do_handshake)

    async def read(self, limit: int = 4096) -> bytes:
        data = await self._until(lambda: self._tls.read(limit))
        if not data:
            raise gone(self.device)
        return data

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        with _translated(self.device):
            self._tls.write(data)
        await self._flush(deadline_s)

    async def close(self) -> None:
        await self._link.close()

    def __repr__(self) -> str:
        return f"<TlsLink {self.device} over {self._link!r}>"

    async def _until(self, step: Callable[[], T]) -> T:
        """Take a step of TLS, giving it what it wants to hear, saying what it wants said."""
        while True:
            try:
                with _translated(self.device):
                    done = step()
            except ssl.SSLWantReadError:
                await self._flush(ANSWER_S)
                self._incoming.write(await self._link.read())
            else:
                await self._flush(ANSWER_S)
                return done

    async def _flush(self, deadline_s: float) -> None:
        if self._outgoing.pending:
            await self._link.write(self._outgoing.read(), deadline_s=deadline_s)


@contextmanager
def _translated(device: str) -> Generator[None]:
    try:
        yield
    except ssl.SSLWantReadError:
        raise
    except ssl.SSLZeroReturnError:
        raise gone(device) from None
    except ssl.SSLCertVerificationError as error:
        text = f"{device} has not shown who it is ({error.verify_message}): check `roots`"
        raise DeviceError("device.untrusted", text, device=device) from error
    except ssl.SSLError as error:
        text = f"{device} speaks no TLS that we understand ({error.reason})"
        raise DeviceError("device.untrusted", text, device=device) from error
