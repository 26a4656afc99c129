"""The filter in an address: which deliveries a page is about, and no others than its reader may see."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from bus.ledger.words import Filter
from ops.api.desk import Page
from ops.console.door import Forbidden, reader


def asked(request: Request) -> Page:
    """The filter in the address. Raises ValidationError."""
    params = request.query_params
    known = {
        name: params.getlist(name) if name in ("state", "ids") else params[name]
        for name in params
        if name in Page.model_fields
    }
    return Page.model_validate(known)


def within(where: Filter, request: Request) -> Filter:
    """The same, and nothing of other partners for who is bound to one. Raises Forbidden for another partner's."""
    only = reader(request).partner
    if only and where.partner not in (None, only):
        raise Forbidden
    return replace(where, partner=only) if only else where
