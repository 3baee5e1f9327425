import asyncio
import json
import random
import stat
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from posedge.model.errors import ConfigError, DeniedError, MisuseError, NotFoundError
from posedge.tasks import Crew, Worker
from posedge.web import admin
from posedge.web.access import Scope
from posedge.web.pairing import ALPHABET, MAX_WINDOWS, TRIES, WINDOW_S, Pairing
from posedge.web.tokens import Tokens
from tests.doubles.journal import MemoryJournal
from tests.web.shop import ADMIN, HandClock, Shop

BOSS = {"Authorization": f"Bearer {ADMIN}"}


def pairing(clock: HandClock | None = None) -> Pairing:
    return Pairing(clock or HandClock(), random.Random(1))


def test_code_is_eight_characters_good_once() -> None:
    door = pairing()
    code, ends = door.open(Scope.TILL, "till-2")
    assert len(code.replace("-", "")) == 8
    assert set(code) <= set(ALPHABET) | {"-"}
    assert ends.utc_ns - HandClock().now().utc_ns == WINDOW_S * 10**9
    window = door.redeem(code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    assert (window.scope, window.name) == (Scope.TILL, "till-2")
    with pytest.raises(DeniedError):
        door.redeem(code)


def test_ten_thousand_guesses_open_nothing() -> None:
    door, chance = pairing(), random.Random(2)
    code, _ = door.open(Scope.TILL, "till-2")
    opened = 0
    for _ in range(10_000):
        guess = "".join(chance.choices(ALPHABET, k=8))
        assert guess != code
        try:
            door.redeem(guess)
            opened += 1
        except DeniedError:
            pass
    assert opened == 0
    with pytest.raises(DeniedError):
        door.redeem(code)  # the fifth wrong one had closed the window


def test_tries_are_counted_and_a_new_window_starts_again() -> None:
    door = pairing()
    code, _ = door.open(Scope.TILL, "till-2")
    for _ in range(TRIES - 1):
        with pytest.raises(DeniedError):
            door.redeem("WRONG")
    assert repr(door) == "<Pairing: 1 open, 4 wrong>"
    assert door.redeem(code).name == "till-2"
    code, _ = door.open(Scope.TILL, "till-3")
    assert door.redeem(code).name == "till-3"


def test_window_closes_by_itself() -> None:
    clock = HandClock()
    door = pairing(clock)
    code, _ = door.open(Scope.TILL, "till-2")
    clock.move(WINDOW_S)
    with pytest.raises(DeniedError):
        door.redeem(code)


def test_windows_are_few() -> None:
    door = pairing()
    for number in range(MAX_WINDOWS):
        door.open(Scope.TILL, str(number))
    with pytest.raises(MisuseError, match="too many"):
        door.open(Scope.TILL, "one more")


async def test_tokens_are_kept_as_hashes_and_survive_a_restart() -> None:
    journal, clock = MemoryJournal(), HandClock()
    shown = await Tokens(journal, clock, random.Random(3)).grant(Scope.TILL, "till-1")
    number, _, secret = shown.partition(".")
    assert secret not in json.dumps(dict(await journal.notes("")))
    reborn = Tokens(journal, clock, random.Random(4))
    caller = await reborn.find(shown)
    assert caller is not None
    assert (caller.name, list(caller.scopes)) == ("till-1", [Scope.TILL])
    for wrong in (number, f"{number}.", f"{number}.{secret[:-1]}0x", f"x.{secret}", "", "."):
        assert await reborn.find(wrong) is None
    await reborn.revoke(number)
    assert await reborn.find(shown) is None
    assert await Tokens(journal, clock, random.Random(5)).find(shown) is None
    with pytest.raises(NotFoundError):
        await reborn.revoke(number)


class SlowNotes(MemoryJournal):
    """Answers when it is told to, each with what was so when it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def notes(self, prefix: str) -> Mapping[str, str]:
        found = await super().notes(prefix)
        answer = asyncio.Event()
        self.asked.put_nowait(answer)
        await answer.wait()
        return found


async def test_what_was_revoked_stays_so_whoever_read_at_the_same_time() -> None:
    journal = SlowNotes()
    async with Crew("till") as crew:
        granting = crew.start(
            Tokens(journal, HandClock(), random.Random(3)).grant(Scope.TILL, "1"), name="grant"
        )
        (await journal.asked.get()).set()
        shown = await granting
    tokens = Tokens(journal, HandClock(), random.Random(4))
    async with Crew("test") as crew:
        revoking = crew.start(tokens.revoke(shown.partition(".")[0]), name="revoke")
        finding = crew.start(tokens.find(shown), name="find")
        first, second = await journal.asked.get(), await journal.asked.get()
        first.set()
        await revoking
        second.set()
        assert await finding is None
    assert await tokens.find(shown) is None


async def test_tokens_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posedge.web.tokens.MAX_TOKENS", 1)
    tokens = Tokens(MemoryJournal(), HandClock(), random.Random(3))
    await tokens.grant(Scope.TILL, "one")
    with pytest.raises(MisuseError, match="revoke"):
        await tokens.grant(Scope.TILL, "two")


async def test_pairing_over_http(shop: Shop, anybody: httpx.AsyncClient) -> None:
    opened = await anybody.post(
        "/v1/pair/window", json={"scope": "till", "name": "till-2"}, headers=BOSS
    )
    assert opened.status_code == 201
    code = opened.json()["code"]
    wrong = await anybody.post("/v1/pair", json={"code": "AAAA-AAAA"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "pair.refused")
    paired = await anybody.post("/v1/pair", json={"code": code, "name": "front"})
    assert paired.json()["scopes"] == ["till"]
    bearer = {"Authorization": f"Bearer {paired.json()['token']}"}
    assert (await anybody.get("/v1/devices", headers=bearer)).status_code == 200
    (held,) = (await anybody.get("/v1/tokens", headers=BOSS)).json()
    assert held["name"] == "front"
    assert "hash" not in held
    assert (await anybody.get("/v1/tokens", headers=bearer)).status_code == 403
    gone = await anybody.delete(f"/v1/tokens/{held['id']}", headers=BOSS)
    assert gone.status_code == 204
    assert (await anybody.get("/v1/devices", headers=bearer)).status_code == 401


async def test_nobody_is_paired_as_admin(anybody: httpx.AsyncClient) -> None:
    body = {"scope": "admin", "name": "me"}
    assert (await anybody.post("/v1/pair/window", json=body, headers=BOSS)).status_code == 422


def test_admin_token_is_the_boxs_own(tmp_path: Path) -> None:
    first = admin.issue(tmp_path, random.Random(1))
    second = admin.issue(tmp_path, random.Random(2))
    file = tmp_path / admin.FILE_NAME
    assert first != second == file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_command_line_opens_a_window(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / admin.FILE_NAME).write_text(ADMIN)
    worker = Worker("test")
    code = await worker.run(lambda: admin.open_window(shop.url, tmp_path, Scope.TILL, "till-2"))
    assert len(code) == 9
    (tmp_path / admin.FILE_NAME).write_text("stolen")
    with pytest.raises(DeniedError):
        await worker.run(lambda: admin.open_window(shop.url, tmp_path, Scope.TILL, "till-2"))
    worker.close()


def test_command_line_without_a_box_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="posedge run"):
        admin.open_window("http://127.0.0.1:9", tmp_path, Scope.TILL, "till-2")
    admin.issue(tmp_path, random.Random(1))
    with pytest.raises(ConfigError, match="posedge run"):
        admin.open_window("https://127.0.0.1:9", tmp_path, Scope.TILL, "till-2")
