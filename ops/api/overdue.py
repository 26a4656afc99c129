"""What ought to have come to an end and has not, over HTTP. Thin over ops.overdue and ops.deadlines."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from ops import deadlines
from ops.api.guard import Guard, Problem
from ops.house import House
from ops.overdue import SHOWN, overdue


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/overdue", summary="What is open for longer than it should be, by partner and watch")
    async def late(
        request: Request, partner: Annotated[str, Query(description="one partner; all by default")] = ""
    ) -> JSONResponse:
        partner = guard.admit(request, "read", own=True).of(partner)
        if partner and partner not in house.partners:
            raise Problem(404, "Not Found", f"there is no partner {partner}; there are {', '.join(house.partners)}")
        asked = [
            one for name, one in house.partners.items() if name == partner or (not partner and name in house.enabled)
        ]
        late_steps = await deadlines.overdue(house.ledger, partner, SHOWN)
        return JSONResponse({"items": [*late_steps, *await overdue(house.ledger, asked)]})

    return router
