"""The code lists over HTTP: read them, see what is missing, add a row. Thin over ops.codebook."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from contracts.codes import Code
from ops import codebook
from ops.api.guard import Guard, Problem
from ops.house import House

UNSET = "[codes] folder is not set: name a folder there that every process of the bus can reach, and restart"


class NewRow(BaseModel):
    """A row of the province's own: valid from `valid_from` to `valid_to`, both included, open where absent."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    list: str = Field(max_length=100)
    code: str = Field(min_length=1, max_length=100, pattern=r"^[^:\x00-\x1f]+$")
    name_vi: str = Field(min_length=1, max_length=1500)
    name_en: str = Field(default="", max_length=1500)
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = Field(min_length=3, max_length=500, description="the document the row stands in")


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/codes", summary="The code lists and how many rows each has")
    async def lists(request: Request) -> JSONResponse:
        guard.admit(request, "read")
        return JSONResponse({"items": codebook.lists()})

    @router.get("/v1/codes/{name}", summary="Rows of a list: of one code, of one day, or called alike")
    async def show(
        request: Request, name: str, code: str = "", on: date | None = None, like: str = "", limit: int = 100
    ) -> JSONResponse:
        guard.admit(request, "read")
        try:
            return JSONResponse({"items": codebook.show(name, code, on, like, max(1, min(limit, 5000)))})
        except KeyError:
            raise _no_list(name) from None

    @router.get(
        "/v1/code-gaps", summary="Codes that have no row for their day, who waits for them, and what may be meant"
    )
    async def gaps(request: Request) -> JSONResponse:
        guard.admit(request, "read")
        return JSONResponse({"items": await codebook.gaps(house.ledger)})

    @router.post("/v1/codes", status_code=201, summary="Add a row; what waited for it goes on at once, in lane order")
    async def add(request: Request) -> JSONResponse:
        client = guard.admit(request, "act")
        told = await guard.read(request, NewRow)
        if not house.settings.codes.folder:
            raise Problem(409, "Conflict", UNSET)
        row = Code(told.code, told.name_vi, told.name_en, told.valid_from, told.valid_to, told.source)
        try:
            new, freed = await codebook.add(
                house.ledger, Path(house.settings.codes.folder), told.list, row, client.name
            )
        except KeyError:
            raise _no_list(told.list) from None
        except ValueError as error:
            raise Problem(409, "Conflict", str(error)) from None
        except OSError as error:
            raise Problem(503, "Service Unavailable", f"the row cannot be written: {error.strerror}") from None
        house.wake({one["partner"] for one in freed})
        done = [one for one in freed if one["done"]]
        return JSONResponse({"row": codebook.as_row(row), "new": new, "released": len(done)}, 201 if new else 200)

    return router


def _no_list(name: str) -> Problem:
    known = ", ".join(line["list"] for line in codebook.lists())
    return Problem(404, "Not Found", f"there is no code list {name[:100]}; there are {known}")
