"""The console's pages. A reader asks `ops.queries`, a button calls `ops.desk`; a page is a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from bus.ledger.ledger import LedgerBusy
from bus.ledger.views import Totals
from bus.ledger.words import State
from ops import causes, desk, dossiers, search
from ops.api.guard import Guard, Problem
from ops.console import (
    acting,
    codes,
    dossier,
    editing,
    entry,
    exchange,
    expected,
    incidents,
    keeping,
    mappings,
    measuring,
    partners,
    saved,
    tasks,
    track,
    trail,
    training,
    views,
)
from ops.console import causes as cause_groups
from ops.console.door import Door, reader
from ops.console.frame import HEADERS, Forgery, Frame
from ops.console.listing import asked, within, words
from ops.console.reveal import revealed
from ops.console.text import Speech, epoch
from ops.house import House
from ops.people import FIELDS

TYPES = {"css": "text/css", "js": "text/javascript"}
LIVE_S = 3.0


def application(house: House, guard: Guard) -> FastAPI:
    """The console of a house, behind its door (`ops.console.door`). Mounted at `/console`."""
    frame = Frame(house)
    door = Door(house, guard, frame)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(door.admit)])
    failed = frame.failed

    @app.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        kind = TYPES.get(name.rpartition(".")[2])
        file = files(__package__).joinpath("static", name)
        if kind is None or "/" in name or not file.is_file():
            return failed(request, 404, "error.404")
        return Response(file.read_bytes(), media_type=kind, headers={"Cache-Control": "max-age=3600"})

    @app.get("/")
    async def worklist(request: Request) -> Response:
        say = frame.speech(request)
        only = reader(request).partner
        found, health = await views.groups(house, say, only), await views.partners(house, say, only)
        totals = await house.ledger.totals()
        trouble = await incidents.now(house, say, only)
        counts = [incidents.count(trouble, say), *views.counts(found, totals, say, only)]
        counts.append(await incidents.differing(house, say, only))
        raised = await expected.groups(house, say, totals, only)
        return frame.page(
            request,
            "worklist.html",
            "worklist",
            say=say,
            groups=found,
            health=health,
            counts=counts,
            raised=raised,
            trouble=trouble,
            awaiting=await tasks.awaiting(house, say, reader(request)),
        )

    @app.get("/live")
    async def live(request: Request) -> Response:
        """Says "changed" when the ledger's totals or the open incidents have moved; the page then asks for itself anew."""

        async def standing() -> tuple[Totals, list[int]]:
            return await house.ledger.totals(), [one.id for one in await house.ledger.incidents().open()]

        async def changes() -> AsyncIterator[str]:
            before = await standing()
            while house.open and not await request.is_disconnected():
                await asyncio.sleep(LIVE_S)
                now, here = await standing(), await door.reader(request)
                yield "event: changed\ndata:\n\n" if now != before or here is None else ": still\n\n"
                if here is None:  # signed out, or gone for too long: the page finds that out as it renews itself
                    return
                before = now

        return StreamingResponse(changes(), media_type="text/event-stream", headers=HEADERS)

    @app.get("/deliveries")
    async def deliveries(request: Request) -> Response:
        say = frame.speech(request)
        where = asked(request)
        told = await dossiers.deliveries(house.ledger, within(where.filter(), request), where.cursor, where.limit)
        query = [(name, value) for name, value in request.query_params.multi_items() if name not in ("cursor", "lang")]
        following = f"?{urlencode([*query, ('cursor', told['next'])])}" if told["next"] else ""
        return frame.page(
            request,
            "deliveries.html",
            "dossiers",
            say=say,
            rows=[_row(house, item, say) for item in told["items"]],
            filters=[
                (
                    *words(house, name, value, where.filter(), say),
                    "?" + urlencode([q for q in query if q != (name, value)]),
                )
                for name, value in query
            ],
            verb_query=urlencode(query),
            next_page=following,
            saved=await saved.of(house, request, "/console/deliveries"),
            here=f"/console/deliveries?{urlencode(query)}",
        )

    @app.get("/dossiers/{code}")
    async def one_dossier(request: Request, code: str) -> Response:
        say = frame.speech(request)
        who = reader(request)
        story = dossiers.within(await dossiers.story(house.ledger, house.partners, code, house.calendar), who.partner)
        if story is None:
            return failed(request, 404, "dossier.unknown", say("dossier.unknown_hint"), dossier=code)
        way = await trail.of(house, request, story["dossier"], say)
        health = {one.name: one for one in await views.partners(house, say)}
        sentence = dossier.sentence(house, story, health, say)
        number = request.query_params.get("delivery", "")
        chosen = int(number) if number.isdigit() else sentence.delivery
        lanes = dossier.lanes(house, story, health, say, chosen, way.query if way else "")
        expected.mark(lanes, story, say)
        facts = dossier.facts(story)
        shown = next((_chosen(house, d, say) for d in story["deliveries"] if d["id"] == chosen), None)
        status = facts.get("status")
        return frame.page(
            request,
            "dossier.html",
            "dossiers",
            say=say,
            story=story,
            sentence=sentence,
            lanes=lanes,
            track=track.draw(lanes, say.now),
            facts=facts,
            clear=await revealed(house, who, story["dossier"]),
            fields=FIELDS,
            status_words=say(f"status.{status}") if status else "",
            due=epoch(facts.get("due_at")),
            chosen=shown,
            next_try=shown["next_try"] if shown else None,
            lines=sorted([*dossier.lines(house, story, say), *expected.lines(story, say)]),
            owed=expected.owed(house, story, say, chosen),
            trail=way,
        )

    @app.post("/search")
    async def find(request: Request) -> Response:
        """Posted, so that a citizen's id stands in no address, history or log."""
        who = reader(request)
        form = await request.form()
        frame.check(request, form)
        found = await search.search(
            house.ledger, str(form.get("q", "")), who.name, may_find=who.may("find"), only=who.partner
        )
        if found.total == 1:
            chosen = f"?delivery={found.delivery}#chosen" if found.delivery else ""
            return RedirectResponse(f"/console/dossiers/{quote(found.lines[0].dossier, safe='')}{chosen}", 303)
        return frame.page(request, "found.html", "dossiers", found=found, tones=views.TONES)

    acting.add(app, frame)
    tasks.add(app, frame)
    editing.add(app, frame)
    entry.add(app, frame)
    cause_groups.add(app, frame)
    expected.add(app, frame)
    training.add(app, frame)
    keeping.add(app, frame)
    measuring.add(app, frame)
    exchange.add(app, frame)
    incidents.add(app, frame)
    partners.add(app, frame)
    codes.add(app, frame)
    saved.add(app, frame)
    mappings.add(app, frame)
    door.add(app)

    @app.exception_handler(Forgery)
    async def forged(request: Request, _error: Forgery) -> HTMLResponse:
        return failed(request, 403, "error.403")

    @app.exception_handler(ValidationError)
    @app.exception_handler(desk.Refused)
    async def wrong(request: Request, error: Exception) -> HTMLResponse:
        why = str(error) if isinstance(error, desk.Refused) else ", ".join(_places(error))
        return failed(request, 422, "error.422", why=why)

    @app.exception_handler(LedgerBusy)
    async def busy(request: Request, _error: LedgerBusy) -> HTMLResponse:
        return failed(request, 503, "error.503")

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> HTMLResponse:
        say = frame.speech(request)
        words = str(error.body["detail"])
        return frame.page(request, "error.html", "", error.status, say=say, words=words, hint="")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> HTMLResponse:
        request.state.reader = await door.reader(request)
        return failed(request, error.status_code, "error.404")

    return app


def _places(error: Exception) -> list[str]:
    """Where a filter or verb is wrong, without its value."""
    faults = error.errors(include_input=False) if isinstance(error, ValidationError) else []
    return [".".join(map(str, fault["loc"])) or "verb" for fault in faults]


def _row(house: House, item: dict[str, Any], say: Speech) -> dict[str, Any]:
    """A delivery of a list, with its words."""
    return item | {
        "tone": views.TONES[State(item["state"])],
        "partner_title": views.title_of(house, item["partner"], say),
        "operation_title": views.operation_of(house, item["partner"], item["operation"], say),
        "cause_title": causes.entry(item["partner"], item["cause"], item["code"]).title(say.language)
        if item["cause"]
        else "",
    }


def _chosen(house: House, item: dict[str, Any], say: Speech) -> dict[str, Any]:
    """The delivery a reader looks at, with its words, its line of the catalogue, and what may be done to it."""
    due = epoch(item["due_at"]) if item["state"] in ("waiting", "in_doubt") else None
    return _row(house, item, say) | {
        "next_try": due if due is not None and due > say.now else None,
        "entry": causes.entry(item["partner"], item["cause"], item["code"]),
        "verbs": views.USEFUL.get(State(item["state"]), ()),
    }
