"""The province's targets over HTTP, as JSON, as a table or as a paper. Thin over ops.targets; what `lienthong targets` calls."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from ops.api.guard import Guard, Problem
from ops.console.text import Speech
from ops.house import House
from ops.targets.report import By, Unasked, as_dict, report, sheet
from ops.targets.written import on_paper
from ops.words import Language


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/targets", summary="The indicators of a month, for the province, an agency or a field")
    async def targets(
        request: Request,
        month: Annotated[str, Query(description="yyyy-mm; the newest with figures by default")] = "",
        agency: Annotated[str, Query(description="an agency's id; all by default")] = "",
        field: Annotated[str, Query(description="a field's code; all by default")] = "",
        by: Annotated[By, Query(description="what a line is for")] = "agency",
        format: Annotated[Literal["json", "csv", "pdf"], Query()] = "json",
        lang: Annotated[Language, Query(description="of a table or paper")] = "vi",
    ) -> Response:
        guard.admit(request, "read")
        try:
            told = await report(house.ledger, month, agency, field, by)
        except Unasked as error:
            raise Problem(404, "Not Found", str(error)) from None
        if format == "csv":
            return Response(sheet(told, lang), media_type="text/csv; charset=utf-8")
        if format == "pdf":
            return Response(on_paper(told, Speech(lang, told.at)), media_type="application/pdf")
        return JSONResponse(as_dict(told))

    return router
