"""Pages of the bulk actions: the list, and one of them from its reach to the last result row."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.act import REFUSALS
from bus.ledger.task import ItemState, TaskRefused
from ops import causes, desk, queries
from ops.console import editing, views
from ops.console.acting import lines
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech
from ops.house import House
from ops.people import DEMONSTRATION, SECOND, Reader
from ops.reach import example_of
from ops.task_sheet import sheet

PAGE = 50
MARKS = {
    "making": ("m-pending", "idle"),
    "canary": ("m-sending", "now"),
    "approval": ("m-waiting", "wait"),
    "running": ("m-sending", "now"),
    "paused": ("m-held", "wait"),
    "halted": ("m-dead", "bad"),
    "done": ("m-delivered", "ok"),
    "cancelled": ("m-cancelled", "idle"),
}
ITEM_MARKS = {
    "waiting": ("m-pending", "idle"),
    "acted": ("m-sending", "now"),
    "passed": ("m-delivered", "ok"),
    "failed": ("m-dead", "bad"),
    "refused": ("m-held", "wait"),
    "moot": ("m-superseded", "idle"),
    "dropped": ("m-cancelled", "idle"),
}
"""How a task, and a row of it, is drawn: symbol and tone (shared look, "State marks")."""
ENDED = ("done", "cancelled")


def add(app: FastAPI, frame: Frame) -> None:
    """The list of tasks, a task, and what a person may do to it."""
    house = frame.house

    @app.get("/tasks")
    async def listed(request: Request) -> Response:
        say, only = frame.speech(request), reader(request).partner
        cursor = request.query_params.get("cursor", "")
        before = int(cursor) if cursor.isdigit() and len(cursor) < 19 else 2**62
        found = await queries.tasks(house.ledger, before, PAGE + 1, only)
        return frame.page(
            request,
            "tasks.html",
            "tasks",
            say=say,
            tasks=[_told(house, task, say) for task in found[:PAGE]],
            open=await house.ledger.tasks().open(only),
            waiting=sum(task["state"] == "approval" for task in found),
            following=found[PAGE - 1]["id"] if len(found) > PAGE else None,
            marks=MARKS,
        )

    @app.get("/tasks/{number}.csv")
    async def rows_csv(request: Request, number: str) -> Response:
        told = await found(number, reader(request))
        rows = await sheet(house.ledger, told["id"]) if told else None
        if rows is None:
            return frame.failed(request, 404, "error.404")
        return frame.file(rows, "text/csv; charset=utf-8", f"task-{number}.csv")

    @app.get("/tasks/{number}")
    async def one(request: Request, number: str) -> Response:
        return await shown(request, number)

    async def shown(request: Request, number: str, status: int = 200, wrong: str = "") -> Response:
        say, who = frame.speech(request), reader(request)
        state, after = request.query_params.get("state", ""), request.query_params.get("after", "")
        page = int(after) if after.isdigit() and len(after) < 19 else 0
        told = await found(number, who, state if state in get_args(ItemState) else "", page)
        if told is None:
            return frame.failed(request, 404, "error.404")
        sample = await example_of(house.ledger, house.partners, told["items"][0]) if told["items"] else None
        return frame.page(
            request,
            "task.html",
            "tasks",
            status,
            say=say,
            task=_told(house, told, say),
            items=[item | {"says": _says(item, say)} for item in told["items"]],
            bar=_bar(told),
            differences=editing.differences(*asked, say)
            if (asked := await desk.asked_edit(house.ledger, told["id"]))
            else (),
            example=list(lines(sample["request"])) if sample else [],
            may_approve=_may_approve(told, who),
            state=state,
            ended=told["state"] in ENDED,
            marks=MARKS,
            item_marks=ITEM_MARKS,
            wrong=wrong,
        )

    async def found(number: str, who: Reader, state: str = "", after: int = 0) -> dict[str, Any] | None:
        """The task, where there is one and the reader may look at it."""
        if not number.isdigit() or len(number) > 18:
            return None
        told = await queries.task(house.ledger, int(number), state, after, PAGE)
        return told if told and who.partner in ("", told["partner"]) else None

    @app.post("/tasks/{number}")
    async def turn(request: Request, number: str) -> Response:
        asked = str((await request.form()).get("verb", ""))
        turns: dict[str, desk.TaskTurn] = {"pause": "pause", "resume": "resume", "cancel": "cancel"}
        if asked not in turns:
            return frame.failed(request, 422, "error.422", why="verb")
        return await turned(request, number, turns[asked], reader(request).name)

    @app.post("/tasks/{number}/approve")
    async def approve(request: Request, number: str) -> Response:
        who = reader(request)
        return await turned(request, number, "approve", SECOND if who == DEMONSTRATION else who.name)

    async def turned(request: Request, number: str, verb: desk.TaskTurn, name: str) -> Response:
        form = await request.form()
        frame.check(request, form)
        if await found(number, reader(request)) is None:
            return frame.failed(request, 404, "error.404")
        try:
            await desk.turn_task(house.ledger, verb, int(number), name, str(form.get("reason", "")).strip())
        except TaskRefused as refused:
            return await shown(request, number, 409, frame.speech(request)(f"task.no.{refused.rule}"))
        return RedirectResponse(f"/console/tasks/{number}", 303)


async def awaiting(house: House, say: Speech, who: Reader) -> list[dict[str, Any]]:
    """Tasks that wait for a second person, the longest waiting first, with whether this reader can be it."""
    found = [queries.told_task(task) for task in await house.ledger.tasks().waiting(who.partner)]
    return [_told(house, task, say) | {"mine": _may_approve(task, who)} for task in found]


def _may_approve(task: dict[str, Any], who: Reader) -> bool:
    """Whether this reader could approve it: with the right, and not the one who made it."""
    open_still = task["needs_approval"] and not task["approved_by"] and task["state"] not in ENDED
    return bool(open_still) and who.may("approve") and (who == DEMONSTRATION or who.name != task["who"])


def _told(house: House, task: dict[str, Any], say: Speech) -> dict[str, Any]:
    """A task with its words."""
    counts = task["counts"]
    settled = task["count"] - counts.get("waiting", 0) - counts.get("acted", 0)
    partner = views.title_of(house, task["partner"], say) if task["partner"] else say("task.partners")
    title = say("task.title", verb=say(f"verb.{task['verb']}"), n=say.number(task["count"]))
    return task | {"title": title, "partner_title": partner, "settled": settled}


def _bar(task: dict[str, Any]) -> list[tuple[str, float, float]]:
    """The bar: a tone, where it begins and how wide it is, in hundredths."""
    told, at = [], 0.0
    for state in ("passed", "moot", "acted", "failed", "refused", "dropped"):
        width = 100 * task["counts"].get(state, 0) / max(1, task["count"])
        if width:
            told.append((ITEM_MARKS[state][1], at, width))
            at += width
    return told


def _says(item: dict[str, Any], say: Speech) -> str:
    """What became of one delivery, in the reader's words."""
    rule = item["rule"]
    if item["state"] == "refused":
        return say(f"why.{rule}" if rule in REFUSALS else "why.changed")
    if item["state"] == "failed":
        return causes.entry(item["partner"], rule, item["says"]).title(say.language) if rule else ""
    return say({"had": "task.had", "edited": "task.edited"}[rule]) if rule in ("had", "edited") else ""
