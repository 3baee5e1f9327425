"""`posedge terminal` against the simulated ZVT terminal: by itself, and through the running box."""

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing
from pathlib import Path

import pytest

from posedge.cli import parser
from posedge.cli.terminal_session import run
from posedge.demo.ports import free_port
from posedge.model.errors import MisuseError, NotFoundError
from posedge.sim.alone import local_time
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Outcome, Step
from posedge.tasks import Crew
from tests.cli.test_recording import listen
from tests.cli.test_running import Manager, box, command

Call = Callable[..., Coroutine[None, None, int]]

CONFIGURED = """\
state_dir = "{state}"
[devices]
udev = false
[[devices.static]]
name = "card terminal"
driver = "zvt"
address = "tcp://127.0.0.1:{port}"
options = {{ status_ms = 100 }}
"""
PATIENT = ("--wait", "20")
HASTY = ("t3_ms=400", "t4_ms=600", "answer_ms=400")


@pytest.fixture
async def sim() -> AsyncIterator[ZvtTerminalSim]:
    async with ZvtTerminalSim(now=local_time, customer_s=0.1) as sim:
        yield sim


@pytest.fixture
def call(sim: ZvtTerminalSim, tmp_path: Path) -> Call:
    """Runs `posedge terminal` on a terminal that is in no configuration."""

    async def run_words(*words: str) -> int:
        where = ("--driver", "zvt", "--address", f"tcp://127.0.0.1:{sim.port}")
        options = [word for each in HASTY for word in ("--option", each)]
        state = ("--state", str(tmp_path / "own"), "--config", str(tmp_path / "none"))
        args = parser().parse_args(["terminal", *words, *where, *options, *state])
        return await run(args)

    return run_words


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


async def test_paid_refunded_and_undone(
    call: Call, sim: ZvtTerminalSim, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await call("pay", "12.34", "EUR", "--id", "p1") == 0
    out = said(capsys)
    assert "Karte vorhalten\n" in out
    assert "Approved: 12.34 EUR.\n  card girocard 0018, receipt 0231" in out
    assert await call("pay", "12.34", "EUR", "--id", "p1") == 0
    assert await call("refund", "2,34", "eur", "--of", "p1") == 0
    assert await call("pay", "5.00", "EUR", "--id", "p2", "--json") == 0
    assert await call("cancel", "p2") == 0
    assert [(each.kind, each.amount_minor, each.reversed) for each in sim.ledger] == [
        ("sale", 1234, False),
        ("refund", 234, False),
        ("sale", 500, True),
        ("reversal", 500, False),
    ]


async def test_reserved_and_booked_in_part(call: Call, sim: ZvtTerminalSim) -> None:
    assert await call("pay", "50.00", "EUR", "--reserve", "--id", "r1") == 0
    assert await call("capture", "r1", "30.00", "EUR") == 0
    assert await call("pay", "20.00", "EUR", "--reserve", "--id", "r2") == 0
    assert await call("cancel", "r2") == 0
    kinds = [(each.kind, each.amount_minor) for each in sim.ledger]
    assert kinds[1:] == [("capture", 3000), ("preauth", 2000), ("release", 2000)]


async def test_listed_and_asked(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert await call("list") == 0
    assert "ONLINE\n    can: sale, asks_tip, cancel" in said(capsys)
    assert await call("status", "--json") == 0
    assert json.loads(said(capsys))["says"] == "ready"


async def test_declined(
    call: Call, sim: ZvtTerminalSim, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.faults.outcome = Outcome.DECLINE
    assert await call("pay", "1", "EUR", "--id", "d") == 1
    assert "Declined.\n  Ablehnung" in said(capsys)
    assert await call("cancel", "d") == 0


async def test_in_part(call: Call, sim: ZvtTerminalSim) -> None:
    sim.faults.amount_minor = 60
    assert await call("pay", "1.00", "EUR", "--partial") == 0
    assert await call("pay", "1.00", "EUR") == 1
    assert [(each.kind, each.reversed) for each in sim.ledger][1:] == [
        ("sale", True),
        ("reversal", False),
    ]


async def test_a_doubt_is_told_and_cleared_up(
    call: Call, sim: ZvtTerminalSim, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.faults.silent_at = Step.COMPLETION
    sim.faults.forgets = True
    assert await call("pay", "1.00", "EUR", "--id", "x", "--wait", "0") == 3
    out = said(capsys)
    assert "Do not charge again" in out
    assert "Ask again: posedge terminal ask x --driver zvt --address tcp://127.0.0.1:" in out
    assert " --config " in out.partition("Ask again")[2]
    assert await call("pay", "2.00", "EUR") == 75
    assert "[terminal.locked]" in capsys.readouterr().err
    sim.faults.silent_at = None
    sim.faults.forgets = False
    assert await call("ask", "x", *PATIENT) == 0
    assert [each.amount_minor for each in sim.ledger] == [100]


async def test_ctrl_c_stops_the_terminal_once(
    call: Call, sim: ZvtTerminalSim, capsys: pytest.CaptureFixture[str]
) -> None:
    async with ZvtTerminalSim(now=local_time, customer_s=20) as slow, Crew("test") as crew:
        sim.port = slow.port
        paying = crew.start(call("pay", "1.00", "EUR"), name="pay")
        out = ""
        async with asyncio.timeout(10):
            while "Karte vorhalten" not in out:
                await asyncio.sleep(0.01)
                out += said(capsys)
        os.kill(os.getpid(), signal.SIGINT)
        assert await paying == 1
    out = said(capsys)
    assert "Asking the terminal to stop; it may still approve." in out
    assert "Cancelled." in out


async def test_the_day_ended(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert await call("pay", "1.00", "EUR") == 0
    assert await call("reconcile") == 0
    assert "agrees with the journal.\n" in said(capsys)


async def test_a_slip_declared(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert await call("pay", "1.00", "EUR") == 0
    slip = ("--who", "Ada", "--id", "day-1", "--declared")
    assert await call("reconcile", *slip, "girocard=1.00") == 0
    out = said(capsys)
    assert "totals read off the terminal's slip of the day by Ada (" in out
    assert "girocard: 1.00 EUR" in out
    assert await call("reconcile", "--of", "day-1", "--declared", "2.00") == 1
    assert "all schemes: the terminal says 2.00 EUR, the journal 1.00 EUR in 1" in said(capsys)


async def test_a_check_that_is_stopped(
    call: Call, sim: ZvtTerminalSim, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(MisuseError, match="not known to stand in its test mode"):
        await call("check")
    report, words = tmp_path / "report.html", tmp_path / "report.txt"
    files = ("--report", str(report), "--report", str(words))
    async with Crew("test") as crew:
        checking = crew.start(call("check", "--option", "test_mode", *files), name="check")
        out = ""
        async with asyncio.timeout(20):
            while "→ A payment. Present a card" not in out:
                await asyncio.sleep(0.01)
                out += said(capsys)
        os.kill(os.getpid(), signal.SIGINT)
        assert await checking == 1
    out = said(capsys)
    assert "Stopping: what runs is asked to end." in out
    assert "Not ready: " in out
    assert "<title>Go-live check" in report.read_text()
    assert words.read_text().startswith("Go-live check of zvt-127.0.0.1")
    assert len(sim.ledger) <= 1


async def test_real_money_is_asked_for_twice(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(MisuseError, match="not confirmed"):
        await call("check", "--real-money")


async def test_what_cannot_be(call: Call, sim: ZvtTerminalSim) -> None:
    with pytest.raises(MisuseError, match="AMOUNT CURRENCY"):
        await call("pay", "1.00")
    with pytest.raises(MisuseError, match="currency"):
        await call("pay", "1.00", "EUR", "--option", "currency=XYZ")
    for amount in ("0", "-1", "0.00"):
        with pytest.raises(MisuseError, match="write more than 0"):
            await call("pay", amount, "EUR")
    with pytest.raises(MisuseError, match="'EURO' is no currency such as EUR"):
        await call("pay", "1.00", "euro")
    with pytest.raises(MisuseError, match="there is nothing left to pay"):
        await call("pay", "1.00", "EUR", "--tip", "1")
    with pytest.raises(NotFoundError, match="there is no payment"):
        await call("ask", "nobody")
    with pytest.raises(MisuseError, match="both --driver and --address"):
        await run(parser().parse_args(["terminal", "list", "--driver", "zvt"]))
    sim.faults.busy = True
    assert await call("pay", "1.00", "EUR") == 75


async def test_through_the_running_box(config: Path, sim: ZvtTerminalSim, tmp_path: Path) -> None:
    config.write_text(  # noqa: ASYNC240 - a short file
        CONFIGURED.format(state=tmp_path / "state", port=sim.port)
    )
    port = free_port()

    async def asked(*words: str) -> tuple[int | None, str, str]:
        tail = ("--config", str(config))
        return await command("terminal", *words, *tail, POSEDGE_WEB__PORT=str(port))

    with closing(Manager(tmp_path / "notify")) as manager:
        async with box(config, manager, port), Crew("test") as crew:
            await manager.told()
            await manager.told()  # it serves by then
            crew.start(listen(manager), name="systemd")
            code, out, err = await asked("pay", "3.00", "EUR")
            assert (code, err) == (0, "")
            assert "  Karte vorhalten\n" in out
            assert "Approved: 3.00 EUR." in out
            code, out, _ = await asked("list")
            assert (code, out.splitlines()[0].split()[-1]) == (0, "ONLINE")
            sim.faults.outcome = Outcome.DECLINE
            code, out, _ = await asked("pay", "3.00", "EUR")
            assert (code, "Declined." in out) == (1, True)
            code, _, err = await asked("refund", "wrong", "3", "EUR")
            assert (code, "[device.unknown]" in err) == (1, True)
    code, _, err = await asked("ask", "nobody")
    assert (code, err.startswith("No running box")) == (1, True)
