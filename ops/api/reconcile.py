"""Comparing what we hold with what a partner holds, over HTTP. Thin over ops.reconcile."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from ops import reconcile
from ops.api.guard import Guard, Problem
from ops.house import House


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/reconcile/{partner}", summary="Our account and the partner's, by day, and where they differ")
    async def compare(
        request: Request,
        partner: str,
        first: Annotated[date, Query(alias="from", description="first day, in Vietnam")],
        last: Annotated[date, Query(alias="to", description="last day, included")],
    ) -> JSONResponse:
        guard.admit(request, "read")
        if partner not in house.partners:
            raise Problem(404, "Not Found", f"there is no partner {partner}; there are {', '.join(house.partners)}")
        try:
            return JSONResponse(await reconcile.reconcile(house, partner, first, last))
        except reconcile.Refused as refused:
            raise Problem(422, "Unprocessable Content", str(refused)) from None

    return router
