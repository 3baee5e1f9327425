import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from hypothesis import given, settings
from hypothesis import strategies as st

from posedge.bus import BATCH, RECENT, Bus
from posedge.model.events import Envelope, Event, Gap, Scanned
from posedge.tasks import Crew, cancel
from tests.doubles.drafts import AT
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimLoop, simulate


def scan(text: str = "4006381333931") -> Event:
    return Scanned(at=AT, device="scanner", text=text)


class SlowShelf(MemoryShelf):
    """Durable at once, like a worker's thread; `put` returns a random while later."""

    async def put(self, event: Event) -> Envelope:
        envelope = await super().put(event)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        await asyncio.sleep(loop.chance.random())
        return envelope


async def take(source: Bus, count: int, *, after: int | None = None) -> list[Envelope | Gap]:
    """Return the first `count` that a listener gets."""
    heard: list[Envelope | Gap] = []
    async with aclosing(source.listen(after)) as stream:
        async for item in stream:
            heard.append(item)
            if len(heard) == count:
                break
    return heard


def numbers(heard: Sequence[Envelope | Gap]) -> list[int | Gap]:
    return [item if isinstance(item, Gap) else item.sequence for item in heard]


def test_a_listener_hears_what_comes_from_its_call_on() -> None:
    async def main() -> list[Envelope | Gap]:
        source = Bus(MemoryShelf())
        await source.publish(scan("before"))
        stream = source.listen()
        assert await source.publish(scan("after")) == source.last == 2
        return [await anext(stream)]

    (heard,) = simulate(main())
    assert isinstance(heard, Envelope)
    assert isinstance(heard.event, Scanned)
    assert (heard.sequence, heard.event.text) == (2, "after")


def test_a_listener_that_waits_is_woken() -> None:
    async def main() -> list[Envelope | Gap]:
        source = Bus(MemoryShelf())
        async with Crew("listeners") as crew:
            hearing = crew.start(take(source, 2), name="one")
            other = crew.start(take(source, 1), name="other")
            gone = crew.start(take(source, 1), name="gone")
            await asyncio.sleep(1)
            await cancel(gone)
            await source.publish(scan())
            await source.publish(scan())
            assert numbers(await other) == [1]
            return await hearing

    assert numbers(simulate(main())) == [1, 2]


def test_a_listener_that_was_away_misses_nothing_that_is_held() -> None:
    count = RECENT + 3 * BATCH

    async def main() -> None:
        source = Bus(MemoryShelf())
        for _ in range(count):
            await source.publish(scan())
        for after in (0, 1, BATCH, count - RECENT - 1, count - RECENT, count - 1):
            heard = await take(source, count - after, after=after)
            assert numbers(heard) == list(range(after + 1, count + 1))

    simulate(main())


def test_a_box_that_restarts_goes_on_with_its_shelf() -> None:
    async def main() -> list[Envelope | Gap]:
        shelf = MemoryShelf()
        before = Bus(shelf)
        for _ in range(3):
            await before.publish(scan())
        source = Bus(shelf)
        assert source.last == 3
        await source.publish(scan())
        return await take(source, 3, after=1)

    assert numbers(simulate(main())) == [2, 3, 4]


def test_a_listener_is_told_what_is_no_longer_held() -> None:
    async def main() -> list[Envelope | Gap]:
        shelf = MemoryShelf(keep=4)
        for _ in range(10):
            await shelf.put(scan())
        return await take(Bus(shelf), 5, after=2)

    assert numbers(simulate(main())) == [Gap(first=3, last=6), 7, 8, 9, 10]


def test_a_listener_is_told_that_nothing_is_held_at_all() -> None:
    async def main() -> list[Envelope | Gap]:
        shelf = MemoryShelf()
        for _ in range(10):
            await shelf.put(scan())
        shelf._held.clear()
        source = Bus(shelf)
        async with Crew("listeners") as crew:
            hearing = crew.start(take(source, 2, after=4), name="one")
            await asyncio.sleep(1)
            await source.publish(scan())
            return await hearing

    assert numbers(simulate(main())) == [Gap(first=5, last=10), 11]


def test_a_position_that_never_was_is_put_right() -> None:
    async def main() -> None:
        source = Bus(MemoryShelf())
        await source.publish(scan())
        future = source.listen(after=99)
        assert numbers(await take(source, 1, after=-5)) == [1]
        await source.publish(scan())
        assert numbers([await anext(future)]) == [2]

    simulate(main())


def test_a_listener_does_not_spin_while_an_event_is_durable_but_not_announced() -> None:
    """The worker's thread moves `held` before the publisher's turn comes."""

    async def main() -> list[Envelope | Gap]:
        shelf = MemoryShelf()
        source = Bus(shelf)
        await source.publish(scan())
        async with Crew("listeners") as crew:
            hearing = crew.start(take(source, 3, after=0), name="one")
            await asyncio.sleep(1)
            await shelf.put(scan())  # durable; its publisher has not come to its turn
            await asyncio.sleep(1)
            await source.publish(scan())
            return await hearing

    assert numbers(simulate(main())) == [1, 2, 3]


def test_a_publisher_that_is_cancelled_has_published() -> None:
    async def main() -> list[Envelope | Gap]:
        source = Bus(SlowShelf())
        async with Crew("shop") as crew:
            hearing = crew.start(take(source, 1), name="listener")
            publishing = crew.start(source.publish(scan()), name="publisher")
            await asyncio.sleep(0.0001)
            await cancel(publishing)
            assert source.last == 0
            return await hearing

    assert numbers(simulate(main())) == [1]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40), keep=st.none() | st.integers(1, 40))
def test_concurrent_publishers_and_listeners(seed: int, count: int, keep: int | None) -> None:
    """Each listener gets each number once and in order, or a gap that says so."""

    async def slow_listener(source: Bus) -> list[int]:
        covered: list[int] = []
        async with aclosing(source.listen(0)) as stream:
            async for item in stream:
                if isinstance(item, Gap):
                    covered.extend(range(item.first, item.last + 1))
                else:
                    covered.append(item.sequence)
                if covered[-1] >= count:
                    return covered
                await asyncio.sleep(0.1)
        raise AssertionError("a stream never ends")

    async def main() -> list[list[int]]:
        source = Bus(SlowShelf(keep))
        async with Crew("shop") as crew:
            listeners = [crew.start(slow_listener(source), name="listener") for _ in range(3)]
            published = [crew.start(source.publish(scan()), name="till") for _ in range(count)]
            assert sorted([await one for one in published]) == list(range(1, count + 1))
            return [await one for one in listeners]

    assert simulate(main(), seed=seed) == [list(range(1, count + 1))] * 3
