"""Is it alive, is it ready, how is it doing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bus.ledger.ledger import LedgerBusy
from ops.api.guard import Guard
from ops.house import House


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz", summary="The process lives")
    async def live() -> JSONResponse:
        return JSONResponse({"live": True})

    @router.get(
        "/readyz",
        summary="The ledger can be written; whether the broker is there, or a loop is failing, is told and bars nothing",
    )
    async def ready() -> JSONResponse:
        try:
            await house.ledger.ping()
            writable = True
        except LedgerBusy:
            writable = False
        good = writable and house.open
        state = {
            "ready": good,
            "ledger": writable,
            "broker": house.bell.connected,
            "failing": bool(house.upkeep.failing()),
            "stopping": not house.open,
        }
        return JSONResponse(state, 200 if good else 503)

    @router.get("/metrics", summary="Prometheus exposition")
    async def metrics(request: Request) -> Response:
        guard.admit(request, "metrics")
        house.metrics.failed(house.upkeep.failing())
        await house.metrics.refresh(house.ledger, house.bell, house.settings.ledger.url)
        return Response(generate_latest(house.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/docs", summary="This interface, for people", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(_page(request.app.openapi()))

    return router


def _page(schema: dict[str, object]) -> str:
    """A plain list of the routes: provincial networks are closed, so nothing is fetched from elsewhere."""
    paths = schema["paths"]
    assert isinstance(paths, dict)
    rows = "".join(
        f"<tr><td><code>{method.upper()}</code></td><td><code>{path}</code></td><td>{operation.get('summary', '')}</td></tr>"
        for path, methods in paths.items()
        for method, operation in methods.items()
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Liên Thông API</title>"
        "<body style='font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem'><h1>Liên Thông</h1>"
        "<p>The interface in machine-readable form: <a href='/openapi.json'>/openapi.json</a> (OpenAPI 3.1). Errors are problem "
        f"details (RFC 9457).</p><table cellpadding='6'>{rows}</table></body></html>"
    )
