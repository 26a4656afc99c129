"""Comparing what we hold with what a partner holds, over HTTP. Thin over ops.reconcile."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from ops import reconcile
from ops.api.guard import Guard, Problem
from ops.house import House


class Repair(BaseModel):
    """The days whose differences are to be set right, and why."""

    model_config = ConfigDict(extra="forbid")

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    reason: str = Field(min_length=3, max_length=1000)
    dry_run: bool = False


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
        _known(house, partner)
        try:
            return JSONResponse(await reconcile.reconcile(house, partner, first, last))
        except reconcile.Refused as refused:
            raise Problem(422, "Unprocessable Content", str(refused)) from None

    @router.post(
        "/v1/reconcile/{partner}/repair", summary="Set right what of the differences can be; dry_run says what"
    )
    async def mend(request: Request, partner: str) -> JSONResponse:
        client = guard.admit(request, "act")
        body = await guard.read(request, Repair)
        _known(house, partner)
        try:
            return JSONResponse(
                await reconcile.repair(
                    house, partner, body.first, body.last, client.name, body.reason, dry_run=body.dry_run
                )
            )
        except reconcile.Refused as refused:
            raise Problem(422, "Unprocessable Content", str(refused)) from None

    return router


def _known(house: House, partner: str) -> None:
    if partner not in house.partners:
        raise Problem(404, "Not Found", f"there is no partner {partner}; there are {', '.join(house.partners)}")
