"""The page of edit-and-send: an event's fields by its contract, what is to be another value, and the task that asks for approval."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from ops import desk, edit
from ops.console import views
from ops.console.door import reader
from ops.console.filters import ids_of
from ops.console.frame import Frame

TO = "to:"
"""What the names of the form's fields begin with; one that is left empty stays as it is."""


def add(app: FastAPI, frame: Frame) -> None:
    """The form, and what it asks for."""
    house = frame.house

    @app.get("/edit")
    async def form(request: Request) -> Response:
        return await shown(request, request.query_params.get("delivery", ""), {})

    @app.post("/edit")
    async def send(request: Request) -> Response:
        form = await request.form(max_fields=2000)
        frame.check(request, form)
        who, delivery, reason = reader(request), str(form.get("delivery", "")), str(form.get("reason", "")).strip()
        changes = {name.removeprefix(TO): str(text) for name, text in form.items() if name.startswith(TO) and text}
        (number,) = ids_of(delivery, 1) or (0,)
        try:
            task = await desk.edit(
                house.ledger, number, changes, who.name, reason, personal=who.may("reveal"), partner=who.partner
            )
        except edit.Wrong as wrong:
            return await shown(request, delivery, changes, reason, wrong)
        return RedirectResponse(f"/console/tasks/{task}", 303)

    async def shown(
        request: Request, delivery: str, given: dict[str, str], reason: str = "", wrong: edit.Wrong | None = None
    ) -> Response:
        say, who = frame.speech(request), reader(request)
        (number,) = ids_of(delivery, 1) or (0,)
        try:
            view, event = await desk.edited_one(house.ledger, number, who.partner)
        except desk.Refused:
            return frame.failed(request, 404, "error.404")
        return frame.page(
            request,
            "edit.html",
            "dossiers",
            422 if wrong else 200,
            say=say,
            dossier=view.dossier,
            delivery=view.id,
            title=views.operation_of(house, view.partner, view.operation, say),
            fields=edit.fields(event, personal=who.may("reveal")),
            given=given,
            reason=reason,
            faults=wrong.faults if wrong else (),
        )
