"""What operators ask and do over HTTP: stories, lists, totals, actions. Thin over ops.queries and ops.desk."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bus.ledger.ledger import LedgerBusy
from bus.ledger.words import Filter, State, Verb
from bus.outcome import Cause
from ops import desk, dossiers, exchange, queries, search
from ops.api.guard import Client, Guard, Problem
from ops.house import House


class Where(BaseModel):
    """A filter: ids, or any of the rest."""

    model_config = ConfigDict(extra="forbid")

    ids: tuple[int, ...] = ()
    partner: str | None = None
    operation: str | None = None
    state: tuple[State, ...] = ()
    cause: Cause | None = None
    code: str | None = None
    hold_key: str | None = None
    dossier: str | None = None
    since: float | None = None
    until: float | None = None

    def filter(self) -> Filter:
        return Filter(
            self.ids,
            self.partner,
            self.operation,
            self.state,
            self.cause,
            self.code,
            self.hold_key,
            self.dossier,
            self.since,
            self.until,
        )


class Page(Where):
    """A filter and where in its list."""

    cursor: str = Field(default="", pattern=r"^\d*$", description="`next` of the page before")
    limit: int = Field(default=100, ge=1, le=1000)


class DeedBody(BaseModel):
    """A verb, what it is done to, and why; `past`: also what later ones have passed."""

    model_config = ConfigDict(extra="forbid")

    verb: Verb
    where: Where
    reason: str = Field(min_length=3, max_length=1000)
    resolve_as: desk.As = ""
    reference: str = Field(default="", max_length=200)
    past: bool = False
    dry_run: bool = False

    def deed(self, client: Client) -> desk.Deed:
        """What this client means. Raises Problem 403."""
        where = client.within(self.where.filter())
        return desk.Deed(self.verb, where, self.resolve_as, self.reference, self.past)


class ActionBody(DeedBody):
    """It done at once."""

    limit: int = Field(default=500, ge=1, le=10_000)


class Asked(BaseModel):
    """What is searched."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(min_length=1, max_length=search.LONGEST)


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=1000)


class Dealt(Reason):
    """Rows that could not be read, by id."""

    ids: tuple[int, ...] = Field(min_length=1, max_length=1000)


class GroupBody(BaseModel):
    """What is kept of a group of failures; both empty: nothing."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    owner: str = Field(default="", max_length=100)
    reason: str = Field(default="", max_length=500, description="the note")


class Gap(Reason):
    """A gap of one source and dossier to be closed."""

    source: str
    dossier: str


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/dossiers/{code}", summary="The story of a dossier, personal data masked")
    async def story(request: Request, code: str) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        told = dossiers.within(await dossiers.story(house.ledger, house.partners, code, house.calendar), client.partner)
        if told is None:
            raise Problem(404, "Not Found", "no event of this dossier has come to the bus")
        return JSONResponse(told)

    @router.get("/v1/deliveries", summary="Deliveries, newest first")
    async def deliveries(request: Request, page: Annotated[Page, Query()]) -> JSONResponse:
        where = guard.admit(request, "read", own=True).within(page.filter())
        return JSONResponse(await dossiers.deliveries(house.ledger, where, page.cursor, page.limit))

    @router.get(
        "/v1/exchanges/{delivery}",
        summary="One exchange, field by field through its stages, masked; the last attempt without one",
    )
    async def one_exchange(request: Request, delivery: int, attempt: int | None = None) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        told = await exchange.find(house, delivery, attempt, client.partner)
        if told is None:
            raise Problem(404, "Not Found", f"there is no delivery {delivery}, or no such attempt of it")
        return JSONResponse(exchange.as_json(told))

    @router.get("/v1/status", summary="Totals by state and partner; verify=true proves the accounting identity")
    async def status(request: Request, verify: bool = False) -> JSONResponse:
        guard.admit(request, "read")
        return JSONResponse(await queries.status(house.ledger, verify=verify))

    @router.get("/v1/kept-raw", summary="Rows of polls and calls that could not be read, masked, newest first")
    async def kept_raw(request: Request, partner: str = "", limit: int = 50, dealt: bool = False) -> JSONResponse:
        guard.admit(request, "read")
        if partner and partner not in house.partners:
            raise Problem(404, "Not Found", f"there is no partner {partner[:100]!r}")
        items = await queries.kept_raw(house.ledger, partner, max(1, min(limit, 1000)), dealt=dealt)
        return JSONResponse({"items": items})

    @router.post("/v1/kept-raw/dealt", summary="Somebody has dealt with these rows: who and why is kept")
    async def deal_with(request: Request) -> JSONResponse:
        client = guard.admit(request, "act")
        body = await guard.read(request, Dealt)
        return JSONResponse({"dealt": await house.ledger.deal_with_raw(body.ids, client.name, body.reason)})

    @router.get("/v1/causes", summary="What waits, is in doubt or dead, by cause")
    async def causes(request: Request) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        return JSONResponse({"items": await queries.causes(house.ledger, client.partner)})

    @router.post("/v1/causes/{fingerprint}", summary="Keep who sees to a group of failures, and a note")
    async def note_cause(request: Request, fingerprint: Annotated[str, Path(pattern="^[0-9a-f]{12}$")]) -> JSONResponse:
        client = guard.admit(request, "act", own=True)
        body = await guard.read(request, GroupBody)
        if client.partner and all(
            g["fingerprint"] != fingerprint for g in await queries.causes(house.ledger, client.partner)
        ):
            raise Problem(404, "Not Found", f"there is no group {fingerprint}")
        still = await desk.note_cause(house.ledger, fingerprint, body.owner, body.reason, client.name)
        return JSONResponse({"fingerprint": fingerprint, "owner": body.owner, "note": body.reason, "open": still})

    @router.get("/v1/partners", summary="The partners and their switches")
    async def partners(request: Request) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        known = {name: one for name, one in house.partners.items() if client.partner in ("", name)}
        return JSONResponse({"items": await queries.partners(house.ledger, known, house.enabled)})

    @router.post(
        "/v1/search", summary="Dossiers by any number they are known by; posted, so that it stands in no address"
    )
    async def find(request: Request) -> JSONResponse:
        client = guard.admit(request, "read", own=True)
        body = await guard.read(request, Asked)
        found = await search.search(house.ledger, body.q, client.name, may_find=True, only=client.partner)
        return JSONResponse(search.told(found))

    @router.post("/v1/deliveries/actions", summary="One of the operator's verbs, on ids or on a filter")
    async def act(request: Request) -> JSONResponse:
        client = guard.admit(request, "act", own=True)
        body = await guard.read(request, ActionBody)
        try:
            rows = await desk.act(
                house.ledger,
                body.deed(client),
                client.name,
                body.reason,
                limit=body.limit,
                dry_run=body.dry_run,
                at_once=house.rules.approve_above,
            )
        except desk.Refused as refused:
            raise Problem(422, "Unprocessable Content", str(refused)) from None
        house.wake({row["partner"] for row in rows})
        return JSONResponse({"rows": rows, "done": sum(row["done"] for row in rows), "dry_run": body.dry_run})

    @router.post("/v1/partners/{name}/{switch}", summary="Pause or resume a partner")
    async def switch(request: Request, name: str, switch: Literal["pause", "resume"]) -> JSONResponse:
        client = guard.admit(request, "act", own=True)
        body = await guard.read(request, Reason)
        if name not in house.partners or client.of(name) != name:
            raise Problem(404, "Not Found", f"there is no partner {name}; there are {', '.join(house.partners)}")
        turn = house.ledger.pause if switch == "pause" else house.ledger.resume
        await turn(name, client.name, body.reason)
        house.wake({name})
        return JSONResponse({"partner": name, "paused": switch == "pause"})

    @router.post("/v1/gaps/close", summary="Stop waiting for missing numbers of a sequence")
    async def close_gap(request: Request) -> JSONResponse:
        client = guard.admit(request, "act")
        body = await guard.read(request, Gap)
        entered = await house.ledger.close_gap(body.source, body.dossier, client.name, body.reason)
        house.wake(house.enabled)
        return JSONResponse({"entered": entered})

    @router.get("/v1/audit/verify", summary="Verify the journal's hash chain")
    async def verify_audit(request: Request) -> JSONResponse:
        guard.admit(request, "read")
        good, bad = await house.ledger.verify_chain()
        return JSONResponse({"entries": good, "holds": not bad, "first_bad": bad})

    return router


def busy(error: LedgerBusy) -> Problem:
    """The ledger cannot answer just now."""
    return Problem(503, "Service Unavailable", str(error), retry_after_s=2)
