"""The views a reader has saved: a list with its filters, under a title of the reader's own."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.saved import SavedView
from ops.console.door import reader, way_back
from ops.console.frame import Frame
from ops.house import House

LONGEST_TITLE, LONGEST_ADDRESS = 80, 1000


async def of(house: House, request: Request, path: str) -> list[SavedView]:
    """The reader's views of one list."""
    mine = await house.ledger.views().of(reader(request).name)
    return [view for view in mine if view.address.partition("?")[0] == path]


def add(app: FastAPI, frame: Frame) -> None:
    """The page of saved views."""
    book = frame.house.ledger.views()

    @app.get("/views")
    async def mine(request: Request) -> Response:
        address = _address(request.query_params.get("address", ""))
        found = await book.of(reader(request).name)
        return frame.page(request, "views.html", "", views=found, address=address, longest=LONGEST_TITLE)

    @app.post("/views")
    async def change(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        who, title, number = reader(request).name, str(form.get("title", "")).strip(), str(form.get("drop", ""))
        if number.isdigit() and len(number) < 19:
            await book.drop(who, int(number))
            return RedirectResponse("/console/views", 303)
        address = _address(str(form.get("address", "")))
        if not address or not title or len(title) > LONGEST_TITLE:
            return frame.failed(request, 422, "error.422", why="title")
        await book.save(who, title, address)
        return RedirectResponse(address, 303)


def _address(asked: str) -> str:
    """A page of the console as it may be saved; empty where it is none."""
    return asked if asked == way_back(asked) and len(asked) <= LONGEST_ADDRESS else ""
