import asyncio
import re

import httpx
import pytest

from posedge.model.capabilities import DeviceState, Kind, ScaleState, Weight
from posedge.model.case import CaseKind
from posedge.model.drawer import DrawerStatus, OpenedBy, Opening
from posedge.model.explanation import Undriven
from posedge.model.money import Money
from posedge.model.payment import State
from posedge.model.reconciliation import DayState, SchemeTotal, TerminalDay
from posedge.payments.declared import declaration
from posedge.terminals.judgement import Finding, Verdict
from posedge.terminals.plan import FLOWS, Flow
from posedge.terminals.report import with_finding
from posedge.web.access import Caller, Scope
from posedge.web.board import (
    CASE_LABELS,
    DAY_LABELS,
    DEVICE_LABELS,
    PAYMENT_LABELS,
    SCALE_WORDS,
    Tone,
    board,
    kilograms,
)
from posedge.web.metrics import figures
from posedge.web.routes.page import _with_remedies
from posedge.web.sessions import IDLE_S, LIFE_S, MAX_SESSIONS, Browser, Sessions
from posedge.web.settings import WebSettings
from posedge.web.stream import TYPES
from tests.web.shop import ADMIN, HandClock, Shop


async def code(shop: Shop, client: httpx.AsyncClient, scope: Scope = Scope.TECHNICIAN) -> str:
    opened = await client.post(
        "/v1/pair/window",
        json={"scope": scope, "name": "Ada"},
        headers={"Authorization": f"Bearer {ADMIN}"},
    )
    return str(opened.json()["code"])


async def enter(shop: Shop, client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/page/session", json={"code": await code(shop, client)})


async def test_stranger_sees_the_sign_in_and_nothing_else(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/")
    assert answer.status_code == 200
    assert "Pairing code" in answer.text
    assert "s0042" not in answer.text
    assert "0.1.0" not in answer.text


async def test_page_shows_the_box_to_who_came_in(shop: Shop, anybody: httpx.AsyncClient) -> None:
    entered = await enter(shop, anybody)
    cookie = entered.headers["set-cookie"]
    assert entered.status_code == 204
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    shop.desk.doubt("p-1", "<script>alert(1)</script>")
    shop.desk.put("p-2", State.IN_DOUBT)
    text = (await anybody.get("/")).text
    for word in ("1 payment needs you", "129.00 EUR", "Toledo 8217", "1.234", "Prolific PL2303"):
        assert word in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert text.index("needs you") < text.index("45.99 EUR")
    board_text = (await anybody.get("/page/board")).text
    parts = re.findall(r'data-part="(\w+)"', text)
    assert parts == [
        "hero",
        "cases",
        "payments",
        "days",
        "checks",
        "devices",
        "scales",
        "relay",
        "journal",
        "box",
    ]
    assert set(parts) == set(re.findall(r'data-part="(\w+)"', board_text))


async def test_cases_are_told_and_ended_on_the_page(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    for number, kind in enumerate(CaseKind):
        await shop.cases.begin(
            f"c-{number}",
            kind,
            terminal="front",
            code="x.y",
            text=f"<b>do {kind}</b>",
            payments=tuple(f"p-{at}" for at in range(21 * number)),
        )
    text = (await anybody.get("/page/board")).text
    assert "1 terminal contradicts what was settled" in text
    assert "2 cases wait for you" in text
    assert "&lt;b&gt;do contradiction" in text
    assert "and 1 more" in text
    word = {"who": "Ada", "why": "paid out in cash", "evidence": "slip 42"}
    own = {"Origin": shop.url}
    ended = await anybody.post("/page/cases/c-2/resolve", json=word, headers=own)
    assert ended.json()["resolution"]["who"] == "Ada (Ada)"
    assert "contradicts" not in (await anybody.get("/page/board")).text


async def test_a_day_is_ended_on_the_page(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    assert "never ended" not in (await anybody.get("/page/board")).text
    total = SchemeTotal(scheme="visa", count=2, amount=Money(minor=990, currency="EUR"))
    differs = {"state": DayState.DIFFERENT, "journal_totals": (total,)}
    shop.terminal_days = (
        TerminalDay(terminal="front"),
        TerminalDay(terminal="side", last=shop.days.answer.model_copy(update=differs)),
    )
    text = (await anybody.get("/page/board")).text
    for word in ("never ended from here", "differs from the journal", "visa 9.90 EUR in 2"):
        assert word in text
    own = {"Origin": shop.url}
    ended = await anybody.post("/page/terminals/front/end-of-day", json={}, headers=own)
    assert ended.json()["state"] == "agreed"
    ((number, terminal, who),) = shop.days.asked
    assert (terminal, who, len(number)) == ("front", "Ada", 36)


async def test_a_slip_is_entered_on_the_page(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    bare = {"state": DayState.UNCOMPARED, "id": "day-7"}
    told = {
        "declared": True,
        "terminal_totals": (SchemeTotal(scheme="", amount=Money(minor=990, currency="EUR")),),
    }
    shop.terminal_days = (
        TerminalDay(terminal="front", ends=False),
        TerminalDay(terminal="side", last=shop.days.answer.model_copy(update=bare)),
        TerminalDay(terminal="back", last=shop.days.answer.model_copy(update=told)),
    )
    text = (await anybody.get("/page/board")).text
    assert 'data-day="front"' not in text
    for word in ('data-slip="front"', 'name="of" value="day-7"', "<dt>Its slip</dt>"):
        assert word in text
    assert "all schemes 9.90 EUR</dd>" in text
    own, place = {"Origin": shop.url}, "/page/terminals/front/slip"
    typed = {"who": "Ada", "totals": "visa 12.34\n\ngirocard=5,00", "currency": "EUR"}
    answer = await anybody.post(place, json=typed, headers=own)
    assert answer.json()["id"] == "day-1"
    assert shop.days.asked[0][1:] == ("front", "Ada")
    assert shop.days.declared == [declaration("Ada", ["visa=12.34", "girocard=5.00"], "EUR", None)]
    for totals, code in (("visa 1.2.3", "money.unreadable"), ("1\n2", "reconciliation.mistaken")):
        answer = await anybody.post(place, json={**typed, "totals": totals}, headers=own)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_terminal_is_checked_from_the_page(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    assert "never checked" in (await anybody.get("/page/board")).text
    own, place = {"Origin": shop.url}, "/page/terminals/terminal/check"
    assert (await anybody.post(place, json={}, headers=own)).json()["code"] == "check.live"
    sure = {"real_money": True, "confirm": "terminal"}
    begun = await anybody.post(place, json=sure, headers=own)
    assert (begun.status_code, begun.json()["who"], len(begun.json()["id"])) == (202, "Ada", 36)
    text = (await anybody.get("/page/board")).text
    assert "A payment. Present a card that is approved." in text
    assert f"0 of {len(FLOWS)}" in text
    found = Finding(verdict=Verdict.FAILED, text="it was declined (<no>)")
    report = with_finding(shop.checks.report("terminal"), Flow.SALE, found, took_ms=1)
    shop.checks.kept["terminal"] = report.model_copy(update={"warnings": ("whole numbers",)})
    await anybody.post(f"{place}/stop", json={}, headers=own)
    text = (await anybody.get("/page/board")).text
    for word in ("it was declined (&lt;no&gt;)", "not ready", "1 failed", "whole numbers"):
        assert word in text
    assert f'href="{place}/report.html"' in text
    whole = await anybody.get(f"{place}/report.html")
    assert "it was declined (&lt;no&gt;)" in whole.text


async def test_script_has_words_for_every_end_of_a_day(anybody: httpx.AsyncClient) -> None:
    script = (await anybody.get("/static/page.js")).text
    for each in set(DayState) - {DayState.RUNNING}:
        assert f'{each}: "' in script, each


async def test_page_needs_no_other_host(anybody: httpx.AsyncClient) -> None:
    for path in ("/", "/static/page.js", "/static/page.css"):
        text = (await anybody.get(path)).text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|<style|<script>| style=|onclick", text), path
    assert (await anybody.get("/static/none.js")).status_code == 404


async def test_script_has_words_for_every_event(anybody: httpx.AsyncClient) -> None:
    script = (await anybody.get("/static/page.js")).text
    for each in TYPES:
        assert re.search(rf'^  "?{each}"?: \(e\)', script, re.MULTILINE), each


async def test_cookie_is_for_the_page_alone(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    assert (await anybody.get("/v1/devices")).status_code == 401
    shop.desk.doubt("p-1", "silence")
    settled = {"approved": False, "who": "Ada", "why": "end of day", "evidence": "slip 0041"}
    bare = await anybody.post("/page/payments/p-1/resolve", json=settled)
    assert (bare.status_code, bare.json()["code"]) == (403, "origin.missing")
    own = {"Origin": shop.url}
    settled_answer = await anybody.post("/page/payments/p-1/resolve", json=settled, headers=own)
    assert settled_answer.json()["state"] == "operator_not_completed"
    assert shop.desk.resolved[0][2] == "Ada (Ada)"
    tested = await anybody.post("/page/devices/scale/test", json={}, headers=own)
    assert tested.json()["passed"] is True
    body = {"scope": "till", "name": "till-9"}
    window = await anybody.post("/page/pair/window", json=body, headers=own)
    assert window.status_code == 201
    async with anybody.stream("GET", "/page/events?after=0") as events:
        assert events.status_code == 200


async def test_stolen_cookie_is_worth_nothing_elsewhere(
    shop: Shop, anybody: httpx.AsyncClient
) -> None:
    await enter(shop, anybody)
    stolen = await anybody.get("/page/board", headers={"User-Agent": "another"})
    assert stolen.status_code == 401
    assert (await anybody.get("/page/board")).status_code == 200


async def test_sign_out_ends_the_session(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    value = dict(anybody.cookies)
    out = {"Origin": shop.url}
    async with asyncio.timeout(10), anybody.stream("GET", "/page/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        assert (await anybody.delete("/page/session", headers=out)).status_code == 204
        await shop.scan("after")
        assert "after" not in "".join([line async for line in lines])
    anybody.cookies.update(value)
    assert (await anybody.get("/page/board")).status_code == 401


async def test_only_a_technicians_code_opens_the_page(
    shop: Shop, anybody: httpx.AsyncClient
) -> None:
    for wrong in ("AAAA-AAAA", await code(shop, anybody, Scope.TILL)):
        answer = await anybody.post("/page/session", json={"code": wrong})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_unreadable_cookie_is_none(anybody: httpx.AsyncClient) -> None:
    for cookie in ("posedge_session", "posedge_session=\x01", ";;;=", "a=b"):
        answer = await anybody.get("/page/board", headers={"Cookie": cookie})
        assert answer.status_code == 401


def test_sessions_end() -> None:
    clock, shop = HandClock(), Shop()
    sessions = Sessions(clock, shop.chance)
    here, caller = Browser("10.0.0.9", "phone"), Caller("page", "Ada", frozenset())
    idle = sessions.begin(caller, here)
    clock.move(IDLE_S - 1)
    assert sessions.find(idle, here) == caller
    clock.move(IDLE_S + 1)
    assert sessions.find(idle, here) is None
    busy = sessions.begin(caller, here)
    for _ in range(LIFE_S // IDLE_S):
        clock.move(IDLE_S)
        assert sessions.find(busy, here) == caller
    clock.move(1)
    assert sessions.find(busy, here) is None
    assert sessions.find("nothing", here) is None


def test_longest_idle_session_makes_room() -> None:
    clock, shop = HandClock(), Shop()
    sessions = Sessions(clock, shop.chance)
    here, caller = Browser("10.0.0.9", "phone"), Caller("page", "Ada", frozenset())
    first, *rest = [_begin(sessions, clock, caller, here) for _ in range(MAX_SESSIONS + 1)]
    assert sessions.find(first, here) is None
    assert all(sessions.find(each, here) for each in rest)


def _begin(sessions: Sessions, clock: HandClock, caller: Caller, here: Browser) -> str:
    clock.move(1)
    return sessions.begin(caller, here)


def test_every_state_has_words() -> None:
    assert set(PAYMENT_LABELS) == set(State)
    assert set(DEVICE_LABELS) == set(DeviceState)
    assert set(DAY_LABELS) == set(DayState)
    assert set(CASE_LABELS) == set(CaseKind)
    assert set(SCALE_WORDS) == set(ScaleState)


@pytest.mark.parametrize(
    ("grams", "text"),
    [(1234, "1.234"), (0, "0.000"), (5, "0.005"), (-20, "-0.020"), (None, "\N{EN DASH}")],
)
def test_kilograms_are_exact(grams: int | None, text: str) -> None:
    assert kilograms(Weight(state=ScaleState.STABLE_WEIGHT, weight_g=grams)) == text


async def test_quiet_box_is_well() -> None:
    shop = Shop()
    shown = board(await shop.status(), [])
    assert (shown.tone, shown.concerns) == (Tone.GOOD, ())
    assert shown.uptime == "1 h 1 min"
    assert shown.relayed_percent == 100


async def test_concerns_come_in_the_order_of_their_urgency() -> None:
    shop = Shop(relay_online=False, prints_waiting=2)
    shop.desk.put("p-1", State.IN_DOUBT)
    shop.desk.put("p-2", State.IN_DOUBT)
    shop.desk.doubt("p-3", "silence")
    shop.devices.known = tuple(
        each.model_copy(update={"state": DeviceState.OFFLINE, "reason": "no paper"})
        if each.name == "printer"
        else each
        for each in shop.devices.known
    )
    shop.journal.fail()
    box = await shop.status()
    untrusted = box.now.model_copy(update={"trusted": False, "monotonic_ns": 90_000 * 10**9})
    events = box.events.model_copy(update={"alarm": "The event log was lost"})
    shown = board(box.model_copy(update={"now": untrusted, "events": events}), [])
    assert [each.what for each in shown.concerns] == [
        "The journal takes nothing",
        "1 payment needs you",
        "2 payments are in doubt",
        "printer is not ready",
        "2 prints are waiting for a printer",
        "Headquarters is out of reach",
        "Earlier events are lost",
        "The clock is not confirmed",
    ]
    assert shown.concerns[3].then == "No paper"
    assert shown.tone is Tone.BAD
    assert shown.uptime == "1 d 1 h"


async def test_drawers_tell_how_they_stand_and_for_what(
    shop: Shop, anybody: httpx.AsyncClient
) -> None:
    await enter(shop, anybody)
    assert "Cash drawers" not in (await anybody.get("/")).text
    opening = Opening(by=OpenedBy.REASON, reason="no sale: change <10>")
    shut = DrawerStatus(drawer="kitchen", open=False, since=shop.clock.now())
    left = DrawerStatus(
        drawer="printer", open=True, since=shop.clock.now(), opening=opening, left_open=True
    )
    shop.open_drawers = (shut, left)
    text = (await anybody.get("/")).text
    for word in ("Cash drawers", "Drawer printer stands open", "left open", "closed"):
        assert word in text
    assert "no sale: change &lt;10&gt;" in text
    shop.open_drawers = (left.model_copy(update={"left_open": False}),)
    assert "stands open" not in (await anybody.get("/")).text


async def test_scale_that_is_away_has_no_reading(shop: Shop, anybody: httpx.AsyncClient) -> None:
    await enter(shop, anybody)
    away = {"state": DeviceState.OFF_OFFLINE, "reason": None}
    shop.devices.known = tuple(
        each.model_copy(update=away) if each.kind is Kind.SCALE else each
        for each in shop.devices.known
    )
    del shop.devices.drivers["scale"]
    text = (await anybody.get("/")).text
    assert "no reading" in text
    assert "Look at its cable and power." in text


async def test_figures_quote_names() -> None:
    shop = Shop()
    box = await shop.status()
    named = box.devices[0].model_copy(update={"name": 'a"b\\c\nd'})
    text = figures(box.model_copy(update={"devices": (named,)}))
    assert r'{device="a\"b\\c\nd",kind="scanner"} 1' in text
    assert text.endswith("\n")


async def test_secure_cookie_under_tls_is_bound_to_this_host(shop: Shop) -> None:
    assert WebSettings(tls_certificate="a.pem", tls_key="a.key").secure
    with pytest.raises(ValueError, match="together"):
        WebSettings(tls_certificate="a.pem")


async def test_a_device_that_fails_stands_there_once_with_its_remedy() -> None:
    shop = Shop()
    box = await shop.status()
    failing = Undriven(
        id="printer-1", port="usb-1", model="TM-T20", reason="in use", remedy="stop cupsd"
    )
    said = _with_remedies(box, (*box.undriven, failing))
    assert said.undriven == box.undriven
    (printer,) = [each for each in said.devices if each.id == "printer-1"]
    assert str(printer.reason).endswith("; stop cupsd")
    assert len(said.devices) == len(box.devices)
