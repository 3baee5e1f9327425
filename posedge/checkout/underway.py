"""The sales under way: each a course in a task of its own, which the crew owns."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from posedge.checkout.course import Course
from posedge.checkout.displays import Displays
from posedge.model.errors import StorageError
from posedge.model.sale import SaleRequest
from posedge.tasks import Crew, cancel

STORAGE_S = 10
"""Between tries to write while the disk is full; what has failed for good ends the process."""

log = structlog.get_logger()


class Underway:
    """`course` makes one of a request; `hand_out` is what follows a completed sale."""

    def __init__(
        self,
        course: Callable[[SaleRequest], Course],
        hand_out: Callable[[SaleRequest], Awaitable[None]],
        displays: Displays,
        crew: Crew,
    ) -> None:
        self._course = course
        self._hand_out = hand_out
        self._displays = displays
        self._crew = crew
        self._courses: dict[str, tuple[Course, asyncio.Task[None]]] = {}

    def __contains__(self, sale_id: str) -> bool:
        return sale_id in self._courses

    def find(self, sale_id: str) -> Course | None:
        course, _ = self._courses.get(sale_id, (None, None))
        return course

    def start(self, request: SaleRequest, *, resumed: bool) -> Course:
        course = self._course(request)
        run = self._run(course, resumed=resumed)
        self._courses[request.id] = (course, self._crew.start(run, name=f"sale.{request.id}"))
        return course

    async def halt(self, sale_id: str) -> None:
        """Stop a course that only waits; one that is at work goes on."""
        course, task = self._courses.get(sale_id, (None, None))
        if course and task and course.idle:
            await cancel(task)

    async def close(self) -> None:
        """Stop what only waits: it goes on after the next start."""
        for sale_id in tuple(self._courses):
            await self.halt(sale_id)

    async def _run(self, course: Course, *, resumed: bool) -> None:
        try:
            self._displays.paying(course.request)
            completed = await self._carry_out(course, resumed=resumed)
            self._displays.ended(course.basket, completed=completed)
            if completed:
                await self._hand_out(course.basket)
        except StorageError as error:
            course.failed = error
            log.critical("sale.unrecorded", sale=course.request.id, reason=error.message)
        finally:
            course.accepted.set()
            course.told.set()
            del self._courses[course.request.id]

    async def _carry_out(self, course: Course, *, resumed: bool) -> bool:
        """Run `course` to its end, also when the disk is full for a while."""
        while True:
            try:
                return await course.run(resumed=resumed)
            except StorageError as error:
                if not course.accepted.is_set():
                    raise
                log.critical("sale.unrecorded", sale=course.request.id, reason=error.message)
                await course.fail(error, STORAGE_S)
            resumed = True
