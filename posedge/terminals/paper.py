"""A go-live check's report for people: as text, and as one HTML file that needs nothing else."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from posedge.model.payment import Attempt
from posedge.terminals.judgement import Verdict
from posedge.terminals.report import Entry, Report

HERE = Path(__file__).parent

WORDS: Mapping[Verdict, str] = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "FAILED",
    Verdict.NOT_SHOWN: "not shown",
    Verdict.UNABLE: "cannot",
    Verdict.NOT_RUN: "not tried",
}


def text(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def html(report: Report) -> str:
    shown = {"words": WORDS, "about": about, "seconds": seconds, "receipts": receipts}
    page: str = _template().render(report=report, **shown)
    return page


def line(entry: Entry) -> str:
    """Return one step in one line, as text reports and the command line show it."""
    word = WORDS[entry.verdict] if entry.verdict else "…"
    return f"{word:<10} {entry.title}: {entry.text}"


def about(attempt: Attempt) -> str:
    """Return what names a payment in the terminal's own journal."""
    result = attempt.result
    parts = [f"{attempt.kind} of {attempt.amount}", attempt.state.replace("_", " ")]
    if result is not None:
        named = {
            "card": f"{result.scheme} {result.pan_last4}".strip(),
            "terminal": result.terminal_id,
            "receipt": result.receipt_no,
            "trace": result.trace_no,
            "authorised": result.auth_code,
        }
        parts += [f"{key} {each}" for key, each in named.items() if each]
    return ", ".join(parts)


def seconds(took_ms: int | None) -> str:
    return "" if took_ms is None else f"{took_ms / 1000:.1f} s"


def _lines(report: Report) -> Iterator[str]:
    yield f"Go-live check of {report.terminal}"
    yield report.summary
    yield ""
    yield f"Terminal   {report.driver} at {report.port}"
    yield f"Money      {'test mode' if report.test_mode else 'REAL MONEY'}"
    yield f"Begun      {report.started.rfc3339} by {report.who}"
    yield f"Ended      {report.ended.rfc3339 if report.ended else 'it runs'}"
    yield f"Software   posedge {report.version}"
    for each in report.warnings:
        yield f"WARNING    {each}"
    yield ""
    for entry in report.entries:
        yield f"{line(entry)} {f'({seconds(entry.took_ms)})' if entry.payments else ''}".rstrip()
        for attempt in entry.payments:
            yield f"           {about(attempt)}"
            yield f"           payment {attempt.id}"
    yield from _receipts(report)


def _receipts(report: Report) -> Iterator[str]:
    for entry in report.entries:
        for attempt in entry.payments:
            for title, lines in receipts(attempt):
                yield from ("", f"--- {title}: {entry.title}", *lines)


def receipts(attempt: Attempt) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what the terminal printed through us, unaltered."""
    if attempt.customer_receipt:
        yield "Customer's receipt", attempt.customer_receipt
    if attempt.merchant_receipt:
        yield "Merchant's receipt", attempt.merchant_receipt


@cache
def _template() -> Any:
    import jinja2  # noqa: PLC0415 - 2 MB that a box does without until something was checked

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
