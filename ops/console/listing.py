"""The filter in an address: which deliveries a page is about, and no others than its reader may see."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from bus.ledger.words import Filter
from ops import causes
from ops.api.desk import Page
from ops.console import views
from ops.console.door import Forbidden, reader
from ops.console.text import Speech
from ops.house import House


def asked(request: Request) -> Page:
    """The filter in the address. Raises ValidationError."""
    params = request.query_params
    known = {
        name: params.getlist(name) if name in ("state", "ids") else params[name]
        for name in params
        if name in Page.model_fields
    }
    return Page.model_validate(known)


def words(house: House, name: str, value: str, where: Filter, say: Speech) -> tuple[str, str]:
    """A part of the filter as people read it: what it is of, and what it must be."""
    match name:
        case "state":
            told = say(f"state.{value}")
        case "partner":
            told = views.title_of(house, value, say)
        case "operation":
            told = views.operation_of(house, where.partner or "", value, say)
        case "cause":
            told = causes.entry(where.partner or "*", value, where.code or "").title(say.language)
        case "hold_key":
            told = views.waits_for(value, say)
        case "since" | "until":
            told = say.exact(float(value))
        case _:
            told = value
    return say(f"filter.{name}") if say.knows(f"filter.{name}") else name, told


def within(where: Filter, request: Request) -> Filter:
    """The same, and nothing of other partners for who is bound to one. Raises Forbidden for another partner's."""
    only = reader(request).partner
    if only and where.partner not in (None, only):
        raise Forbidden
    return replace(where, partner=only) if only else where
