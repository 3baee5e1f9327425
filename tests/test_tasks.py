import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from posedge.tasks import Crew, Worker, cancel
from tests.doubles.simloop import simulate


class MishapError(Exception):
    """What a task of these tests fails with."""


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def fail(after_s: float = 0.0) -> None:
    await asyncio.sleep(after_s)
    raise MishapError(f"after {after_s}")


async def test_leaving_a_crew_cancels_its_tasks() -> None:
    async with Crew("shop") as crew:
        task = crew.start(forever(), name="scanner")
        assert task.get_name() == "shop.scanner"
        assert repr(crew) == "<Crew shop: ['shop.scanner']>"
        await asyncio.sleep(0)
    assert task.cancelled()
    assert repr(crew) == "<Crew shop: []>"


def test_a_crew_that_drains_lets_its_tasks_finish() -> None:
    async def main() -> tuple[bool, bool]:
        async with Crew("payments", drain_s=10) as crew:
            short = crew.start(asyncio.sleep(9), name="short")
            long = crew.start(asyncio.sleep(11), name="long")
        assert asyncio.get_running_loop().time() == pytest.approx(1010)
        return short.cancelled(), long.cancelled()

    assert simulate(main()) == (False, True)


def test_being_cancelled_while_draining_cancels_the_crew_at_once() -> None:
    started: list[asyncio.Task[Any]] = []

    async def drain() -> None:
        async with Crew("payments", drain_s=1000) as crew:
            started.append(crew.start(asyncio.sleep(900), name="payment"))

    async def main() -> float:
        async with Crew("main") as crew:
            draining = crew.start(drain(), name="drain")
            await asyncio.sleep(5)
            await cancel(draining)
            return asyncio.get_running_loop().time()

    assert simulate(main()) == pytest.approx(1005)
    assert started[0].cancelled()


def test_a_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    async def stubborn() -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            await forever()

    async def main() -> bool:
        async with Crew("shop") as crew:
            task = crew.start(stubborn(), name="stubborn")
            await asyncio.sleep(1)
        return task.cancelled()

    assert simulate(main())


def test_a_task_started_while_the_crew_ends_is_ended_too() -> None:
    late: list[asyncio.Task[None]] = []

    async def main() -> None:
        async with Crew("shop") as crew:

            async def starts_another() -> None:
                try:
                    await forever()
                finally:
                    late.append(crew.start(forever(), name="late"))

            crew.start(starts_another(), name="first")
            await asyncio.sleep(1)

    simulate(main())
    assert late[0].cancelled()


def test_a_failure_reaches_who_waits() -> None:
    async def main() -> None:
        async with Crew("shop") as crew:
            crew.start(fail(), name="bug")
            await crew.broken()

    with pytest.raises(MishapError):
        simulate(main())


def test_a_failure_reaches_who_leaves() -> None:
    async def main() -> None:
        async with Crew("shop") as crew:
            crew.start(fail(), name="bug")
            await asyncio.sleep(1)

    with pytest.raises(MishapError):
        simulate(main())


def test_a_failure_is_noted_on_the_error_that_ends_the_block() -> None:
    async def main() -> None:
        async with Crew("shop") as crew:
            crew.start(fail(), name="bug")
            await asyncio.sleep(1)
            raise ValueError("other")

    with pytest.raises(ValueError, match="other") as caught:
        simulate(main())
    assert caught.value.__notes__ == ["crew shop had failed: MishapError('after 0.0')"]


async def test_an_error_of_the_block_alone_stays_as_it_is() -> None:
    with pytest.raises(ValueError, match="alone") as caught:
        async with Crew("shop"):
            raise ValueError("alone")
    assert not hasattr(caught.value, "__notes__")


def test_later_failures_go_to_the_loop() -> None:
    heard: list[Any] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        async with Crew("shop") as crew:
            crew.start(fail(1), name="first")
            crew.start(fail(2), name="second")
            await asyncio.sleep(3)

    with pytest.raises(MishapError, match="after 1"):
        simulate(main())
    assert [context["message"] for context in heard] == [
        "shop.second failed after the first failure of its crew"
    ]


async def test_waiting_for_a_failure_can_be_cancelled() -> None:
    async with Crew("shop") as crew:
        waiting = crew.start(crew.broken(), name="waiting")
        await asyncio.sleep(0)
        await cancel(waiting)
        assert waiting.cancelled()


def test_cancel_waits_and_hands_on_a_failure() -> None:
    async def fails_at_the_end() -> None:
        try:
            await forever()
        finally:
            raise MishapError

    async def main() -> None:
        async with Crew("shop") as crew:
            done = crew.start(asyncio.sleep(0), name="done")
            bug = crew.start(fails_at_the_end(), name="bug")
            await asyncio.sleep(1)
            await cancel(done)
            await cancel(bug)

    with pytest.raises(MishapError):
        simulate(main())


async def test_cancel_does_not_swallow_the_cancellation_of_its_caller() -> None:
    release = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await forever()
        finally:
            await release.wait()

    async with Crew("shop") as crew:
        slow = crew.start(slow_to_end(), name="slow")
        await asyncio.sleep(0)
        caller = crew.start(cancel(slow), name="caller")
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
        assert caller.cancelled()
        release.set()


class Blockade:
    """Calls that hold the worker's thread until they are let go."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.gate = threading.Event()

    def call(self, name: str, *, wait: bool = False) -> Callable[[], str]:
        def body() -> str:
            if wait:
                assert self.gate.wait(timeout=10)
            self.order.append(name)
            return name

        return body


async def test_a_worker_runs_calls_one_by_one_in_order() -> None:
    worker, blockade = Worker("test"), Blockade()
    try:
        async with Crew("callers") as crew:
            calls = [blockade.call(str(n), wait=n == 0) for n in range(5)]
            tasks = [crew.start(worker.run(call), name="call") for call in calls]
            await asyncio.sleep(0)
            blockade.gate.set()
            assert [await task for task in tasks] == blockade.order == list("01234")
    finally:
        worker.close()


async def test_a_queued_call_runs_although_its_caller_was_cancelled() -> None:
    worker, blockade = Worker("test"), Blockade()
    async with Crew("callers") as crew:
        first = crew.start(worker.run(blockade.call("first", wait=True)), name="first")
        second = crew.start(worker.run(blockade.call("second")), name="second")
        await asyncio.sleep(0)
        await cancel(second)
        blockade.gate.set()
        await first
    worker.close()
    assert blockade.order == ["first", "second"]


async def test_a_worker_raises_what_the_call_raised() -> None:
    def mishap() -> None:
        raise MishapError

    worker = Worker("test")
    with pytest.raises(MishapError):
        await worker.run(mishap)
    worker.close()
