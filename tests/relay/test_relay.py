"""The relay against a broker in memory, on virtual time; the test plays headquarters."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import JsonValue

from posedge.bus import Bus
from posedge.model.entry import Draft, Entry
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.events import RelayChanged
from posedge.model.messages import (
    Ack,
    Command,
    Desired,
    HqStatus,
    Reject,
    Reported,
    Result,
    Status,
    Sync,
    read,
    write,
)
from posedge.model.topics import BoxTopics, Fleet
from posedge.mqtt.interface import FAILURE, NOT_AUTHORIZED, QUOTA_EXCEEDED, SUCCESS, Hello, Message
from posedge.relay.commands import MAX_RUNNING
from posedge.relay.relay import Relay
from posedge.relay.settings import RelaySettings
from posedge.tasks import Crew, cancel
from tests.doubles.broker import MemoryBroker, MemorySession
from tests.doubles.journal import MemoryJournal
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop, simulate

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
WEEK_S = 7 * 24 * 3600


class Scene:
    """One relay, one broker, and headquarters by hand."""

    def __init__(self, crew: Crew) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.loop = loop
        self.crew = crew
        self.clock = SimClock(loop)
        self.broker = MemoryBroker(random.Random(1))
        self.journal = MemoryJournal()
        self.bus = Bus(MemoryShelf())
        self.state: dict[str, JsonValue] = {"printer": "ok"}
        self.verbs: dict[str, Callable[[Command], Awaitable[Mapping[str, JsonValue]]]] = {}
        self.appliers: dict[str, Callable[[Mapping[str, JsonValue]], Awaitable[None]]] = {}
        self.heard: list[Message] = []
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.relay = Relay(
            self.journal,
            self.broker,
            BOX,
            settings=RelaySettings(host="broker"),
            clock=self.clock,
            chance=random.Random(2),
            version="1.2.3",
            bus=self.bus,
            states={"peripherals": lambda: self.state},
            verbs=self.verbs,
            appliers=self.appliers,
        )
        self.task = self.crew.start(self.relay.run(), name="relay")

    async def stop(self) -> None:
        assert self.task is not None
        await cancel(self.task)

    async def headquarters(self) -> MemorySession:
        """Connect and note what is heard; it answers nothing by itself."""
        session = await self.broker.connect(
            Hello(client_id="hq-ingest", will=Message("x", b""), receive_maximum=1000)
        )
        fleet = Fleet("acme")
        everything = (fleet.events, fleet.presence, fleet.states, BOX.result("+"))
        await session.subscribe(everything)
        self.crew.start(self._listen(session), name="hq")
        return session

    async def _listen(self, session: MemorySession) -> None:
        try:
            async for delivery in session.deliveries():
                self.heard.append(delivery.message)
                delivery.acknowledge()
        except DeviceError:
            return

    async def journalled(self, count: int = 1) -> None:
        for _ in range(count):
            number = self.journal.last + 1
            draft = Draft(f"id-{number}", "sale.completed", f"sale/{number}", self.clock.now(), {})
            await self.journal.append((draft,))
        self.relay.wake()

    def entries(self) -> list[int]:
        return [
            Entry.from_body(each.payload).sequence
            for each in self.heard
            if each.topic == BOX.event("sale")
        ]

    def on(self, topic: str) -> list[Message]:
        return [each for each in self.heard if each.topic == topic]

    def syncs(self) -> list[Sync]:
        return [read(Sync, each.payload) for each in self.on(BOX.sync)]

    async def until(self, condition: Callable[[], object], within_s: float = 120) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.01)


def ack(upto: int, **more: Any) -> Message:
    return Message(BOX.ack, write(Ack(stream=MemoryJournal().stream, upto=upto, **more)))


def play(scene: Callable[[Scene], Awaitable[None]], seed: int = 0) -> None:
    async def run() -> None:
        async with Crew("scene") as crew:
            made = Scene(crew)
            await scene(made)
            if made.task is not None and not made.task.done():
                await made.stop()

    simulate(run(), seed=seed)


def test_first_a_sync_then_entries_in_order_as_they_are() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.journalled(3)
        await s.until(s.syncs)
        assert s.syncs() == [Sync(stream=s.journal.stream, first=1, last=3, acked=0, session=1)]
        assert s.entries() == []
        await hq.publish(ack(1))
        await s.until(lambda: len(s.entries()) == 2)
        assert sorted(s.entries()) == [2, 3]
        (first, *_) = s.on(BOX.event("sale"))
        entry = Entry.from_body(first.payload)
        assert first.payload == s.journal.entries[entry.sequence - 1].body
        assert dict(first.user) == {
            "stream": s.journal.stream,
            "seq": str(entry.sequence),
            "ct": "application/cloudevents+json",
        }
        assert first.expiry_s is None

    play(scene)


def test_only_headquarters_word_moves_the_cursor() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.journalled(5)
        await s.until(lambda: len(s.entries()) >= 5)
        assert (s.relay.status().acked, s.relay.status().behind) == (0, 5)
        await hq.publish(Message(BOX.ack, b"nonsense"))
        await hq.publish(Message(BOX.ack, write(Ack(stream="0" * 16, upto=5))))
        await hq.publish(ack(3))
        await s.until(lambda: s.relay.status().acked == 3)
        await hq.publish(ack(2))
        await asyncio.sleep(1.5)
        status = s.relay.status()
        assert (status.acked, status.behind, status.online) == (3, 2, True)
        assert status.oldest_unsent == s.journal.entries[3].time
        assert await s.journal.note(f"relay.acked:{s.journal.stream}") == "3"
        await hq.publish(ack(99))
        await s.until(lambda: s.relay.status().reason)
        assert s.relay.status().reason == ("headquarters confirmed 99: not in this journal")
        assert s.relay.status().acked == 3

    play(scene)


def test_what_is_not_confirmed_is_sent_again() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.journalled(3)
        await s.until(lambda: len(s.entries()) == 6)
        assert s.relay.status().reason == "headquarters has stopped confirming"
        await hq.publish(ack(3))
        await s.until(lambda: s.relay.status().behind == 0)
        assert s.relay.status().reason is None

    play(scene)


def test_need_is_sent_again_at_once() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.journalled(5)
        await s.until(lambda: len(s.entries()) == 5)
        await hq.publish(ack(2, need=((3, 4),)))
        before = s.loop.time()
        await s.until(lambda: len(s.entries()) >= 8)
        assert sorted(s.entries()[5:]) == [3, 4, 5]
        assert s.loop.time() - before < 1

    play(scene)


def test_rejected_entry_is_an_alarm_that_survives_a_restart() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.journalled(2)
        await s.until(lambda: len(s.entries()) == 2)
        await hq.publish(ack(2, reject=(Reject(seq=1, code="fork"),)))
        await s.until(lambda: s.relay.status().behind == 0)
        await s.until(lambda: s.relay.status().reason == "headquarters rejected entry 1: fork")
        await s.stop()
        s.start()
        await s.until(lambda: s.relay.status().online)
        assert s.relay.status().reason == "headquarters rejected entry 1: fork"

    play(scene)


def test_hold_is_honoured() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.until(s.syncs)
        await hq.publish(ack(0, hold_ms=30_000))
        await asyncio.sleep(1)
        began = s.loop.time()
        await s.journalled(1)
        await s.until(s.entries)
        assert 28 < s.loop.time() - began < 31

    play(scene)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (NOT_AUTHORIZED, "the broker refused an entry (0x87)"),
        (QUOTA_EXCEEDED, "the broker's quota is used up (0x97)"),
        (FAILURE, "the broker refused an entry (0x80)"),
    ],
)
def test_refused_entries_wait_and_come_after_a_sync(code: int, reason: str) -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.broker.refuse = lambda _, topic: code if topic == BOX.event("sale") else SUCCESS
        s.start()
        await s.until(s.syncs)
        await hq.publish(ack(0))
        await s.journalled(3)
        await s.until(lambda: s.relay.status().reason == reason)
        assert s.relay.status().behind == 3
        s.broker.refuse = lambda _, __: SUCCESS
        await s.until(lambda: len(s.syncs()) == 2)
        await hq.publish(ack(0))
        await s.until(lambda: len(s.entries()) == 3)
        await hq.publish(ack(3))
        await s.until(lambda: s.relay.status().reason is None)

    play(scene)


def test_headquarters_that_comes_back_is_asked_at_once() -> None:
    async def scene(s: Scene) -> None:
        s.start()
        await s.journalled(1)
        deaf = "headquarters is not listening (0x10)"
        await s.until(lambda: s.relay.status().reason == deaf)
        hq = await s.headquarters()
        here = HqStatus(online=True, timestamp=1)
        before = s.loop.time()
        await hq.publish(Message(BOX.headquarters, write(here), retain=True))
        await s.until(s.syncs)
        assert s.loop.time() - before < 1
        await hq.publish(ack(0))
        await s.until(lambda: s.entries() == [1])

    play(scene)


def test_presence_carries_the_number_of_the_connection() -> None:
    async def scene(s: Scene) -> None:
        await s.headquarters()
        s.start()
        await s.until(lambda: s.on(BOX.status))
        s.broker.cut(BOX.box)
        await s.until(lambda: len(s.on(BOX.status)) == 2)
        assert not await s.relay.drain(0.5) or s.journal.last == 0
        await s.stop()
        await s.until(lambda: len(s.on(BOX.status)) == 4)
        said = [read(Status, each.payload) for each in s.on(BOX.status)]
        assert [(each.status, each.session, each.reason) for each in said] == [
            ("online", 1, None),
            ("online", 2, None),
            ("draining", 2, None),
            ("offline", 2, "stopped"),
        ]
        assert s.broker.retained[BOX.status].payload == s.on(BOX.status)[-1].payload

    play(scene)


def test_will_says_that_the_box_is_gone_after_its_delay() -> None:
    async def scene(s: Scene) -> None:
        await s.headquarters()
        s.start()
        await s.until(lambda: s.on(BOX.status))
        assert s.task is not None
        s.journal = s.journal.cut()
        s.broker.cut(BOX.box)
        await s.stop()
        await asyncio.sleep(29)
        assert len(s.on(BOX.status)) == 1
        await asyncio.sleep(2)
        assert read(Status, s.on(BOX.status)[-1].payload) == Status(
            status="offline", session=1, reason="will"
        )

    play(scene)


def test_reconnects_with_jitter_and_says_so_on_the_bus() -> None:
    async def scene(s: Scene) -> None:
        s.broker.down()
        s.start()
        await asyncio.sleep(3600)
        attempts = await s.journal.note("relay.session")
        assert 60 < int(attempts or "0") < 400
        assert (s.relay.status().online, s.relay.status().reason) == (
            False,
            "no broker: connection refused",
        )
        s.broker.up()
        await s.until(lambda: s.relay.status().online)
        events = [each.event async for each in _seen(s.bus)]
        assert [(each.online, each.reason) for each in events] == [
            (False, "no broker: connection refused"),
            (True, None),
        ]

    play(scene)


async def _seen(bus: Bus) -> Any:
    async for each in bus.listen(0):
        assert isinstance(each.event, RelayChanged)  # type: ignore[union-attr]
        yield each
        if each.sequence == bus.last:  # type: ignore[union-attr]
            return


def test_states_are_reported_when_they_change() -> None:
    async def scene(s: Scene) -> None:
        await s.headquarters()
        s.start()
        topic = BOX.state("peripherals")
        await s.until(lambda: s.on(topic))
        await asyncio.sleep(10)
        s.state = {"printer": "paper out"}
        await s.until(lambda: len(s.on(topic)) == 2)
        reports = [read(Reported, each.payload) for each in s.on(topic)]
        assert [(each.version, each.state) for each in reports] == [
            (1, {"printer": "ok"}),
            (2, {"printer": "paper out"}),
        ]
        assert s.broker.retained[topic].retain

    play(scene)


def test_desired_states_are_applied_once_and_refusals_stay_visible() -> None:
    async def scene(s: Scene) -> None:
        applied: list[Mapping[str, JsonValue]] = []

        async def apply(state: Mapping[str, JsonValue]) -> None:
            if state.get("bad"):
                raise MisuseError("catalog.bad", "cannot be")
            applied.append(state)

        s.appliers["catalog"] = apply
        hq = await s.headquarters()

        async def wish(name: str, version: int, state: dict[str, JsonValue]) -> None:
            said = write(Desired(version=version, state=state))
            await hq.publish(Message(BOX.desired(name), said, retain=True))

        def reports(name: str) -> list[tuple[int | None, str | None, str | None]]:
            found = [read(Reported, each.payload) for each in s.on(BOX.state(name))]
            return [(each.desired_version, each.status, each.error) for each in found]

        await wish("catalog", 7, {"a": 1})
        s.start()
        await s.until(lambda: reports("catalog") == [(7, "applied", None)])
        await wish("catalog", 6, {"a": 0})
        await wish("catalog", 8, {"bad": True})
        await s.until(lambda: len(reports("catalog")) == 2)
        assert reports("catalog")[1] == (8, "rejected", "catalog.bad: cannot be")
        await hq.publish(Message(BOX.desired("catalog"), b"{}"))
        await wish("colour", 1, {})
        await s.until(lambda: reports("colour"))
        assert reports("colour") == [
            (1, "rejected", "desired.unknown: this version knows no desired state 'colour'")
        ]
        assert applied == [{"a": 1}]

    play(scene)


def command(verb: str, id_: str, *, answer: str | None = None, **more: Any) -> Message:
    return Message(
        BOX.command(verb),
        json.dumps({"id": id_, **more}).encode(),
        expiry_s=60,
        response_topic=answer or BOX.result("console"),
        correlation=b"\x01" * 16,
    )


async def results(s: Scene, count: int) -> list[Result]:
    await s.until(lambda: len(s.on(BOX.result("console"))) >= count)
    found = s.on(BOX.result("console"))
    assert {each.correlation for each in found} == {b"\x01" * 16}
    assert all(each.expiry_s is not None and each.expiry_s <= 60 for each in found)
    return [read(Result, each.payload) for each in found]


def test_ping_and_status_are_there() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("ping", "c-1"))
        await results(s, 1)
        await hq.publish(command("status", "c-2"))
        ping, status = await results(s, 2)
        assert (ping.id, ping.status) == ("c-1", "successful")
        assert "time" in ping.data
        assert status.data["online"] is True

    play(scene)


def test_a_command_is_executed_once_however_often_it_comes() -> None:
    async def scene(s: Scene) -> None:
        done: list[str] = []

        async def kick(order: Command) -> Mapping[str, JsonValue]:
            done.append(order.id)
            return {"n": len(done)}

        s.verbs["kick"] = kick
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("kick", "c-1"))
        await results(s, 1)
        await s.stop()
        s.journal = s.journal.cut()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("kick", "c-1"))
        first, second = await results(s, 2)
        assert done == ["c-1"]
        assert (second.status, second.data["result"]) == (
            "duplicate",
            first.model_dump(exclude_none=True),
        )
        await s.stop()
        await asyncio.sleep(WEEK_S - 3600)
        assert len(await s.journal.notes("relay.command:")) == 1
        await asyncio.sleep(7200)
        s.start()
        await s.until(lambda: s.relay.status().online)
        assert await s.journal.notes("relay.command:") == {}

    play(scene)


def test_commands_that_cannot_be_done_say_why() -> None:
    async def scene(s: Scene) -> None:
        async def broken(_: Command) -> Mapping[str, JsonValue]:
            raise DeviceError("printer.waiting", "paper is out")

        async def endless(_: Command) -> Mapping[str, JsonValue]:
            await asyncio.sleep(3600)
            return {}

        s.verbs.update(broken=broken, endless=endless)
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("broken", "c-1"))
        await hq.publish(command("no-such", "c-2"))
        await hq.publish(command("ping", "c-3", not_after="2020-01-01T00:00:00Z"))
        await hq.publish(command("ping", "c-4", not_after="soon"))
        await hq.publish(command("ping", "c-6", not_after="2999-01-01T00:00:00"))  # of which zone?
        await hq.publish(command("endless", "c-5"))
        found = {each.id: (each.status, each.code) for each in await results(s, 6)}
        assert found == {
            "c-1": ("failed", "printer.waiting"),
            "c-2": ("failed", "command.unknown"),
            "c-3": ("expired", "command.expired"),
            "c-4": ("failed", "command.not_after"),
            "c-5": ("failed", "command.timeout"),
            "c-6": ("failed", "command.not_after"),
        }

    play(scene)


def test_a_clock_that_is_not_trusted_condemns_no_command() -> None:
    async def scene(s: Scene) -> None:
        s.clock.trusted = False
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("ping", "c-1", not_after="2020-01-01T00:00:00Z"))
        (found,) = await results(s, 1)
        assert found.status == "successful"

    play(scene)


def test_too_many_at_once_are_refused_and_may_come_again() -> None:
    async def scene(s: Scene) -> None:
        gate = asyncio.Event()

        async def wait(_: Command) -> Mapping[str, JsonValue]:
            await gate.wait()
            return {}

        s.verbs["wait"] = wait
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        for number in range(MAX_RUNNING):
            await hq.publish(command("wait", f"c-{number}"))
        await asyncio.sleep(1)
        await hq.publish(command("wait", "late"))
        (busy,) = await results(s, 1)
        assert (busy.id, busy.code) == ("late", "command.busy")
        gate.set()
        await results(s, 1 + MAX_RUNNING)
        await hq.publish(command("wait", "late"))
        assert (await results(s, 2 + MAX_RUNNING))[-1].status == "successful"

    play(scene)


def test_answers_go_to_our_own_results_only() -> None:
    async def scene(s: Scene) -> None:
        done: list[str] = []

        async def kick(order: Command) -> Mapping[str, JsonValue]:
            done.append(order.id)
            return {}

        s.verbs["kick"] = kick
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        for answer in (BOX.event("sale"), BOX.result("a/#"), "posedge/v1/acme/s1/other/res/x"):
            await hq.publish(command("kick", "c-1", answer=answer))
        await hq.publish(Message(BOX.command("kick"), b'{"id":"c-2"}'))
        await hq.publish(Message(BOX.command("kick"), b"nonsense"))
        await asyncio.sleep(5)
        assert done == []
        assert s.heard == s.on(BOX.sync) + s.on(BOX.status) + s.on(BOX.state("peripherals"))

    play(scene)


def test_what_would_come_for_ever_is_no_command() -> None:
    async def scene(s: Scene) -> None:
        done: list[str] = []

        async def kick(order: Command) -> Mapping[str, JsonValue]:
            done.append(order.id)
            return {}

        s.verbs["kick"] = kick
        hq = await s.headquarters()
        await hq.publish(replace(command("kick", "c-1"), retain=True))
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(replace(command("kick", "c-2"), expiry_s=None))
        await hq.publish(command("ping", "c-3"))
        assert [each.id for each in await results(s, 1)] == ["c-3"]
        assert done == []

    play(scene)


def test_answer_of_a_command_is_kept_when_the_link_is_cut() -> None:
    async def scene(s: Scene) -> None:
        gate = asyncio.Event()

        async def wait(_: Command) -> Mapping[str, JsonValue]:
            await gate.wait()
            return {"done": True}

        s.verbs["wait"] = wait
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("wait", "c-1"))
        await asyncio.sleep(0.5)
        s.broker.cut(BOX.box)
        gate.set()
        await asyncio.sleep(5)
        await s.until(lambda: s.relay.status().online)
        await hq.publish(command("wait", "c-1"))
        (found,) = await results(s, 1)
        assert found.status == "duplicate"
        assert found.data["result"] == {
            "id": "c-1",
            "status": "successful",
            "data": {"done": True},
        }

    play(scene)


def test_without_headquarters_there_is_nothing_to_do() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        relay = Relay(
            MemoryJournal(),
            None,
            BOX,
            settings=RelaySettings(),
            clock=SimClock(loop),
            chance=random.Random(1),
            version="1",
        )
        await relay.run()
        status = relay.status()
        assert (status.configured, status.online) == (False, False)
        assert status.reason == "no headquarters is configured"
        assert await relay.drain(1)
        assert "bx7f3k2" in repr(relay)

    assert RelaySettings().address is None
    simulate(run())


def test_drain_sends_what_is_left() -> None:
    async def scene(s: Scene) -> None:
        hq = await s.headquarters()
        s.start()
        await s.until(lambda: s.relay.status().online)
        await s.journalled(5)

        async def confirm() -> None:
            await s.until(lambda: len(s.entries()) == 5)
            await hq.publish(ack(5))

        s.crew.start(confirm(), name="confirm")
        assert await s.relay.drain(10)
        assert s.relay.status().behind == 0

    play(scene)
