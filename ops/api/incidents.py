"""Incidents over HTTP: what is wrong now and what was, who is on it. Thin over bus.ledger.incidents."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bus.clock import when
from ops.api.guard import Guard, Problem
from ops.house import House
from ops.incidents import shown

NEWEST = 2**62
Number = Annotated[int, Path(ge=1, lt=NEWEST)]


class Taking(BaseModel):
    """Somebody takes an incident on: what they will do about it, and who is on it (whoever says so, when left out)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    note: Annotated[str, Field(min_length=3, max_length=500)]
    owner: Annotated[str, Field(max_length=80)] = ""


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()
    book = house.ledger.incidents()

    @router.get("/v1/incidents", summary="What is wrong now; with all=true what was, too, newest first")
    async def listed(
        request: Request,
        partner: Annotated[str, Query(description="one partner; all by default")] = "",
        every: Annotated[bool, Query(alias="all", description="closed ones too")] = False,
        cursor: Annotated[str, Query(pattern=r"^\d{0,18}$", description="`next` of the page before")] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> JSONResponse:
        partner = guard.admit(request, "read", own=True).of(partner)
        found = await (book.all(int(cursor or NEWEST), limit + 1, partner) if every else book.open(partner))
        following = str(found[limit - 1].id) if every and len(found) > limit else None
        now = house.ledger.clock.now()
        items = [shown(one, house.title, now) for one in (found[:limit] if every else found)]
        return JSONResponse({"items": items, "next": following})

    @router.get("/v1/incidents/{number}", summary="One incident, and whom it was told to")
    async def one(request: Request, number: Number) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        found = await book.one(number)
        if found is None or client.partner not in ("", found.partner):
            raise _unknown(number)
        notices = [
            {
                "event": notice.event,
                "recipient": notice.recipient,
                "due_at": when(notice.due_at),
                "tries": notice.tries,
                "ended_at": when(notice.ended_at),
                "ending": notice.ending,
            }
            for notice in await book.notices(number)
        ]
        return JSONResponse(shown(found, house.title, house.ledger.clock.now()) | {"notices": notices})

    @router.post("/v1/incidents/{number}", summary="Take an open incident on: a note, and who is on it")
    async def acknowledge(request: Request, number: Number) -> JSONResponse:
        client = guard.admit(request, "act", own=True)
        taking = await guard.read(request, Taking)
        before = await book.one(number)
        if before is None or client.partner not in ("", before.partner):
            raise _unknown(number)
        found = await book.acknowledge(number, client.name, taking.note, taking.owner or client.name)
        if found is None:
            raise Problem(409, "Conflict", f"incident {number} is over")
        return JSONResponse(shown(found, house.title, house.ledger.clock.now()))

    return router


def _unknown(number: Number) -> Problem:
    return Problem(404, "Not Found", f"there is no incident {number}")
