"""Commands from headquarters over a broker in memory: sent once, answered by the right box."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from posedge.hq.book import CommandBook, Told
from posedge.hq.commands import MAX_ARGS, CommandRequest, Commands
from posedge.hq.inbound import item
from posedge.hq.ingest import Ingest
from posedge.hq.ledger import Ledger
from posedge.hq.orders import MAX_BODY, router
from posedge.model.errors import ConflictError, DeviceGone, MisuseError, NotFoundError
from posedge.model.messages import Command, Result, Status, read, write
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import FAILURE, Hello, Message
from posedge.tasks import Crew, Worker, cancel
from tests.doubles.broker import MemoryBroker, MemorySession
from tests.doubles.simloop import SimClock, SimLoop, simulate

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
OTHER = BoxTopics("acme", "s0042", "another")
TOKEN = SecretStr("t" * 32)


def wish(number: str = "command-1", **changes: object) -> CommandRequest:
    return CommandRequest.model_validate({"id": number, "verb": "ping", **changes})


def known_box(folder: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{folder}/hq.db")
    birth = Message(BOX.status, write(Status(status="online", session=1)))
    ledger.commit([item(birth)], received="2026-11-23T09:00:00.000Z")
    return ledger


class Scene:
    def __init__(self, crew: Crew, ledger: Ledger) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.crew = crew
        self.broker = MemoryBroker(random.Random(1))
        self.clock = SimClock(loop)
        worker = Worker("ledger")
        self.ingest = Ingest(
            ledger,
            worker.run,
            self.broker,
            tenant="acme",
            client_id="hq-ingest",
            clock=self.clock,
            chance=random.Random(2),
        )
        self.book = CommandBook(ledger)
        self.commands = Commands(
            self.book,
            worker.run,
            self.ingest.publish,
            requester="hq-ingest",
            clock=self.clock,
            chance=random.Random(3),
        )
        self.ingest.listen(self.commands.answered)
        self.task = crew.start(self.ingest.run(), name="hq")
        self.heard: list[Message] = []

    async def box(self) -> MemorySession:
        session = await self.broker.connect(
            Hello(client_id=BOX.box, will=Message("x", b""), receive_maximum=50)
        )
        await session.subscribe((BOX.command("+"),))
        self.crew.start(self._listen(session), name="box")
        async with asyncio.timeout(60):
            while not self.ingest.status().online:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.1)
        return session

    async def _listen(self, session: MemorySession) -> None:
        try:
            async for delivery in session.deliveries():
                self.heard.append(delivery.message)
                delivery.acknowledge()
        except DeviceGone:
            return


def play(folder: Path, scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        ledger = known_box(folder)
        async with Crew("scene") as crew:
            made = Scene(crew, ledger)
            await scene(made)
            await cancel(made.task)
        ledger.close()

    simulate(run())


def test_a_command_is_sent_once_and_its_answer_kept(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        session = await s.box()
        told = await s.commands.send(BOX.box, wish(args={"a": 1}, expires_s=30))
        assert (told.status, told.code, told.answered) == ("sent", None, None)
        assert await s.commands.send(BOX.box, wish(args={"a": 1}, expires_s=30)) == told
        await asyncio.sleep(1)
        (message,) = s.heard
        command = read(Command, message.payload)
        assert (command.id, command.args, command.dry_run) == ("command-1", {"a": 1}, False)
        assert (command.not_after, message.retain) == (told.not_after, False)
        assert message.response_topic == BOX.result("hq-ingest")
        assert message.correlation is not None
        answer = write(Result(id="command-1", status="successful", data={"time": "now"}))
        for topic, correlation in (
            (OTHER.result("hq-ingest"), message.correlation),
            (BOX.result("hq-ingest"), b"0" * 16),
            (BOX.result("hq-ingest"), None),
        ):
            await session.publish(Message(topic, answer, correlation=correlation))
        stranger = write(Result(id="command-9", status="failed"))
        await session.publish(
            Message(BOX.result("hq-ingest"), stranger, correlation=message.correlation)
        )
        await asyncio.sleep(1)
        assert s.book.get("command-1") == told
        await session.publish(
            Message(BOX.result("hq-ingest"), answer, correlation=message.correlation)
        )
        await asyncio.sleep(1)
        after = s.book.get("command-1")
        assert (after.status, after.data) == ("successful", json.dumps({"time": "now"}))
        assert after.answered is not None
        assert s.book.recent(5) == (after,)

    play(tmp_path, scene)


def test_what_never_left_is_told(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        told = await s.commands.send(BOX.box, wish("command-0"))
        assert (told.status, told.code) == ("failed", "broker.away")
        session = await s.box()
        s.broker.refuse = lambda _, topic: FAILURE if "/cmd/" in topic else 0
        told = await s.commands.send(BOX.box, wish("command-1"))
        assert (told.status, told.code) == ("failed", "broker.refused")
        s.broker.refuse = lambda *_: 0
        await session.close()
        told = await s.commands.send(BOX.box, wish("command-2"))
        assert (told.status, told.code) == ("failed", "box.away")
        with pytest.raises(NotFoundError):
            await s.commands.send("nobody", wish("command-3"))
        with pytest.raises(ConflictError):
            await s.commands.send(BOX.box, wish("command-2", verb="status"))
        with pytest.raises(MisuseError):
            await s.commands.send(BOX.box, wish("command-4", args={"a": "x" * MAX_ARGS}))
        with pytest.raises(NotFoundError):
            s.book.get("command-4")

    play(tmp_path, scene)


def test_a_line_that_breaks_meanwhile_leaves_it_open(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        await s.box()
        s.broker.faults.puback_lost = 1
        told = await s.commands.send(BOX.box, wish())
        assert (told.status, (told.code or "")[:7]) == ("sent", "broker.")

    play(tmp_path, scene)


@asynccontextmanager
async def served(folder: Path, token: SecretStr | None) -> AsyncIterator[httpx.AsyncClient]:
    """The routes alone; their broker is away."""
    ledger = known_box(folder)
    book, worker = CommandBook(ledger), Worker("commands")

    async def publish(_: Message) -> int:
        return 0

    loop_clock = SimClock(SimLoop())
    commands = Commands(
        book,
        worker.run,
        publish,
        requester="hq",
        clock=loop_clock,
        chance=random.Random(1),
    )
    app = FastAPI()
    app.include_router(router(commands, book, worker.run, token=token))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hq") as client:
        yield client
    await asyncio.to_thread(worker.close)
    loop_clock.loop.close()
    ledger.close()


PATH = f"/v1/boxes/{BOX.box}/commands"
BEARER = {"Authorization": f"Bearer {TOKEN.get_secret_value()}"}


async def test_nobody_commands_without_a_token_configured(tmp_path: Path) -> None:
    async with served(tmp_path, None) as client:
        answer = await client.post(PATH, json={"id": "command-1", "verb": "ping"}, headers=BEARER)
        assert answer.status_code == 403
        assert (await client.get("/v1/commands")).json() == []


async def test_nobody_commands_without_the_token(tmp_path: Path) -> None:
    async with served(tmp_path, TOKEN) as client:
        body = {"id": "command-1", "verb": "ping"}
        for wrong in ("", "Bearer", "Bearer x", f"Basic {TOKEN.get_secret_value()}"):
            answer = await client.post(PATH, json=body, headers={"Authorization": wrong})
            assert answer.status_code == 401, wrong
        sent = await client.post(PATH, json=body, headers=BEARER)
        assert sent.status_code == 202
        assert Told.model_validate(sent.json()).status == "sent"
        assert (await client.get("/v1/commands/command-1")).json() == sent.json()
        assert (await client.get("/v1/commands")).json() == [sent.json()]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (PATH, b'{"id":"command-1","verb":"reboot"}', 422),
        (PATH, b'{"id":"command-1","verb":"ping","expires_s":1}', 422),
        (PATH, b"[", 422),
        (PATH, b" " * (MAX_BODY + 1), 413),
        ("/v1/boxes/nobody/commands", b'{"id":"command-1","verb":"ping"}', 404),
    ],
)
async def test_what_is_no_command_goes_nowhere(
    tmp_path: Path, path: str, body: bytes, status: int
) -> None:
    async with served(tmp_path, TOKEN) as client:
        answer = await client.post(path, content=body, headers=BEARER)
        assert answer.status_code == status
        assert (await client.get("/v1/commands/command-1")).status_code == 404
