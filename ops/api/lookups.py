"""Look-ups over HTTP: a harmless key may stand in the URL, one that names a person may not. Thin over ops.lookups."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError

from bus.adapter import Lookup
from bus.lookup import NoAnswer, masked_words
from contracts.fault import faults_of
from contracts.marks import fields_of
from ops import looked, lookups
from ops.api.guard import Client, Guard, Problem
from ops.house import House
from ops.words import Language

STATUS = {"timeout": (504, "Gateway Timeout"), "unknown": (502, "Bad Gateway"), "refused": (502, "Bad Gateway")}
SAYS = {
    "timeout": "did not answer in time; ask again, or allow more with timeout_s",
    "unknown": "answered nothing that can be read; ask again in a moment",
    "refused": "refused the question",
    "unavailable": "cannot be asked just now; ask again later",
}

Model = TypeVar("Model", bound=BaseModel)


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    def find(system: str, what: str) -> Lookup:
        """Raises Problem 404, and 503 where the partner is off."""
        known = {name: partner for name, partner in house.partners.items() if partner.lookups}
        if system not in known:
            raise Problem(404, "Not Found", f"nothing is looked up at {system}; there are {', '.join(known)}")
        try:
            lookup = known[system].lookup(what)
        except KeyError:
            names = ", ".join(lookup.name for lookup in known[system].lookups)
            raise Problem(404, "Not Found", f"{system} has no such look-up; there are {names}") from None
        if system not in house.lookups:
            raise Problem(503, "Service Unavailable", f"{system} is not configured: [partners.{system}] base_url")
        return lookup

    async def answer(
        request: Request, client: Client, system: str, lookup: Lookup, terms: lookups.Terms, values: dict[str, Any]
    ) -> JSONResponse:
        try:
            lookups.check(lookup, terms)
            question = lookups.question_of(lookup, values)
        except lookups.Refused as refused:
            raise unprocessable(refused) from None
        ask = lookups.ask_of(terms, question, client.name, request.headers.get("traceparent", ""))
        try:
            got = await house.lookups[system].ask(lookup, ask)
        except NoAnswer as none:
            raise no_answer(system, lookup, none, masked_words(none.outcome.words, question)) from None
        return JSONResponse(lookups.told(system, lookup, got, terms.fields, house.ledger.clock.now()))

    @router.get("/v1/lookups", summary="What can be looked up, at whom, and for which purposes")
    async def offered(request: Request) -> JSONResponse:
        guard.admit(request, "lookup")
        return JSONResponse({"items": lookups.offered(house), "purposes": lookups.purposes()})

    @router.get("/v1/lookups/{system}/{key:path}", summary="Look up by a key that names no person")
    async def by_key(request: Request, system: str, key: str, terms: Annotated[lookups.Terms, Query()]) -> JSONResponse:
        client = guard.admit(request, "lookup")
        lookup = find(system, terms.what)
        if not lookup.key or fields_of(lookup.question)[lookup.key]:
            detail = f"what {lookup.name} is asked by may not stand in an address: POST /v1/lookups/{system} with a JSON body"
            raise Problem(405, "Method Not Allowed", detail)
        return await answer(request, client, system, lookup, terms, {lookup.key: key})

    @router.post("/v1/lookups/{system}", summary="Look up by a key or by several fields, in the body")
    async def by_body(request: Request, system: str) -> JSONResponse:
        client = guard.admit(request, "lookup")
        terms = read(await guard.body(request), lookups.Question)
        lookup = find(system, terms.what)
        try:
            values = lookups.by_key(lookup, terms.key) if terms.key else terms.question
        except lookups.Refused as refused:
            raise unprocessable(refused) from None
        return await answer(request, client, system, lookup, terms, values)

    @router.post(
        "/v1/audit/lookups", summary="Who looked up what, newest first; about one person or firm by kind and value"
    )
    async def recorded(request: Request) -> JSONResponse:
        guard.admit(request, "read")
        return JSONResponse(await lookups.recorded(house.ledger, read(await guard.body(request), lookups.Whose)))

    @router.get(
        "/v1/audit/looked", summary="Who looked at people's data in a week: searches, fields revealed, look-ups"
    )
    async def who_looked(
        request: Request,
        week: Annotated[str, Query(description="yyyy-Wnn; the last one that is over by default")] = "",
        format: Annotated[Literal["json", "csv"], Query()] = "json",
        lang: Annotated[Language, Query(description="of a table's head")] = "vi",
    ) -> Response:
        guard.admit(request, "read")
        try:
            told = await looked.looked(house.ledger, week)
        except looked.NoWeek as error:
            raise Problem(404, "Not Found", str(error)) from None
        if format == "csv":
            return Response(looked.sheet(told, lang), media_type="text/csv; charset=utf-8")
        return JSONResponse(looked.as_dict(told))

    return router


def read(body: bytes, model: type[Model]) -> Model:
    """The JSON body as a model. Raises Problem 422."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise unprocessable(lookups.Refused(faults_of(error))) from None


def unprocessable(refused: lookups.Refused) -> Problem:
    """What is wrong with a question, field by field."""
    return Problem(422, "Unprocessable Content", str(refused), faults=[fault.as_dict() for fault in refused.faults])


def no_answer(system: str, lookup: Lookup, none: NoAnswer, words: str) -> Problem:
    """Why the partner gave none, its own words masked."""
    status, title = STATUS.get(none.ending, (503, "Service Unavailable"))
    outcome = none.outcome
    return Problem(
        status,
        title,
        f"{system} {SAYS[none.ending]}",
        retry_after_s=None if none.retry_after_s is None else math.ceil(none.retry_after_s),
        system=system,
        what=lookup.name,
        cause=outcome.cause.value,
        code=outcome.code,
        words=words,
        trace_id=none.trace_id,
    )
