"""The page of edit-and-send: an event's fields by its contract, what is to be another value, and the task that asks for approval."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.clock import instant
from bus.ledger.views import EventView
from bus.maintenance import VIETNAM
from contracts.canonical.events import EVENTS
from contracts.fault import mask
from ops import desk, edit
from ops.console import coded, fields, views
from ops.console.door import reader
from ops.console.filters import ids_of
from ops.console.frame import Frame
from ops.console.text import Speech
from ops.edit_form import MOST_SPARE, Field

TO, DROP, SPARE, MORE = "to:", "drop:", "spare:", "more"
"""How the names of the form's fields begin: a new value (left empty it stays as it is), what is left out, how many empty entries a list
shows. A button called `more` asks for one more of them.
"""
PLACE = re.compile(r"\.(\d+)(?=\.|$)")


@dataclass(slots=True)
class Given:
    """What somebody has entered so far."""

    delivery: str = ""
    reason: str = ""
    changes: dict[str, str] = field(default_factory=dict)
    spare: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A field with its words; `within` says of which entry it is, `now` its value, `options` what may be chosen (value, words)."""

    field: Field
    words: str
    within: str
    now: str
    options: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that an edit changes, with its words; `within` says of which entry it is."""

    path: str
    words: str
    within: str
    before: str
    after: str


def add(app: FastAPI, frame: Frame) -> None:
    """The form, and what it asks for."""
    house = frame.house

    @app.get("/edit")
    async def form(request: Request) -> Response:
        return await shown(request, Given(request.query_params.get("delivery", "")))

    @app.post("/edit")
    async def send(request: Request) -> Response:
        form = await request.form(max_fields=2000)
        frame.check(request, form)
        who, given = reader(request), _given(form)
        if form.get(MORE):
            return await shown(request, given)
        (number,) = ids_of(given.delivery, 1) or (0,)
        try:
            task = await desk.edit(
                house.ledger,
                number,
                given.changes,
                who.name,
                given.reason,
                personal=who.may("reveal"),
                partner=who.partner,
            )
        except edit.Wrong as wrong:
            return await shown(request, given, wrong)
        return RedirectResponse(f"/console/tasks/{task}", 303)

    async def shown(request: Request, given: Given, wrong: edit.Wrong | None = None) -> Response:
        say, who = frame.speech(request), reader(request)
        (number,) = ids_of(given.delivery, 1) or (0,)
        try:
            view, event = await desk.edited_one(house.ledger, number, who.partner)
        except desk.Refused:
            return frame.failed(request, 404, "error.404")
        found = edit.fields(event, personal=who.may("reveal"), spare=given.spare)
        return frame.page(
            request,
            "edit.html",
            "dossiers",
            422 if wrong else 200,
            say=say,
            dossier=view.dossier,
            delivery=view.id,
            title=views.operation_of(house, view.partner, view.operation, say),
            lines=_lines(event, found, say),
            given=given,
            faults=wrong.faults if wrong else (),
        )


def _given(form: Mapping[str, Any]) -> Given:
    """What the form says; an empty entry more where that was asked for."""
    told = {name: str(text) for name, text in form.items()}
    given = Given(told.get("delivery", ""), told.get("reason", "").strip())
    for name, text in told.items():
        if name.startswith(TO) and text:
            given.changes[name.removeprefix(TO)] = text
        elif name.startswith(DROP):
            given.changes[name.removeprefix(DROP)] = ""
        elif name.startswith(SPARE) and text.isdigit() and len(text) < 3:
            given.spare[name.removeprefix(SPARE)] = int(text)
    if more := told.get(MORE):
        given.spare[more] = min(MOST_SPARE, given.spare.get(more, 0) + 1)
    return given


def _lines(event: EventView, found: list[Field], say: Speech) -> list[Line]:
    """The form in the reader's language. Codes are those of the event's day; of an address, those of the day it names."""
    form = {one.path: one for one in found}
    lines = []
    for one in found:
        now = one.value if one.personal else _said(event, form, one, say)
        offered = coded.offered(one, _day_of(event, form, one), say)
        lines.append(Line(one, *_called(event, one, say), now, offered))
    return lines


def differences(event: EventView, data: Mapping[str, Any], say: Speech) -> list[Difference]:
    """What an edit changes, as the form shows fields and values; personal ones masked."""
    forms = edit.forms(event, data)
    told = []
    for one in edit.differing(*forms):
        before, after = (_compared(event, form, one.path, say) for form in forms)
        told.append(Difference(one.path, *_called(event, one, say), before, after))
    return told


def _compared(event: EventView, form: Mapping[str, Field], path: str, say: Speech) -> str:
    """A value of a form that is not masked, as it is shown; nothing where the form does not have the field."""
    one = form.get(path)
    if one is None:
        return ""
    return mask(one.value) if one.personal else _said(event, form, one, say)


def _called(event: EventView, one: Field, say: Speech) -> tuple[str, str]:
    """What a field is called, and of which entry it is."""
    *above, words = fields.label(EVENTS[event.type].model, PLACE.sub(r"[\1]", one.path), say) or [one.path]
    return words, " › ".join(above[1:])


def _said(event: EventView, form: Mapping[str, Field], one: Field, say: Speech) -> str:
    """A field's value as it is shown."""
    return coded.shown(one, one.value, _day_of(event, form, one), say)


def _day_of(event: EventView, form: Mapping[str, Field], one: Field) -> date:
    """The day whose codes a field's are: the event's, or that which its address names."""
    named = form.get(f"{one.path.rpartition('.')[0]}.as_of")
    return (_day(named.value) if named else None) or instant(event.occurred_at).astimezone(VIETNAM).date()


def _day(text: str) -> date | None:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text)
    return None
