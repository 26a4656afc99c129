"""Pages that act: what would be done first, then at once to one delivery, or to many as a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.words import Filter
from ops import desk
from ops.console import views
from ops.console.door import reader
from ops.console.filters import ids_of, spans, verb_of
from ops.console.frame import Frame
from ops.console.listing import asked, within
from ops.console.text import Speech
from ops.house import House
from ops.reach import Reach, example

SHOWN = 20
"""Rows a preview lists; the rest is in its sums."""


def add(app: FastAPI, frame: Frame) -> None:
    """The preview of a verb over what a filter finds, and the deed."""
    house = frame.house

    @app.get("/act")
    async def preview(request: Request) -> Response:
        say = frame.speech(request)
        verb = verb_of(request.query_params.get("verb", ""))
        where = within(asked(request).filter(), request)
        deed = desk.Deed(verb, where, "delivered", "?") if verb == "resolve" else desk.Deed(verb, where)
        told = await desk.preview(house.ledger, house.rules, deed)
        first = next((row for row in told.rows if row.done), None)
        sample = await example(house.ledger, house.partners, first) if first else None
        return frame.page(
            request,
            "act.html",
            "causes",
            say=say,
            verb=verb,
            told=told,
            passed=any(row.rule == "passed" for row in told.rows),
            ids=spans(row.delivery for row in told.rows),
            hold_key=where.hold_key or "",
            rows=_titled(house, [desk.row_of(row) for row in told.rows[:SHOWN]], say),
            partners=[views.title_of(house, name, say) for name in told.partners],
            verdicts=_verdicts(told, say),
            example=list(lines(sample["request"])) if sample else [],
        )

    @app.post("/act")
    async def act(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        who, say, verb = reader(request), frame.speech(request), verb_of(str(form.get("verb", "")))
        reason, reference, hold_key = (str(form.get(name, "")) for name in ("reason", "reference", "hold_key"))
        as_, past = _as(str(form.get("as", ""))), bool(form.get("past"))
        if "ids" in form:
            ids, seen_at = ids_of(str(form["ids"]), desk.TASK_ITEMS), _instant(str(form.get("seen_at", "")))
            deed = desk.Deed(verb, within(_chosen(ids, hold_key), request), as_, reference, past)
            number = await desk.make_task(house.ledger, house.rules, deed, who.name, reason, seen_at=seen_at)
            return RedirectResponse(f"/console/tasks/{number}", 303)
        number_at, _, changed_at = str(form.get("seen", "")).partition(":")
        seen = {number: _instant(changed_at) for number in ids_of(number_at, 1)}
        deed = desk.Deed(verb, within(_chosen(tuple(seen), ""), request), as_, reference, past)
        rows = await desk.act(house.ledger, deed, who.name, reason, seen=seen, at_once=1)
        house.wake({row["partner"] for row in rows})
        return frame.page(
            request,
            "acted.html",
            "causes",
            say=say,
            verb=verb,
            rows=_titled(house, rows, say),
            good=sum(r["done"] for r in rows),
        )


def lines(value: Any, depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """A JSON value as lines: how deep, the name, the value where it is a plain one. What is empty is left out.

    >>> list(lines({"a": 1, "b": [{"c": "x", "d": ""}]}))
    [(0, 'a', '1'), (0, 'b', ''), (1, 'c', 'x')]
    """
    if isinstance(value, list):
        for item in value:
            yield from lines(item, depth)
    elif isinstance(value, dict):
        for name, item in value.items():
            if item in ("", None, [], {}):
                continue
            inside = isinstance(item, dict | list)
            yield depth, str(name), "" if inside else str(item)
            if inside:
                yield from lines(item, depth + 1)
    else:
        yield depth, str(value), ""


def _verdicts(told: Reach, say: Speech) -> list[tuple[str, int, str]]:
    """Each verdict with its count and why."""
    return [
        (verdict, n, say(f"why.{rule}") if rule else say(f"verdict.{verdict}.why"))
        for verdict, rule, n in told.verdicts
    ]


def _titled(house: House, rows: Sequence[dict[str, Any]], say: Speech) -> list[dict[str, Any]]:
    """Rows with their words."""
    return [
        row
        | {
            "partner_title": views.title_of(house, row["partner"], say),
            "why": say(f"why.{row['rule']}") if row["rule"] else "",
        }
        for row in rows
    ]


def _chosen(ids: tuple[int, ...], hold_key: str) -> Filter:
    """These deliveries and no others. Raises Refused when the form names none."""
    if not ids:
        raise desk.Refused("ids")
    return Filter(ids=ids, hold_key=hold_key or None)


def _as(text: str) -> desk.As:
    return "delivered" if text == "delivered" else "not-taken" if text == "not-taken" else ""


def _instant(text: str) -> float:
    """A form's instant; the beginning of time for anything else, so that nothing counts as seen."""
    try:
        return float(text)
    except ValueError:
        return 0.0
