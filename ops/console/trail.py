"""The list a reader came from, beside one of its dossiers: which one of how many this is, and the dossiers before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fastapi import Request

from bus.ledger.words import Filter
from ops import causes, expected
from ops.console import listing
from ops.console.door import reader
from ops.console.text import Speech
from ops.house import House

LONGEST = 200
"""Dossiers of a list that are counted; what lies further down has no place."""
STEP = "step"


@dataclass(frozen=True, slots=True)
class Trail:
    """A list: name, address, what carries it on (`query`), this dossier's place in it from 1, of how many, its neighbours' addresses."""

    title: str
    href: str
    query: str
    place: int
    of: str
    before: str = ""
    after: str = ""


async def of(house: House, request: Request, dossier: str, say: Speech) -> Trail | None:
    """The list the address names, as long as this dossier stands in it; None without one. Raises ValidationError, Forbidden."""
    step = request.query_params.get(STEP)
    if step is not None:
        title = next((rule.title(say.language) for rule in expected.rules() if rule.step == step), say("deadlines"))
        raised = await house.ledger.expectations().raised(LONGEST + 1, step=step, partner=reader(request).partner)
        query = urlencode({STEP: step})
        return _trail(title, f"/console/expected?{query}", query, [(one.dossier, 0) for one in raised], dossier, say)
    asked = [(k, v) for k, v in request.query_params.multi_items() if k not in ("delivery", "lang", "cursor", "limit")]
    where = listing.within(listing.asked(request).filter(), request)
    if not asked or where == Filter(partner=reader(request).partner or None):
        return None
    found, _ = await house.ledger.deliveries(where, limit=LONGEST + 1)
    query = urlencode(asked)
    rows = [(view.dossier, view.id) for view in found]
    return _trail(_title(where, say), f"/console/deliveries?{query}", query, rows, dossier, say)


def _title(where: Filter, say: Speech) -> str:
    """What a list of deliveries is called: by its cause, else by its state."""
    if where.cause is not None and where.partner:
        return causes.entry(where.partner, where.cause.value, where.code or "").title(say.language)
    return say(f"state.{where.states[0].value}") if len(where.states) == 1 else say("list.title")


def _trail(
    title: str, href: str, query: str, rows: Sequence[tuple[str, int]], dossier: str, say: Speech
) -> Trail | None:
    """Rows are dossiers with the delivery the list shows (0: none), in the list's order; a dossier counts once."""
    first: dict[str, int] = {}
    for code, delivery in rows[:LONGEST]:
        first.setdefault(code, delivery)
    codes = list(first)
    if dossier not in first:
        return None

    def address(place: int) -> str:
        if not 0 <= place < len(codes):
            return ""
        chosen = f"&delivery={first[codes[place]]}" if first[codes[place]] else ""
        return f"/console/dossiers/{quote(codes[place], safe='')}?{query}{chosen}"

    at, many = codes.index(dossier), say.number(len(codes))
    of = say("trail.many", of=many) if len(rows) > LONGEST else many
    return Trail(title, href, query, at + 1, of, address(at - 1), address(at + 1))
