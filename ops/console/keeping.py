"""Pages about people: who may sign in, what somebody may see unmasked, and the record of what people did and looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.people import Remark
from ops import lookups
from ops.console import incidents, views
from ops.console.door import reader, way_back
from ops.console.frame import Frame
from ops.console.text import Speech
from ops.house import House
from ops.looked import NoWeek, looked, sheet
from ops.people import FIELDS, REVEAL_S, Refused
from ops.rights import ROLES
from ops.sheet import Cell, csv_of

PAGE = 50
NEWEST = 2**62
VERIFIED = "verify audit"
EXPORTED = "export audit"
MOST, AT_ONCE = 100_000, 5_000
"""Lines of the record one file may have; a longer one is narrowed by who or what. So many are read at once."""
RECORD = ("number", "at", "who", "verb", "reason", "dossier", "delivery", "before", "after")
BUS_OWN = ("open incident", "close incident")
"""What the bus does of itself to incidents."""
LOOKED = ("search", "reveal")
"""What the record calls looking at somebody's data."""


def add(app: FastAPI, frame: Frame) -> None:
    """The pages of administrators, data readers and auditors."""
    house, people = frame.house, frame.house.people

    @app.get("/people")
    async def listed(request: Request) -> Response:
        return await people_page(request)

    @app.post("/people")
    async def change(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        who, (verb, name, partner, reason) = (
            reader(request).name,
            (str(form.get(field, "")).strip() for field in ("verb", "name", "partner", "reason")),
        )
        roles = [str(role) for role in form.getlist("role")]
        word = ""
        try:
            if partner and partner not in house.partners:
                raise Refused("partner")
            if verb == "add":
                word = await people.add(name, roles, partner, who, reason)
            elif verb == "reset":
                word = await people.reset(name, who, reason)
            elif verb == "entrust":
                await people.entrust(name, roles, partner, who, reason)
            elif verb in ("disable", "enable"):
                await (people.disable if verb == "disable" else people.enable)(name, who, reason)
            else:
                raise Refused("verb")
        except Refused as no:
            return await people_page(request, 422, wrong=frame.speech(request)(f"refused.{no.key}"))
        return await people_page(request, name=name, word=word)

    async def people_page(
        request: Request, status: int = 200, name: str = "", word: str = "", wrong: str = ""
    ) -> Response:
        say = frame.speech(request)
        found = await people.all()
        asked = request.query_params.get("name", "")
        titles = {partner: views.title_of(house, partner, say) for partner in house.partners}
        return frame.page(
            request,
            "people.html",
            "people",
            status,
            say=say,
            people=found,
            roles=ROLES,
            partners=titles,
            chosen=next((person for person in found if person.name == asked), None),
            name=name,
            word=word,
            wrong=wrong,
        )

    @app.get("/reveal")
    async def ask_reveal(request: Request) -> Response:
        dossier, field, back = (request.query_params.get(name, "") for name in ("dossier", "field", "back"))
        if field not in FIELDS or not await seen(request, dossier):
            return frame.failed(request, 404, "error.404")
        minutes = int(REVEAL_S // 60)
        return frame.page(request, "reveal.html", "dossiers", dossier=dossier, field=field, back=back, minutes=minutes)

    @app.post("/reveal")
    async def reveal(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        dossier, field, purpose, back = (str(form.get(name, "")) for name in ("dossier", "field", "purpose", "back"))
        if not await seen(request, dossier):
            return frame.failed(request, 404, "error.404")
        try:
            await people.reveal(reader(request), dossier, field, purpose)
        except Refused as no:
            return frame.failed(request, 422, f"refused.{no.key}")
        return RedirectResponse(way_back(back) if back else f"/console/dossiers/{dossier}", 303)

    async def seen(request: Request, dossier: str) -> bool:
        """The dossier is there, and within what this reader may look at."""
        return bool(dossier) and await views.within(house, dossier, reader(request).partner)

    @app.get("/audit")
    async def audit(request: Request) -> Response:
        say = frame.speech(request)
        who, verb, cursor = (request.query_params.get(name, "") for name in ("who", "verb", "cursor"))
        before = int(cursor) if cursor.isdigit() and len(cursor) < 19 else NEWEST
        found = await people.book.remarks(before, PAGE + 1, who, verb)
        verified = await people.book.remarks(NEWEST, 1, verb=VERIFIED)
        query = {"who": who, "verb": verb, "cursor": str(found[PAGE - 1].id)} if len(found) > PAGE else {}
        return frame.page(
            request,
            "audit.html",
            "audit",
            say=say,
            lines=[(line, did(line.verb, say), line.verb in LOOKED) for line in found[:PAGE]],
            incidents=await _incidents(house, found[:PAGE], say),
            verified=verified[0] if verified else None,
            looked=(await lookups.recorded(house.ledger, lookups.Whose(limit=20)))["items"],
            who=who,
            verb=verb,
            export=urlencode({"who": who, "verb": verb}),
            verbs=[(name, did(name, say)) for name in ("", *LOOKED, "sign in", "add person", "reset person", VERIFIED)],
            following="?" + urlencode(query) if query else "",
        )

    @app.get("/audit.csv")
    async def audit_csv(request: Request) -> Response:
        """The record as it is filtered, newest first, and below it when its chain was verified; taking it away is on record too."""
        who, verb = (request.query_params.get(name, "") for name in ("who", "verb"))
        await house.ledger.remark(reader(request).name, EXPORTED, " ".join(filter(None, (who, verb))) or "all")
        rows: list[list[Cell]] = []
        before = NEWEST
        while len(rows) < MOST and (found := await people.book.remarks(before, AT_ONCE, who, verb)):
            rows += [_cells(line, frame.speech(request)) for line in found]
            before = found[-1].id
        rows += [_cells(line, frame.speech(request)) for line in await people.book.remarks(NEWEST, 1, verb=VERIFIED)]
        return frame.file(csv_of(RECORD, rows), "text/csv; charset=utf-8", "audit.csv")

    @app.get("/looked")
    async def who_looked(request: Request) -> Response:
        say = frame.speech(request)
        try:
            told = await looked(house.ledger, request.query_params.get("week", ""))
        except NoWeek:
            return frame.failed(request, 404, "looked.no_week")
        titles = {name: views.title_of(house, name, say) for name in house.partners}
        lines = [(line, _how(line.how, titles, say)) for line in told.lines]
        return frame.page(request, "looked.html", "audit", say=say, told=told, lines=lines)

    @app.get("/looked.csv")
    async def looked_csv(request: Request) -> Response:
        try:
            told = await looked(house.ledger, request.query_params.get("week", ""))
        except NoWeek:
            return frame.failed(request, 404, "looked.no_week")
        body = sheet(told, frame.speech(request).language)
        return frame.file(body, "text/csv; charset=utf-8", f"looked-{told.week}.csv")

    @app.post("/audit")
    async def verify(request: Request) -> Response:
        frame.check(request, await request.form())
        good, bad = await house.ledger.verify_chain()
        await house.ledger.remark(reader(request).name, VERIFIED, bad or f"{good} entries verify")
        return RedirectResponse("/console/audit", 303)


def _cells(line: Remark, say: Speech) -> list[Cell]:
    """A line of the record for a spreadsheet."""
    at = say.moment(line.at).isoformat(timespec="seconds")
    return [line.id, at, line.who, line.verb, line.reason, line.dossier, line.delivery, line.before, line.after]


async def _incidents(house: House, lines: Sequence[Remark], say: Speech) -> dict[int, tuple[int, str]]:
    """The incidents that the bus opened or closed in these lines, by the line's number: which, and its title."""
    book, told = house.ledger.incidents(), {}
    for line in lines:
        number = line.after.partition(":")[0]
        if line.verb in BUS_OWN and number.isdecimal() and (one := await book.one(int(number))) is not None:
            told[line.id] = one.id, incidents.line(house, one, say).words.title
    return told


def _how(how: str, titles: Mapping[str, str], say: Speech) -> str:
    """`Tra cứu Hộ tịch`, or what the record calls the act."""
    act, _, partner = how.partition(" ")
    return f"{did(act, say)}: {titles.get(partner, partner)}" if partner else did(act, say)


def did(verb: str, say: Speech) -> str:
    """What somebody did, in the reader's words; the record's own where we have none."""
    for key in (f"did.{verb}", f"verb.{verb}"):
        if say.knows(key):
            return say(key)
    return verb
