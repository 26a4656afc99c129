"""The partners' page: how each one is and since when, what it is allowed, what waits for it and until when, and its switches."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.incidents import Incident, Reading
from bus.ledger.views import PartnerView, Totals
from bus.ledger.words import State
from bus.maintenance import closed_until
from contracts.canonical.events import EVENTS
from ops import causes
from ops.api.incidents import NEWEST
from ops.console import incidents, views
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech
from ops.expected import promised, tells
from ops.forecast import Forecast, deadline, forecast, pace
from ops.house import House
from ops.incidents_signs import DAY_S, mismatches
from ops.partner_test import try_partner

TREND_DAYS = 7
REASON = 3
RAISED = 500
OPENED = 500
STATES = tuple(kind for kind in EVENTS if tells(kind))
"""Events that carry a dossier's state, and so its due date."""
WIDTH, HEIGHT = 60, 20


@dataclass(frozen=True, slots=True)
class Row:
    """A partner as a row of the page; `since` is the instant its health dates from, None where nothing is known of before."""

    health: views.Health
    contract: str
    symbol: str
    tone: str
    words: str
    since: float | None
    closed_until: float
    view: PartnerView | None
    calls: int
    allowed: int
    per_s: float | None
    used: int
    forecast: Forecast
    foretold: str
    certificate_days: int | None
    trend: tuple[int, ...]
    line: str


@dataclass(frozen=True, slots=True)
class Known:
    """What all rows are made from, read once."""

    totals: Totals
    switches: Mapping[str, PartnerView]
    open: Mapping[str, list[Incident]]
    good_since: Mapping[str, float]
    settled: Mapping[str, list[Reading]]
    ends: Mapping[str, float]
    mismatches: Mapping[str, list[Reading]]
    dates: Mapping[str, Mapping[str, float]]


async def rows(house: House, say: Speech, only: str = "") -> list[Row]:
    """The enabled partners, or `only` one, those in trouble first."""
    health = await views.partners(house, say, only)
    known = await _known(house, [one.name for one in health], say.now)
    return [_row(house, one, known, say) for one in health]


async def _known(house: House, names: Sequence[str], now: float) -> Known:
    ledger, book = house.ledger, house.ledger.incidents()
    today = _day(now)
    open_now: dict[str, list[Incident]] = defaultdict(list)
    for one in await book.open():
        open_now[one.partner].append(one)
    return Known(
        totals=await ledger.totals(),
        switches={view.partner: view for view in await ledger.partners()},
        open=open_now,
        good_since=await book.good_since(),
        settled=_by_subject(await book.readings("settled")),
        ends={one.subject: one.value for one in await book.readings("certificate")},
        mismatches=_by_subject(await book.readings("mismatch", today - TREND_DAYS)),
        dates={name: await _dates(house, name) for name in names},
    )


async def _dates(house: House, name: str) -> dict[str, float]:
    """By when each dossier that waits for a partner must be there: its event's own deadline, a step about to be late, its due date.

    Due dates lie sealed in the events; those of the `OPENED` longest waiting are looked at.
    """
    flagged = {code: deadline(flags) for code, flags in await house.ledger.incidents().dated(name)}
    steps = await house.ledger.expectations().raised(RAISED, partner=name)
    risky = {one.dossier: one.due_at for one in steps if one.state == "risk"}
    states = await house.ledger.expectations().waiting_states(name, STATES, OPENED)
    due = {code: at for code, body in states if (at := promised(body)) is not None}
    return due | risky | {code: at for code, at in flagged.items() if at is not None}


def _by_subject(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = defaultdict(list)
    for one in readings:
        found[one.subject].append(one)
    return found


def _row(house: House, health: views.Health, known: Known, say: Speech) -> Row:
    name, own = health.name, house.partner_settings[health.name]
    closed = closed_until(own.maintenance, say.now)
    view, open_now = known.switches.get(name), known.open.get(name, [])
    symbol, tone, words, since = _standing(health, open_now, closed, known.good_since.get(name), say)
    moving, stuck = _backlog(known.totals, name)
    foretold = forecast(
        moving,
        stuck,
        pace(known.settled.get(name, ()), say.now),
        own.rate_per_s,
        None if health.paused else max(health.probe_at or 0.0, closed, view.not_before or 0.0 if view else 0.0),
        say.now,
        known.dates[name],
    )
    calls = _count(known.totals, name, State.SENDING)
    end = known.ends.get(name)
    trend = _trend(known.mismatches.get(name, ()), _day(say.now))
    return Row(
        health=health,
        contract=_contract(name),
        symbol=symbol,
        tone=tone,
        words=words,
        since=since,
        closed_until=closed,
        view=view,
        calls=calls,
        allowed=own.concurrency,
        per_s=own.rate_per_s,
        used=min(WIDTH * 2, round(WIDTH * 2 * calls / own.concurrency)),
        forecast=foretold,
        foretold=_foretold(foretold, say),
        certificate_days=None if end is None else int((end - say.now) // DAY_S),
        trend=trend,
        line=_line(trend),
    )


def _standing(
    health: views.Health, open_now: Sequence[Incident], closed: float, good_since: float | None, say: Speech
) -> tuple[str, str, str, float | None]:
    """Symbol, colour, word and beginning of how a partner is: by its incidents, which do not flap, then by its switches."""
    kinds = {one.kind: one for one in open_now}
    down, broken = kinds.get("breaker"), not health.good and not health.paused
    if health.paused:
        held = kinds.get("paused") or kinds.get("held")
        return "m-held", "wait", say("health.paused"), held.began_at if held else None
    if closed:
        return "m-held", "wait", say("health.closed"), None
    if down and broken:
        return "m-dead", "bad", say("health.down"), down.began_at
    if down or broken:
        return "m-late", "wait", say("health.recovering" if down else "health.shaky"), down.clear_at if down else None
    if late := kinds.get("slow") or kinds.get("poller"):
        return "m-late", "wait", say("health.slow"), late.began_at
    return "m-delivered", "ok", say("health.fine"), good_since


def _backlog(totals: Totals, name: str) -> tuple[int, int]:
    """Deliveries that go by themselves, and those that wait for a person or a code."""
    moving = stuck = 0
    for (partner, state, cause), n in totals.counts.items():
        if partner != name or state not in (State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT):
            continue
        if state is State.IN_DOUBT or (state is State.WAITING and cause not in views.BY_ITSELF):
            stuck += n
        else:
            moving += n
    return moving, stuck


def _count(totals: Totals, name: str, state: State) -> int:
    return sum(n for (partner, held, _), n in totals.counts.items() if partner == name and held is state)


def _foretold(one: Forecast, say: Speech) -> str:
    """`xong 14:20, 5 trễ hẹn`."""
    time = say.clock(one.clears_at) if one.clears_at is not None else ""
    late = ", " + say("forecast.late", n=say.number(one.late)) if one.late else ""
    return say(f"forecast.{one.answer}", time=time) + late


def _contract(name: str) -> str:
    """The version of a partner's contract, without what was added to it; empty for rooms without one."""
    try:
        found = importlib.import_module(f"contracts.{name}")
    except ModuleNotFoundError:
        return ""
    contract = getattr(found, "CONTRACT", None)
    return str(contract.version).partition(",")[0] if contract else ""


def _trend(mismatches: Sequence[Reading], today: int) -> tuple[int, ...]:
    """Mismatches of the last days, as far as they were compared; empty when none was."""
    found = {one.slot: int(one.value) for one in mismatches}
    days = range(today - TREND_DAYS + 1, today + 1)
    return tuple(found.get(day, 0) for day in days) if found else ()


def _line(trend: Sequence[int]) -> str:
    """The trend's points, in a box of 60 by 20.

    >>> _line((0, 0, 0, 0, 0, 0, 2))
    '2,18 11,18 20,18 29,18 38,18 47,18 56,3'
    """
    most = max(trend, default=0) or 1
    return " ".join(f"{2 + 9 * place},{18 - round(15 * n / most)}" for place, n in enumerate(trend))


def _day(at: float) -> int:
    """The day in Vietnam, counted from the epoch."""
    return int((at + 7 * 3600) // DAY_S)


def add(app: FastAPI, frame: Frame) -> None:
    """The page, one partner's page, and its switches."""
    house = frame.house

    @app.get("/partners")
    async def listed(request: Request) -> Response:
        say, only = frame.speech(request), reader(request).partner
        shown, differing = await rows(house, say, only), request.query_params.get("mismatches") == "1"
        sentence = _sentence(shown, say)
        if differing:
            names = await mismatches(house.ledger.incidents(), say.now)
            shown = [row for row in shown if row.health.name in names]
        ends = [
            incidents.line(house, one, say)
            for one in await house.ledger.incidents().open(only)
            if one.kind == "certificate"
        ]
        return frame.page(
            request,
            "partners.html",
            "partners",
            say=say,
            rows=shown,
            certificates=ends,
            sentence=sentence,
            differing=differing,
        )

    @app.get("/partners/{name}")
    async def one(request: Request, name: str) -> Response:
        if not known(request, name):
            return frame.failed(request, 404, "error.404")
        return await page(request, name)

    @app.post("/partners/{name}")
    async def test(request: Request, name: str) -> Response:
        form = await request.form()
        frame.check(request, form)
        if not known(request, name):
            return frame.failed(request, 404, "error.404")
        tried = await try_partner(house, name, reader(request).name)
        say = frame.speech(request)
        took = say.number(tried.took_s, 2)
        if tried.good:
            return await page(request, name, say("partner.answered" if tried.call else "partner.reached", took=took))
        why = causes.entry(name, tried.cause.value).title(say.language)
        return await page(request, name, say("partner.silent", took=took, why=why), good=False)

    def known(request: Request, name: str) -> bool:
        return name in house.enabled and reader(request).partner in ("", name)

    async def page(request: Request, name: str, said: str = "", *, good: bool = True) -> Response:
        say = frame.speech(request)
        (row,) = await rows(house, say, name)
        past = await house.ledger.incidents().all(NEWEST, 10, name)
        own = house.partner_settings[name]
        return frame.page(
            request,
            "partner.html",
            "partners",
            say=say,
            row=row,
            own=own,
            said=said,
            good=good,
            lines=[incidents.line(house, one, say) for one in past],
            polls_every_s=house.partners[name].polls_every_s,
        )

    @app.get("/switch")
    async def ask_switch(request: Request) -> Response:
        partner, verb = request.query_params.get("partner", ""), request.query_params.get("verb", "")
        if not known(request, partner) or verb not in ("pause", "resume"):
            return frame.failed(request, 404, "error.404")
        say = frame.speech(request)
        title = views.title_of(house, partner, say)
        return frame.page(request, "switch.html", "partners", say=say, partner=partner, verb=verb, partner_title=title)

    @app.post("/switch")
    async def switch(request: Request) -> Response:
        who = reader(request)
        form = await request.form()
        frame.check(request, form)
        partner, verb, reason = (str(form.get(name, "")) for name in ("partner", "verb", "reason"))
        if not known(request, partner) or verb not in ("pause", "resume") or len(reason.strip()) < REASON:
            return frame.failed(request, 422, "error.422", why=verb)
        turn = house.ledger.pause if verb == "pause" else house.ledger.resume
        await turn(partner, who.name, reason)
        house.wake({partner})
        return RedirectResponse(f"/console/partners#{partner}", 303)


def _sentence(shown: Sequence[Row], say: Speech) -> str:
    """`9 chạy tốt, 1 chậm, 1 không chạy, 1 tạm giữ.`"""
    counted = dict.fromkeys(("fine", "slow", "down", "held"), 0)
    for row in shown:
        key = (
            "held"
            if row.symbol == "m-held"
            else "down"
            if row.tone == "bad"
            else "slow"
            if row.tone == "wait"
            else "fine"
        )
        counted[key] += 1
    return ", ".join(say(f"partners.{key}", n=n) for key, n in counted.items() if n or key == "fine") + "."
