"""The report of a go-live check, on paper and on a screen; and where it is kept."""

from pathlib import Path

from posedge.model.stamp import Stamp
from posedge.tasks import Worker
from posedge.terminals.cabinet import KEPT, Cabinet
from posedge.terminals.judgement import Finding, Verdict
from posedge.terminals.paper import html, text
from posedge.terminals.plan import FLOWS, Flow
from posedge.terminals.report import Phase, Report, entry, with_finding
from tests.doubles.zvt import attempt

NOW = Stamp(utc_ns=1_795_400_000 * 10**9, monotonic_ns=1, boot_id="b", trusted=True)


def report(terminal: str = "card <1>", seconds: int = 0) -> Report:
    at = NOW.model_copy(update={"utc_ns": NOW.utc_ns + seconds * 10**9})
    begun = Report(
        id=f"c{seconds}", terminal=terminal, driver="zvt", port="tcp://10.0.0.9:20007",
        version="1.0", who="anna", test_mode=True, started=at, ended=at, phase=Phase.ENDED,
        entries=tuple(entry(each) for each in FLOWS[:2]), warnings=("sends whole card numbers",),
    )  # fmt: skip
    paid = attempt().model_copy(update={"customer_receipt": ("PAID & KEPT", "BYE")})
    good = Finding(verdict=Verdict.PASSED, text="approved: 12.50 EUR")
    bad = Finding(verdict=Verdict.FAILED, text="it was declined (no <money>)")
    begun = with_finding(begun, Flow.SALE, good, took_ms=1234, payments=(paid,))
    return with_finding(begun, Flow.REFUND, bad, took_ms=1)


def test_text_says_everything() -> None:
    said = text(report())
    assert "Not ready: 1 failed, 1 warned of." in said
    assert "passed     A payment: approved: 12.50 EUR (1.2 s)\n           sale of 12.50 EUR" in said
    assert "FAILED     A payment, and a refund of it: it was declined (no <money>)\n" in said
    assert "WARNING    sends whole card numbers" in said
    assert "--- Customer's receipt: A payment\nPAID & KEPT\nBYE\n" in said


def test_html_is_one_file_and_escapes() -> None:
    page = html(report())
    assert "card &lt;1&gt;" in page
    assert "no &lt;money&gt;" in page
    assert "PAID &amp; KEPT\nBYE" in page
    assert "What to do: Present a card that is approved, and" in page
    assert "<script" not in page
    assert "src=" not in page


def test_a_report_that_grows_is_not_ready() -> None:
    running = report().model_copy(update={"phase": Phase.RUNNING, "ended": None})
    assert (running.ready, running.summary) == (False, "The check is running.")
    assert "it runs" in text(running)
    assert "it runs" in html(running)


async def test_kept_in_three_forms_and_the_oldest_let_go(tmp_path: Path) -> None:
    cabinet = Cabinet(tmp_path / "checks", Worker("checks").run)
    assert await cabinet.load() == {}
    for seconds in range(KEPT + 2):
        await cabinet.put(report("one", seconds))
    await cabinet.put(report("two", 1000))
    files = sorted(each.suffix for each in (tmp_path / "checks").iterdir())
    assert files == [".html"] * KEPT + [".json"] * KEPT + [".txt"] * KEPT
    kept = await cabinet.load()
    assert {name: each.id for name, each in kept.items()} == {"one": f"c{KEPT + 1}", "two": "c1000"}


async def test_what_cannot_be_kept_or_read_is_logged_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    await Cabinet(blocked, Worker("checks").run).put(report())
    (tmp_path / "x.json").write_text("{}")
    assert await Cabinet(tmp_path, Worker("checks").run).load() == {}
