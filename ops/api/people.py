"""People who use the console, over HTTP: listed, added, changed. Thin over ops.people; what `lienthong people` calls."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bus.clock import when
from ops.api.guard import Guard, Problem
from ops.house import House
from ops.people import Refused
from ops.rights import Role

Reason = Annotated[str, Field(min_length=3, max_length=500)]


class Change(BaseModel):
    """What is done to a person, and why; `roles` and `partner` ("" is all) go with `add` and `entrust`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    verb: Literal["add", "reset", "disable", "enable", "entrust"]
    reason: Reason
    roles: tuple[Role, ...] = ()
    partner: str = ""


def routes(house: House, guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/people", summary="Who may sign in to the console, and what they may do there")
    async def listed(request: Request) -> JSONResponse:
        guard.admit(request, "people")
        items = [
            {
                "name": person.name,
                "roles": sorted(person.roles),
                "partner": person.partner,
                "disabled": person.disabled,
                "must_change": person.must_change,
                "codes": bool(person.code_key),
                "created_at": when(person.created_at),
            }
            for person in await house.people.all()
        ]
        return JSONResponse({"items": items})

    @router.post("/v1/people/{name}", summary="Add a person, reset, disable, enable them, or change their roles")
    async def change(request: Request, name: str) -> JSONResponse:
        client = guard.admit(request, "people")
        told, people = await guard.read(request, Change), house.people
        if told.partner and told.partner not in house.partners:
            raise Problem(
                422,
                "Unprocessable Content",
                f"there is no partner {told.partner}; there are {', '.join(house.partners)}",
            )
        word = ""
        try:
            match told.verb:
                case "add":
                    word = await people.add(name, told.roles, told.partner, client.name, told.reason)
                case "reset":
                    word = await people.reset(name, client.name, told.reason)
                case "disable":
                    await people.disable(name, client.name, told.reason)
                case "enable":
                    await people.enable(name, client.name, told.reason)
                case "entrust":
                    await people.entrust(name, told.roles, told.partner, client.name, told.reason)
        except Refused as no:
            status, title = (404, "Not Found") if no.key == "unknown" else (422, "Unprocessable Content")
            raise Problem(status, title, str(no)) from None
        return JSONResponse({"name": name, "done": told.verb} | ({"one_time_password": word} if word else {}))

    return router
