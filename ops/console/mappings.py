"""The pages of the mappings: each as a table, tried on a recorded message, and over many of them."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import Response

from bus.ledger.words import Filter
from mappings.check import Named, cells, check, tables
from mappings.table import Row
from ops import edition, replay
from ops.console import fields, views
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech

RECENT = 12
PAGE = 50


class Cells(NamedTuple):
    """A row of a mapping in the reader's words."""

    ours: str
    theirs: str
    rule: str
    required: bool
    source: str


def add(app: FastAPI, frame: Frame) -> None:
    """The pages of the mappings."""
    house = frame.house

    def rooms(request: Request) -> list[str]:
        """The partners this reader may look at, those that have a mapping."""
        only = reader(request).partner
        return [name for name in house.partners if only in ("", name) and _tables(name)]

    def shown(request: Request, template: str, partner: str, say: Speech, **facts: Any) -> Response:
        """A page about one partner's mapping."""
        title = views.title_of(house, partner, say)
        return frame.page(request, template, "mappings", say=say, partner=partner, title=title, **facts)

    @app.get("/mappings")
    async def overview(request: Request) -> Response:
        say = frame.speech(request)
        lines = []
        for name in rooms(request):
            found = _tables(name)
            editions = await house.ledger.editions().all("mapping", name)
            lines.append(
                {
                    "name": name,
                    "title": views.title_of(house, name, say),
                    "tables": len(found),
                    "rows": sum(len(one.table.rows) for one in found),
                    "findings": len(check(name)),
                    "number": next((n for n, e in enumerate(editions, 1) if e.digest == _digest(name)), None),
                    "since": next((e.first_at for e in editions if e.digest == _digest(name)), None),
                    "contract": fields.contract(edition.document(name), say),
                }
            )
        return frame.page(request, "mappings.html", "mappings", say=say, lines=lines)

    @app.get("/mappings/{partner}")
    async def one(request: Request, partner: str) -> Response:
        if partner not in rooms(request):
            return frame.failed(request, 404, "mappings.none", partner=partner[:60])
        say = frame.speech(request)
        found = [(named, [_row(line, say) for line in named.table]) for named in _tables(partner)]
        recent, _ = await house.ledger.deliveries(Filter(partner=partner), limit=RECENT)
        return shown(
            request,
            "mapping.html",
            partner,
            say,
            tables=found,
            findings=check(partner),
            contract=edition.contract(partner),
            document=fields.contract(edition.document(partner), say),
            recent=[(view, views.operation_of(house, partner, view.operation, say)) for view in recent],
            at_work=partner in house.enabled,
        )

    @app.get("/mappings/{partner}/try")
    async def on_a_message(request: Request, partner: str) -> Response:
        asked = request.query_params.get("delivery", "")
        known = partner in rooms(request)
        told = await replay.tried(house, int(asked), partner) if known and asked.isdigit() and len(asked) < 19 else None
        if told is None:
            return frame.failed(request, 404, "mappings.cannot_try", n=asked[:20])
        say = frame.speech(request)
        return shown(
            request,
            "mapping_try.html",
            partner,
            say,
            told=told,
            operation_title=views.operation_of(house, partner, told.view.operation, say),
            rules=_rules(partner, say),
        )

    @app.get("/mappings/{partner}/replay")
    async def over_many(request: Request, partner: str) -> Response:
        if partner not in rooms(request) or partner not in house.enabled:
            return frame.failed(request, 404, "mappings.none", partner=partner[:60])
        say = frame.speech(request)
        operation, cursor = (request.query_params.get(name, "") for name in ("operation", "cursor"))
        told = await replay.replay(house, partner, operation, cursor if cursor.isdigit() else "", PAGE)
        query = {"operation": operation, "cursor": told["next"] or ""}
        return shown(
            request,
            "mapping_replay.html",
            partner,
            say,
            told=told,
            operation=operation,
            operations=[
                (o.name, views.operation_of(house, partner, o.name, say)) for o in house.partners[partner].operations
            ],
            following="?" + urlencode({k: v for k, v in query.items() if v}) if told["next"] else "",
        )


def _tables(partner: str) -> tuple[Named, ...]:
    """The tables of a partner's room; none where it has no room."""
    try:
        return tables(partner)
    except ImportError:
        return ()


def _digest(partner: str) -> str:
    return edition.room(partner)["mapping"]


def _row(line: Row, say: Speech) -> Cells:
    ours, theirs, rule, required, source = cells(line)
    ours = say("mappings.several") if ours == "(several)" else ours
    return Cells(ours, theirs, fields.rule(rule, say), bool(required), source)


def _rules(partner: str, say: Speech) -> dict[str, Any]:
    """Our field and the rule by the partner's field, of the tables that write; a field of several tables is told by the first."""
    found: dict[str, Any] = {}
    for named in _tables(partner):
        if not named.reads:
            for line in named.table:
                found.setdefault(line.field, _row(line, say))
    return found
