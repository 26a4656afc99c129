"""Sign-in over HTTP: two addresses for browsers, the public keys, and what the dossier system asks between (docs/sign-in.md)."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.fault import faults_of
from contracts.identifier import CitizenId, OldId, TaxCode
from contracts.marks import PERSONAL
from ops import queries
from ops.api.guard import Guard, Problem
from ops.house import House
from ops.sign_in import Declined, SignIn

Account = Annotated[str, Field(min_length=1, max_length=200), PERSONAL]
Word = Annotated[str, Field(min_length=16, max_length=100)]
Body = TypeVar("Body", bound=BaseModel)
KEYS_KEPT_S = 3600


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TicketBody(_Body):
    """A ticket to be exchanged."""

    ticket: Word


class SessionBody(_Body):
    """A session, by its `sid`."""

    session: Word


class LinkBody(SessionBody):
    """The person of a session is this account of the client's."""

    account: Account


class LogoutBody(SessionBody):
    """A session to be ended; `return_to` as in the client's list."""

    return_to: str = Field(max_length=2000)


class KnownAccount(_Body):
    """An account the client has, and what identifies its owner: a person's ids or an organisation's tax code."""

    account: Account
    citizen_id: CitizenId | None = None
    old_id: OldId | None = None
    passport: Annotated[str, Field(pattern=r"^[A-Z0-9]{5,20}$"), PERSONAL] | None = None
    tax_code: TaxCode | None = None

    def keys(self) -> list[tuple[str, str]]:
        given = {"citizen": self.citizen_id, "old": self.old_id, "passport": self.passport, "tax": self.tax_code}
        return [(kind, value) for kind, value in given.items() if value]


class AccountsBody(_Body):
    """Accounts the client has already."""

    accounts: list[KnownAccount] = Field(min_length=1, max_length=1000)


class ForgetBody(_Body):
    """An account that is gone, or whose owner asked to be forgotten."""

    account: Account


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()
    steps = SignIn(house)
    pace = house.settings.sign_in.starts_per_s

    async def asked(request: Request, model: type[Body]) -> tuple[str, Body]:
        """Which client asks, and its body. Raises Problem 401, 403, 422."""
        client = guard.admit(request, "sign_in")
        try:
            return client.name, model.model_validate_json(await guard.body(request))
        except ValidationError as error:
            faults = [fault.as_dict() for fault in faults_of(error)]
            detail = "; ".join(f"{f['path']}: {f['rule']}" for f in faults)
            raise Problem(422, "Unprocessable Content", detail, faults=faults) from None

    @router.get("/v1/sign-in/start", status_code=303, summary="A browser begins to sign in")
    async def start(
        request: Request,
        return_to: Annotated[str, Query(max_length=2000)],
        provider: Annotated[str, Query(max_length=20)] = "",
        state: Annotated[str, Query(max_length=200, description="the client's own; comes back with the ticket")] = "",
        vnconnect: Annotated[str, Query(max_length=5, description="1: signed in at the national portal already")] = "",
    ) -> Response:
        guard.meet(request, pace)
        return RedirectResponse(steps.start(provider, return_to, state, vnconnect=vnconnect == "1"), 303)

    @router.get("/v1/sign-in/callback", status_code=303, summary="A provider sends the browser back")
    async def callback(request: Request) -> Response:
        guard.meet(request, pace)
        return RedirectResponse(await steps.come_back(request.url.query), 303)

    @router.post("/v1/sign-in/assertion", summary="Exchange a ticket for the signed assertion, once")
    async def assertion(request: Request) -> JSONResponse:
        client, body = await asked(request, TicketBody)
        return JSONResponse({"assertion": await steps.assertion(client, body.ticket)})

    @router.post("/v1/sign-in/links", status_code=204, summary="The person of a session is this account")
    async def link(request: Request) -> Response:
        client, body = await asked(request, LinkBody)
        await steps.link(client, body.session, body.account)
        return Response(status_code=204)

    @router.post("/v1/sign-in/session", summary="Does the session still last at its provider? null: cannot be asked")
    async def session(request: Request) -> JSONResponse:
        client, body = await asked(request, SessionBody)
        return JSONResponse({"active": await steps.lasts(client, body.session)})

    @router.post("/v1/sign-in/logout", summary="End a session; where to send the browser so that it ends there too")
    async def logout(request: Request) -> JSONResponse:
        client, body = await asked(request, LogoutBody)
        return JSONResponse({"url": await steps.sign_out(client, body.session, body.return_to)})

    @router.post(
        "/v1/sign-in/accounts", status_code=204, summary="Accounts the client has, to be suggested to their owners"
    )
    async def accounts(request: Request) -> Response:
        client, body = await asked(request, AccountsBody)
        await steps.know(client, {one.account: one.keys() for one in body.accounts})
        return Response(status_code=204)

    @router.post("/v1/sign-in/accounts/forget", summary="Nobody is led to this account any more")
    async def forget(request: Request) -> JSONResponse:
        client, body = await asked(request, ForgetBody)
        return JSONResponse({"forgotten": await steps.forget(client, body.account)})

    @router.get("/v1/sign-in/status", summary="How sign-ins fare, and who waits for an account")
    async def status(request: Request) -> JSONResponse:
        guard.admit(request, "read")
        return JSONResponse(await queries.sign_ins(house.ledger))

    @router.get("/.well-known/jwks.json", summary="The keys assertions are verified with")
    async def keys(request: Request) -> JSONResponse:
        guard.meet(request, pace)
        told: dict[str, Any] = await steps.signer.published()
        return JSONResponse(told, headers={"Cache-Control": f"public, max-age={KEYS_KEPT_S}"})

    return router


def declined(error: Declined) -> Problem:
    """A step that cannot be taken, as problem details."""
    titles = {400: "Bad Request", 404: "Not Found"}
    return Problem(error.status, titles.get(error.status, "Unprocessable Content"), str(error))
