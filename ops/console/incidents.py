"""Incidents in the console: those open now on the home page, the list of all, and one with its course, its notices and who is on it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.incidents import Incident, Notice
from ops.api.incidents import NEWEST
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech
from ops.console.views import Count
from ops.house import House
from ops.incidents import Kind, Told, kinds, told
from ops.incidents_signs import mismatches
from ops.people import Reader

PAGE = 50
NOTE = 3
ABOUT = {
    "failures": "/console/causes",
    "silence": "/console/audit",
    "chain": "/console/audit",
}
"""Where an incident that is no partner's is looked into; others at their partner, or on their own page."""


@dataclass(frozen=True, slots=True)
class Line:
    """An incident as it is shown: its words, what it holds up, and where to look into it."""

    one: Incident
    kind: Kind
    words: Told
    says: str
    look: str
    see: str


def line(house: House, one: Incident, say: Speech) -> Line:
    """One incident in the reader's language."""
    kind = kinds()[one.kind]
    look = ABOUT.get(one.kind) or (f"/console/partners#{one.partner}" if one.partner else "")
    see = say("see_causes") if one.kind == "failures" else say("see_partner") if one.partner else ""
    return Line(one, kind, told(one, say.language, house.title), _says(one, say), look if see else "", see)


def _says(one: Incident, say: Speech) -> str:
    """Since when, and what waits because of it: `Từ 08:08, đã 1 giờ 34 phút. Giữ 1.213 hồ sơ, 1.500 lượt gửi.`"""
    since = say("incident.since", time=say.clock(one.began_at), span=say.span(one.lasted_s(say.now)))
    if not one.open:
        since = say("incident.lasted", time=say.clock(one.began_at), span=say.span(one.lasted_s(say.now)))
    dossiers, deliveries = (one.dossiers, one.deliveries) if one.open else (one.most_dossiers, one.most_deliveries)
    if not deliveries:
        return since
    key = "incident.holds" if one.open else "incident.held"
    return f"{since} {say(key, dossiers=say.number(dossiers), deliveries=say.number(deliveries))}"


async def now(house: House, say: Speech, only: str = "") -> list[Line]:
    """Those open now, urgent ones first, the longest open before others."""
    found = [line(house, one, say) for one in await house.ledger.incidents().open(only)]
    return sorted(found, key=lambda shown: (not shown.kind.urgent, shown.kind.tone != "bad"))


def count(open_now: list[Line], say: Speech) -> Count:
    """How many are open, and for how long the longest."""
    longest = max((shown.one.lasted_s(say.now) for shown in open_now), default=0.0)
    below = say("incidents.oldest", span=say.span(longest)) if open_now else say("none")
    return Count("m-late", "bad", say("count.incidents"), len(open_now), below, "/console/incidents")


async def differing(house: House, say: Speech, only: str = "") -> Count:
    """In how many lines the books of partners and ours differ over the last days."""
    found = await mismatches(house.ledger.incidents(), say.now)
    lines = [n for partner, n in found.items() if only in ("", partner)]
    below = say("count.mismatches.below", n=len(lines)) if lines else say("none")
    return Count("m-missing", "wait", say("count.mismatches"), sum(lines), below, "/console/partners?mismatches=1")


def add(app: FastAPI, frame: Frame) -> None:
    """The pages of incidents."""
    house = frame.house
    book = house.ledger.incidents()

    @app.get("/incidents")
    async def listed(request: Request) -> Response:
        say, only = frame.speech(request), reader(request).partner
        cursor = request.query_params.get("cursor", "")
        before = int(cursor) if cursor.isdigit() and len(cursor) < 19 else NEWEST
        found = await book.all(before, PAGE + 1, only)
        return frame.page(
            request,
            "incidents.html",
            "worklist",
            say=say,
            open_now=await now(house, say, only) if before == NEWEST else [],
            past=[line(house, one, say) for one in found[:PAGE] if not one.open],
            following=f"?cursor={found[PAGE - 1].id}" if len(found) > PAGE else "",
        )

    @app.get("/incidents/{number}")
    async def one(request: Request, number: str) -> Response:
        return await page(request, number)

    @app.post("/incidents/{number}")
    async def acknowledge(request: Request, number: str) -> Response:
        form = await request.form()
        frame.check(request, form)
        note, owner = (str(form.get(name, "")).strip()[:500] for name in ("note", "owner"))
        who: Reader = reader(request)
        found = await seen(request, number)
        if found is None:
            return frame.failed(request, 404, "error.404")
        if len(note) < NOTE:
            return await page(request, number, wrong="incident.note_missing")
        if await book.acknowledge(found.id, who.name, note, owner[:80] or who.name) is None:
            return await page(request, number, wrong="incident.over")
        return RedirectResponse(f"/console/incidents/{number}", 303)

    async def seen(request: Request, number: str) -> Incident | None:
        """The incident, where there is one and this reader may look at it."""
        found = await book.one(int(number)) if number.isdecimal() and len(number) < 19 else None
        return found if found is not None and reader(request).partner in ("", found.partner) else None

    async def page(request: Request, number: str, wrong: str = "") -> Response:
        found, say = await seen(request, number), frame.speech(request)
        if found is None:
            return frame.failed(request, 404, "error.404")
        notices: list[Notice] = [] if reader(request).partner else await book.notices(found.id)
        status = 422 if wrong else 200
        return frame.page(
            request,
            "incident.html",
            "worklist",
            status,
            say=say,
            line=line(house, found, say),
            notices=notices,
            wrong=say(wrong) if wrong else "",
        )
