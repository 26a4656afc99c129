"""Who calls us: intake, callbacks (REST, SOAP), the operator's interface. One FastAPI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from bus.ledger.ledger import LedgerBusy
from ops.api import (
    callbacks,
    codes,
    desk,
    events,
    health,
    incidents,
    lookups,
    mappings,
    overdue,
    people,
    procedures,
    reconcile,
    retention,
    sign_in,
    targets,
    tasks,
)
from ops.api.guard import Guard, Problem
from ops.console import pages
from ops.console.frame import HSTS
from ops.house import House
from ops.sign_in import Declined

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


def application(house: House, *, anonymous: bool) -> FastAPI:
    """The gateway of a house. `anonymous` lets callers from loopback in without a key (`--demo`)."""
    guard = Guard(house.settings.clients, house.settings.http, anonymous=anonymous)
    app = FastAPI(title="Liên Thông", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    rooms = (
        events,
        desk,
        tasks,
        codes,
        lookups,
        mappings,
        people,
        incidents,
        procedures,
        reconcile,
        overdue,
        retention,
        targets,
        callbacks,
        health,
        sign_in,
    )
    for room in rooms:
        app.include_router(room.routes(house, guard))
    app.mount("/console", pages.application(house, guard))
    sent = HEADERS | (HSTS if house.settings.http.tls_certificate or house.settings.http.behind_tls_proxy else {})

    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/console/")

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in sent.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(LedgerBusy)
    async def busy(_request: Request, error: LedgerBusy) -> JSONResponse:
        return desk.busy(error).response()

    @app.exception_handler(Declined)
    async def declined(_request: Request, error: Declined) -> JSONResponse:
        return sign_in.declined(error).response()

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        return Problem(error.status_code, str(error.detail), "see /docs for what there is").response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {"path": ".".join(map(str, e["loc"])), "rule": e["msg"], "source": "/openapi.json"} for e in error.errors()
        ]
        detail = "; ".join(f"{f['path']}: {f['rule']}" for f in faults)
        return Problem(422, "Unprocessable Content", detail, faults=faults).response()

    return app
