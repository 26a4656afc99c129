"""Intake over HTTP: one CloudEvent or a batch, a verdict each."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bus.ledger.ledger import LedgerBusy
from contracts.envelope import Envelope, parse, sent
from contracts.fault import Fault, Refusal
from ops.api.guard import Client, Guard, Problem
from ops.house import House

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
STATUS = {"accepted": 202, "duplicate": 202, "conflict": 409, "refused": 422}


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/events", status_code=202, summary="One event or a batch of at most 1,000")
    async def accept(request: Request) -> JSONResponse:
        client = guard.admit(request, "events")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (SINGLE, BATCH):
            raise Problem(415, "Unsupported Media Type", f"send {SINGLE} or {BATCH}")
        body = await guard.body(request)
        if not house.open:
            raise Problem(503, "Service Unavailable", "the bus is stopping; send again in a moment", retry_after_s=5)
        try:
            value = parse(body)
        except Refusal as refusal:
            raise Problem(400, "Bad Request", str(refusal), faults=[f.as_dict() for f in refusal.faults]) from None
        if kind == SINGLE:
            verdict = (await take(house, [value], client))[0]
            return _single(verdict)
        if not isinstance(value, list):
            raise Problem(400, "Bad Request", "a batch is a JSON array of events")
        if len(value) > house.settings.http.max_batch:
            raise Problem(413, "Content Too Large", f"a batch has at most {house.settings.http.max_batch} events")
        return JSONResponse({"verdicts": await take(house, value, client)}, 202)

    return router


async def take(house: House, values: list[Any], client: Client) -> list[dict[str, Any]]:
    """Judge each value, store what may come in. Raises Problem 503 when the ledger cannot."""
    try:
        return await house.intake.accept((_judged(value, client) for value in values), client=client.name)
    except LedgerBusy as busy:
        raise Problem(503, "Service Unavailable", f"{busy}; nothing was stored, send again", retry_after_s=2) from None


def _judged(value: Any, client: Client) -> Envelope | Refusal:
    try:
        envelope = sent(value)
    except Refusal as refusal:
        return refusal
    if client.sources and envelope.source not in client.sources:
        fault = Fault(
            "$.source", f"the key of {client.name} may not speak for this source", "[clients] sources", envelope.source
        )
        return Refusal([fault], envelope.id, envelope.source)
    return envelope


def _single(verdict: dict[str, Any]) -> JSONResponse:
    status = STATUS[verdict["status"]]
    if status == 202:
        return JSONResponse(verdict, 202)
    title = "Conflict" if status == 409 else "Unprocessable Content"
    detail = verdict.get("reason") or "; ".join(f"{f['path']}: {f['rule']}" for f in verdict.get("faults", ()))
    more = {name: value for name, value in verdict.items() if name != "status"}
    raise Problem(status, title, detail, verdict=verdict["status"], **more)
