"""Bulk actions over HTTP: previewed, made, followed, paused, approved. Thin over ops.desk; what `lienthong tasks` calls."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from bus.ledger.task import TaskRefused
from ops import desk, edit, queries
from ops.api.desk import DeedBody, Reason
from ops.api.guard import Client, Guard, Problem
from ops.house import House
from ops.people import DEMONSTRATION, SECOND
from ops.reach import example
from ops.task_sheet import sheet


class TaskBody(DeedBody):
    """It over many, as a task. `seen_at` is a preview's."""

    seen_at: float | None = None


class EditBody(BaseModel):
    """What is to be another value: by dotted path, such as `dossier.applicant.phone`; an empty one leaves the field out."""

    model_config = ConfigDict(extra="forbid")

    changes: dict[str, Annotated[str, Field(max_length=4000)]] = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=3, max_length=1000)


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    async def own(client: Client, number: int) -> None:
        """The task is there, and one the client may look at. Raises Problem 404."""
        found = await house.ledger.tasks().task(number)
        if found is None or client.partner not in ("", found.partner):
            raise _unknown(number)

    @router.get("/v1/tasks", summary="Bulk actions, newest first")
    async def listed(request: Request, before: int = 2**62, limit: int = 50) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        items = await queries.tasks(house.ledger, before, max(1, min(limit, 200)), client.partner)
        return JSONResponse({"items": items})

    @router.post("/v1/tasks", summary="Make a bulk action; dry_run tells how far it would reach")
    async def make(request: Request) -> JSONResponse:
        client = guard.admit(request, "act", own=True)
        body = await guard.read(request, TaskBody)
        deed = body.deed(client)
        try:
            if body.dry_run:
                told = await desk.preview(house.ledger, house.rules, deed)
                first = next((row for row in told.rows if row.done), None)
                shown = await example(house.ledger, house.partners, first) if first else None
                return JSONResponse(told.as_dict() | {"example": shown})
            number = await desk.make_task(
                house.ledger, house.rules, deed, client.name, body.reason, seen_at=body.seen_at
            )
        except desk.Refused as refused:
            raise Problem(422, "Unprocessable Content", str(refused)) from None
        return JSONResponse(await queries.task(house.ledger, number, limit=0), 201)

    @router.get("/v1/tasks/{number}", summary="A bulk action with a page of its result rows")
    async def one(request: Request, number: int, state: str = "", after: int = 0, limit: int = 100) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        found = await queries.task(house.ledger, number, state, after, max(1, min(limit, 1000)))
        if found is None or client.partner not in ("", found["partner"]):
            raise _unknown(number)
        return JSONResponse(found | {"difference": await desk.difference(house.ledger, number)})

    @router.get("/v1/tasks/{number}/rows.csv", summary="All result rows of a bulk action, for spreadsheets")
    async def rows(request: Request, number: int) -> Response:
        await own(guard.admit(request, "read", own=True), number)
        return Response(await sheet(house.ledger, number), media_type="text/csv; charset=utf-8")

    @router.post("/v1/tasks/{number}/{turn}", summary="Pause, resume, cancel or approve a bulk action")
    async def turned(request: Request, number: int, turn: desk.TaskTurn) -> JSONResponse:
        client = guard.admit(request, "approve" if turn == "approve" else "act", own=True)
        body = await guard.read(request, Reason)
        await own(client, number)
        try:
            await desk.turn_task(house.ledger, turn, number, _name(client, turn), body.reason)
        except TaskRefused as refused:
            raise Problem(409, "Conflict", str(refused)) from None
        return JSONResponse(await queries.task(house.ledger, number, limit=0))

    @router.get(
        "/v1/deliveries/{delivery}/edit", summary="The event of a delivery as a form, personal fields masked and locked"
    )
    async def form(request: Request, delivery: int) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        try:
            view, event = await desk.edited_one(house.ledger, delivery, client.partner)
        except desk.Refused as refused:
            raise Problem(404, "Not Found", str(refused)) from None
        items = [asdict(field) for field in edit.fields(event, personal=False)]
        return JSONResponse({"delivery": view.id, "event": event.event_id, "type": event.type, "fields": items})

    @router.post(
        "/v1/deliveries/{delivery}/edit", summary="Correct the event of a delivery and send it anew, once approved"
    )
    async def edited(request: Request, delivery: int) -> JSONResponse:
        client = guard.admit(request, "act", own=True)
        body = await guard.read(request, EditBody)
        said = (client.name, body.reason)
        try:
            number = await desk.edit(house.ledger, delivery, body.changes, *said, partner=client.partner)
        except desk.Refused as refused:
            raise Problem(422, "Unprocessable Content", str(refused)) from None
        except edit.Wrong as wrong:
            faults = [fault.as_dict() for fault in wrong.faults]
            raise Problem(422, "Unprocessable Content", str(wrong), faults=faults) from None
        found = await queries.task(house.ledger, number, limit=1)
        return JSONResponse((found or {}) | {"difference": await desk.difference(house.ledger, number)}, 201)

    return router


def _unknown(number: int) -> Problem:
    return Problem(404, "Not Found", f"there is no task {number}")


def _name(client: Client, turn: desk.TaskTurn) -> str:
    """Who does it; in the demonstration, where everyone is one person, somebody else approves."""
    return SECOND if turn == "approve" and client.name == DEMONSTRATION.name else client.name
