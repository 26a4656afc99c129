"""Bulk actions as objects: listed, shown, paused, resumed, cancelled, approved. They are made by the verbs, with --task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, UNREACHABLE, USAGE, AsJson, Bus, Why, asks_a_bus, because, fail
from ops.remote import Declined, Unreachable
from ops.story import local

app = typer.Typer()
tasks = typer.Typer(help="Actions over many deliveries.", invoke_without_command=True)
app.add_typer(tasks, name="tasks")

Number = Annotated[int, typer.Argument(help="the task's number (see `lienthong tasks list`)")]


@tasks.callback()
@asks_a_bus
def overview(bus: Bus, context: typer.Context, as_json: AsJson = False) -> None:
    """Actions over many deliveries; without a command: the list."""
    if context.invoked_subcommand is None:
        _list(bus, as_json=as_json)


@tasks.command(name="list")
@asks_a_bus
def listed(bus: Bus, as_json: AsJson = False) -> None:
    """Bulk actions, the newest first. Example: lienthong tasks list"""
    _list(bus, as_json=as_json)


def _list(bus: Bus, *, as_json: bool) -> None:
    told = bus.get("/v1/tasks")
    table = Table("task", "verb", "by", "made", "state", "settled", "reason")
    for task in told["items"]:
        made = local(task["created_at"])
        table.add_row(str(task["id"]), task["verb"], task["who"], made, _state(task), _progress(task), task["reason"])
    CONTEXT.show(told, as_json, table)


@tasks.command()
@asks_a_bus
def show(
    bus: Bus,
    number: Annotated[int | None, typer.Argument(help="the newest when none is named")] = None,
    state: Annotated[str, typer.Option("--state", help="only rows in this state, such as failed or refused")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    csv: Annotated[Path | None, typer.Option("--csv", help="write all its rows here, for spreadsheets")] = None,
    as_json: AsJson = False,
) -> None:
    """One bulk action with a result row per delivery. Example: lienthong tasks show"""
    if number is None:
        newest = bus.get("/v1/tasks", limit=1)["items"]
        if not newest:
            CONTEXT.show({"items": []}, as_json, Table("there is no task yet"))
            return
        number = newest[0]["id"]
    if csv is not None:
        csv.write_bytes(bus.file(f"/v1/tasks/{number}/rows.csv"))
        print(f"{csv} written")
        return
    told = bus.get(f"/v1/tasks/{number}", state=state, limit=limit)
    table = Table("place", "delivery", "dossier", "partner", "result", "before", "after", "says")
    for item in told["items"]:
        names = ("place", "delivery", "dossier", "partner", "state", "before", "after")
        table.add_row(*(str(item[name]) for name in names), item["says"] or item["rule"])
    CONTEXT.show(told, as_json, table)
    if not as_json:
        print(f"task {number}: {told['verb']}, {_state(told)}, {_progress(told)}; {told['reason']} ({told['who']})")


@app.command()
@asks_a_bus
def edit(
    bus: Bus,
    delivery: Annotated[int, typer.Argument(help="a delivery by id (see `lienthong deliveries`)")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="PATH=VALUE, repeatable; without it the fields are listed")
    ] = None,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Correct the event of a delivery and send it anew, once another person approves.

    Example: lienthong edit 17 --set dossier.return_method=post --reason 'asked by the desk'
    """
    path = f"/v1/deliveries/{delivery}/edit"
    if not changes:
        form = bus.get(path)
        table = Table("field", "value", "kind")
        for field in form["fields"]:
            table.add_row(field["path"], field["value"], "locked" if field["locked"] else field["kind"])
        CONTEXT.show(form, as_json, table)
        return
    because(reason)
    if wrong := [change for change in changes if "=" not in change]:
        fail(USAGE, f"--set is PATH=VALUE, not {wrong[0]}")
    given = dict(change.split("=", 1) for change in changes)
    try:
        told = bus.remote.post(path, {"changes": given, "reason": reason})
    except Unreachable as error:
        fail(UNREACHABLE, str(error))
    except Declined as error:
        if as_json:
            CONTEXT.show({"refused": str(error)}, as_json)
        fail(NO, str(error))
    table = Table("field", "before", "after")
    for line in told["difference"]:
        table.add_row(line["path"], line["before"], line["after"])
    CONTEXT.show(told, as_json, table)
    if not as_json:
        print(f"task {told['id']}: waits for approval")


def _turn(turn: str, says: str) -> None:
    """One command per turn a person may give a task."""

    @asks_a_bus
    def command(
        bus: Bus,
        number: Number,
        reason: Why = "",
        as_json: AsJson = False,
    ) -> None:
        because(reason)
        if all(task["id"] != number for task in bus.get("/v1/tasks", before=number + 1, limit=1)["items"]):
            fail(NO, f"there is no task {number}")
        told = bus.post(f"/v1/tasks/{number}/{turn}", {"reason": reason})
        CONTEXT.show(told, as_json, Table(f"task {number}: {_state(told)}, {_progress(told)}"))

    tasks.command(name=turn, help=f"{says} Example: lienthong tasks {turn} 1 --reason 'seen with the portal'")(command)


_turn("pause", "Begin nothing more of a task until it is resumed.")
_turn("resume", "Let a task go on; after a failed canary, with a new one.")
_turn("cancel", "Drop what a task has not begun yet.")
_turn("approve", "Let a large task of somebody else go on beyond its canary.")


def _state(task: dict[str, Any]) -> str:
    return "waits for approval" if task["state"] == "approval" else str(task["state"])


def _progress(task: dict[str, Any]) -> str:
    """`16 of 19` settled, and those that were not done."""
    counts = task["counts"]
    gone = {state: counts[state] for state in ("failed", "refused", "dropped") if counts.get(state)}
    settled = task["count"] - counts.get("waiting", 0) - counts.get("acted", 0)
    return ", ".join([f"{settled} of {task['count']}", *(f"{n} {state}" for state, n in gone.items())])
