"""Procedures over HTTP: searched, and what is wrong with them. Thin over ops.catalogue."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bus.clock import instant
from bus.maintenance import VIETNAM
from ops.api.guard import Guard, Problem
from ops.house import House

Show = Literal["", "unmapped", "retired", "expired_bases", "unposted", "late", "quirks"]


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/procedures", summary="Procedures by code or words, or one of the lists of what is wrong")
    async def procedures(request: Request, words: str = "", show: Show = "", limit: int = 50) -> JSONResponse:
        guard.admit(request, "read")
        words, limit = words.strip()[:200], max(1, min(limit, 5000))
        if not show and not words:
            raise Problem(
                422, "Unprocessable Content", "say what to search for: a code or words, or which list to show"
            )
        if not show:
            return JSONResponse({"items": await house.shelved.search(words, limit)})
        today = instant(house.ledger.clock.now()).astimezone(VIETNAM).date()
        return JSONResponse({"items": await house.shelved.listed(show, words, limit, today)})

    return router
