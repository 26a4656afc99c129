"""Page 12, training: what is wrong in the province of this training, where it shows, what to do, and whether it is settled."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from ops.console.door import reader
from ops.console.frame import Frame
from ops.training import TROUBLES


def add(app: FastAPI, frame: Frame) -> None:
    """The page, and ringing up a partner from it."""
    house = frame.house

    @app.get("/training")
    async def tour(request: Request) -> Response:
        training = house.training
        settled = await training.settled(house.ledger) if training is not None and training.ready else {}
        return frame.page(
            request,
            "training.html",
            "training",
            troubles=[(trouble, settled.get(trouble.name, False)) for trouble in TROUBLES],
            rung=training.rung if training is not None else (),
            ready=training is not None and training.ready,
            done=sum(settled.values()),
        )

    @app.post("/training")
    async def ring_up(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        training, partner = house.training, str(form.get("partner", ""))
        if training is None or partner not in {trouble.phone for trouble in TROUBLES if trouble.phone}:
            return frame.failed(request, 404, "error.404")
        await training.ring_up(partner)
        await house.ledger.remark(reader(request).name, "ring up", partner)
        return RedirectResponse("/console/training", 303)
