"""Webhooks: late, twice, out of order, forged, before the answer. Hints, never results."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.model.errors import DeniedError, MisuseError
from posedge.model.hook import Hook, Hooked
from posedge.model.payment import State
from posedge.sim.cloud_faults import Way
from posedge.sim.http import Answer, read_request
from tests.doubles.clouds import Diary, Shop, shop, until, wanted
from tests.doubles.zvt import NOON

SIGNED_AT_S = int(NOON.timestamp())

SELDOM = {"poll_ms": 30_000, "customer_ms": 60_000}
"""So seldom that only a webhook can end a payment in time."""

KINDS = ("stripe", "square")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Mailbox:
    """Headquarters and the broker: what the provider posts reaches the driver."""

    def __init__(self, s: Shop) -> None:
        self._shop = s
        self.refused = 0
        self.taken = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        assert request is not None
        assert isinstance(self._shop.driver, Hooked)
        hook = Hook(provider=self._shop.kind, headers=request.headers, body=request.body)
        try:
            await self._shop.driver.hinted(hook)
            self.taken += 1
        except DeniedError:
            self.refused += 1
        writer.write(Answer(200, b"").to_bytes())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def hooked(kind: str, *, customer_s: float = 0.05) -> AsyncIterator[tuple[Shop, Mailbox]]:
    """Open a shop whose provider's clock is the box's: signatures are fresh."""
    async with shop(kind, customer_s=customer_s, now_s=SIGNED_AT_S, **SELDOM) as s:
        mailbox = Mailbox(s)
        server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            s.sim.hook_url = f"http://127.0.0.1:{port}/hooks/{kind}/bx1/terminal"
            yield s, mailbox


async def test_a_webhook_ends_the_waiting(kind: str) -> None:
    async with hooked(kind) as (s, mailbox), asyncio.timeout(10):
        assert (await s.pay(wanted())).state is State.APPROVED
        assert mailbox.taken == 1


async def test_twice_is_once(kind: str) -> None:
    async with hooked(kind) as (s, mailbox), asyncio.timeout(10):
        s.faults.hooks.twice = True
        assert (await s.pay(wanted())).state is State.APPROVED
        await until(lambda: mailbox.taken == 2)
        assert s.moved == 1250


async def test_a_late_one_harms_nothing(kind: str) -> None:
    async with hooked(kind) as (s, _), asyncio.timeout(10):
        s.faults.hooks.late_s = 0.1
        assert (await s.pay(wanted())).state is State.APPROVED
        s.faults.hooks.late_s = 0
        await s.pay(wanted(300, key="a2"))
        assert s.moved == 1550


async def test_before_the_answer_to_the_command(kind: str) -> None:
    """The customer is quicker than the answer, which never comes."""
    async with hooked(kind, customer_s=0.0) as (s, mailbox), asyncio.timeout(10):
        s.faults.at, s.faults.way = ("process", "checkout"), Way.MUTE
        assert (await s.pay(wanted())).state is State.APPROVED
        assert mailbox.taken == 1


async def test_a_forged_one_wakes_nobody(kind: str) -> None:
    async with hooked(kind) as (s, mailbox):
        s.faults.hooks.forged = True
        diary = Diary()
        paying = asyncio.get_running_loop().create_task(s.pay(wanted(), diary))
        await until(lambda: mailbox.refused == 1)
        looks = len(s.sim.asked)
        assert diary.stored is None
        assert len(s.sim.asked) == looks
        paying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await paying


async def test_what_it_says_is_never_the_result(kind: str) -> None:
    """It says that the payment succeeded, and the records say that it was declined."""
    async with hooked(kind) as (s, mailbox), asyncio.timeout(10):
        s.faults.outcome = type(s.faults.outcome).DECLINE
        assert (await s.pay(wanted())).state is State.DECLINED
        assert mailbox.taken == 1


async def test_one_that_nobody_waits_for(kind: str) -> None:
    async with hooked(kind) as (s, mailbox), asyncio.timeout(10):
        await s.pay(wanted())
        assert s.moved == 1250
        s.faults.hooks.twice = True
        await s.pay(wanted(100, key="a2"))
        await until(lambda: mailbox.taken == 3)
        assert s.moved == 1350


async def test_another_providers_is_refused(kind: str) -> None:
    async with shop(kind) as s:
        assert isinstance(s.driver, Hooked)
        with pytest.raises(MisuseError) as refused:
            await s.driver.hinted(Hook(provider="other", headers={}, body=b"{}"))
        assert refused.value.code == "hook.unwanted"


async def test_without_a_secret_nothing_can_be_checked(kind: str) -> None:
    async with shop(kind, webhook_secret=None) as s:
        assert isinstance(s.driver, Hooked)
        with pytest.raises(MisuseError, match="webhook_secret"):
            await s.driver.hinted(Hook(provider=kind, headers={}, body=b"{}"))
