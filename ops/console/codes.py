"""The page of the code lists: what is missing and who waits for it, approving a row, and what the lists say on which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import Response

from contracts import codes as lists
from contracts.codes import Code
from ops import codebook
from ops.api.codes import NewRow
from ops.console import views
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech, epoch

PAGE = 50
ROWS = 200
"""Deliveries named one by one after an approval; the rest is counted."""
FIELDS = ("list", "code", "name_vi", "name_en", "valid_from", "valid_to", "source")


@dataclass(frozen=True, slots=True)
class Gap:
    """A missing code as a row: what is meant perhaps, and the form that opens filled in with it."""

    told: dict[str, Any]
    title: str
    since: float
    partners: str
    perhaps: list[tuple[dict[str, Any], str]]
    form: str


def add(app: FastAPI, frame: Frame) -> None:
    """The pages of the code lists."""
    house = frame.house

    @app.get("/codes")
    async def shown(request: Request) -> Response:
        say, asked = frame.speech(request), request.query_params
        name, text, on, after = (asked.get(field, "") for field in ("list", "q", "on", "cursor"))
        if name and name not in lists.LISTS:
            return frame.failed(request, 404, "codes.no_list", list=name[:60])
        day = _day(on)
        rows, following = (
            codebook.page(name, text, day, int(after) if after.isdigit() else 0, PAGE) if name else ([], 0)
        )
        query = {"list": name, "q": text, "on": on, "cursor": following}
        return frame.page(
            request,
            "codes.html",
            "codes",
            say=say,
            gaps=[] if name else [_gap(frame, gap, say) for gap in await _gaps(request)],
            lists=[] if name else [(one["list"], say.list_title(one["list"]), one["rows"]) for one in codebook.lists()],
            list=name,
            title=say.list_title(name) if name else "",
            rows=rows,
            q=text,
            on=on,
            bad_day=bool(on and day is None),
            following="?" + urlencode({k: v for k, v in query.items() if v}) if following else "",
            today=say.moment(say.now).date(),
            writable=bool(house.settings.codes.folder),
        )

    async def _gaps(request: Request) -> list[dict[str, Any]]:
        """What is missing; for who is bound to one partner what its deliveries wait for."""
        only = reader(request).partner
        return [gap for gap in await codebook.gaps(house.ledger) if only in ("", *gap["partners"])]

    @app.get("/codes/new")
    async def ask(request: Request) -> Response:
        return await form(request, {name: request.query_params.get(name, "") for name in FIELDS})

    async def form(request: Request, given: dict[str, str], wrong: str = "") -> Response:
        say = frame.speech(request)
        waiting = [gap for gap in await _gaps(request) if codebook.fills(given["list"], given["code"], gap)]
        return frame.page(
            request,
            "code_new.html",
            "codes",
            422 if wrong else 200,
            say=say,
            given=given,
            wrong=wrong,
            waiting=waiting,
            count=sum(gap["count"] for gap in waiting),
            lists=[(name, say.list_title(name)) for name in sorted(lists.LISTS)],
            writable=bool(house.settings.codes.folder),
        )

    @app.post("/codes")
    async def approve(request: Request) -> Response:
        sent = await request.form()
        frame.check(request, sent)
        given = {name: str(sent.get(name, "")).strip() for name in FIELDS}
        reason = str(sent.get("reason", "")).strip()
        if not house.settings.codes.folder:
            return frame.failed(request, 409, "codes.no_folder")
        if given["list"] not in lists.LISTS:
            return frame.failed(request, 404, "codes.no_list", list=given["list"][:60])
        told = NewRow.model_validate({k: v or None for k, v in given.items() if v or k.startswith("valid")})
        if len(reason) < 3:
            return await form(request, given, frame.speech(request)("codes.reason_missing"))
        row = Code(told.code, told.name_vi, told.name_en, told.valid_from, told.valid_to, told.source)
        folder = Path(house.settings.codes.folder)
        try:
            new, freed = await codebook.add(house.ledger, folder, told.list, row, reader(request).name, reason)
        except ValueError as error:
            return await form(request, given, frame.speech(request)("codes.taken", why=str(error)))
        except OSError:
            return frame.failed(request, 503, "codes.unwritable")
        house.wake({one["partner"] for one in freed})
        say = frame.speech(request)
        done = [one | {"partner_title": views.title_of(house, one["partner"], say)} for one in freed]
        return frame.page(
            request,
            "code_done.html",
            "codes",
            say=say,
            row=row,
            title=say.list_title(told.list),
            list=told.list,
            new=new,
            count=sum(one["done"] for one in done),
            rows=done[:ROWS],
        )


def _gap(frame: Frame, told: dict[str, Any], say: Speech) -> Gap:
    perhaps = [(row, _form(told, row)) for row in told["suggested"]]
    partners = ", ".join(dict.fromkeys(views.title_of(frame.house, name, say) for name in told["partners"]))
    return Gap(
        told, say.list_title(told["list"]), epoch(told["since"]) or say.now, partners, perhaps, _form(told, None)
    )


def _form(gap: dict[str, Any], row: dict[str, Any] | None) -> str:
    """The address of the form that fills a gap as a suggestion says: the same code on this day too, or the code that is meant."""
    filled = {"list": gap["list"], "code": gap["code"], "name_vi": gap["name"]}
    if row is not None and gap["list"] == "procedure" and row["code"] != gap["code"]:
        filled |= {"list": "procedure_map", "name_vi": row["code"], "name_en": row["name_vi"]}
    elif row is not None:
        filled |= {"name_vi": row["name_vi"], "name_en": row["name_en"], "source": row["source"]}
    return "/console/codes/new?" + urlencode({name: value for name, value in filled.items() if value})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
