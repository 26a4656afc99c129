"""Today's mapping over recorded traffic, by HTTP. Thin over ops.replay."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from ops import replay
from ops.api.guard import Guard, Problem
from ops.house import House

Cursor = Annotated[str, Query(pattern=r"^\d{0,18}$")]
Limit = Annotated[int, Query(ge=1, le=200)]


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/mappings/{partner}/replay", summary="Recorded deliveries mapped anew, and what differs, by field")
    async def replayed(
        request: Request, partner: str, operation: str = "", cursor: Cursor = "", limit: Limit = 50
    ) -> JSONResponse:
        guard.admit(request, "read")
        if partner not in house.enabled:
            raise Problem(
                404, "Not Found", f"there is no partner {partner[:60]!r} at work; there are {', '.join(house.enabled)}"
            )
        return JSONResponse(await replay.replay(house, partner, operation, cursor, limit))

    @router.get("/v1/exchanges/{delivery}/today", summary="One recorded delivery as it would be mapped today")
    async def anew(request: Request, delivery: int) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        told = await replay.tried(house, delivery, client.partner)
        if told is None:
            raise Problem(
                404, "Not Found", f"delivery {delivery} cannot be mapped: not there, removed, or its partner is off"
            )
        return JSONResponse(
            {
                "delivery": delivery,
                "dossier": told.view.dossier,
                "partner": told.view.partner,
                "operation": told.view.operation,
                "recorded": told.recorded,
                "differs": told.differs,
                "why": told.why,
                "fields": [{"field": f.name, "then": f.then, "now": f.now, "differs": f.differs} for f in told.fields],
            }
        )

    return router
