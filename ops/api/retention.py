"""What has served its term, and removal on request, over HTTP. Thin over ops.retention."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from ops import retention
from ops.api.guard import Guard
from ops.house import House


class Erasure(BaseModel):
    """Whose dossiers, and why."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["citizen", "tax", "social"]
    value: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=3, max_length=1000)
    dry_run: bool = False


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/retention", summary="Each rule of [retention], and how much has served its term")
    async def due(request: Request) -> JSONResponse:
        guard.admit(request, "read")
        return JSONResponse({"items": await retention.preview(house.ledger, house.settings.retention.terms)})

    @router.post("/v1/retention/erase", summary="Remove the contents of a person's closed dossiers, on request")
    async def erase(request: Request) -> JSONResponse:
        client = guard.admit(request, "act")
        body = await guard.read(request, Erasure)
        told = await retention.erase(
            house.ledger, house.keys, body.kind, body.value.strip(), client.name, body.reason, dry_run=body.dry_run
        )
        return JSONResponse(told | {"dry_run": body.dry_run})

    return router
