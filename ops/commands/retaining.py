"""Retention: what has served its term, and removal on a person's request."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()


@app.command()
@asks_a_bus
def retention(bus: Bus, as_json: AsJson = False) -> None:
    """The rules of [retention], and how much each would take if its duty ran now; nothing is changed. Example: lienthong retention"""
    told = bus.get("/v1/retention")
    table = Table("rule", "days", "would go now")
    for item in told["items"]:
        days = "for good" if item["days"] is None else str(item["days"])
        table.add_row(item["rule"], days, f"{item['due']:,}{'' if item['complete'] else ' and more'}")
    CONTEXT.show(told, as_json, table)


@app.command()
@asks_a_bus
def erase(
    bus: Bus,
    kind: Annotated[str, typer.Argument(help="citizen, tax or social; its value is read from standard input")],
    reason: Annotated[str, typer.Option("--reason", help="the request it is done on; recorded with who")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say which dossiers it would concern")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove the contents of a person's closed dossiers on request; what is still open stays and is named. Exit code 1 when some is.

    Example: echo 084080000999 | lienthong erase citizen --dry-run --reason 'request 12/2026'
    """
    if len(reason) < 3:
        fail(USAGE, "say on what request with --reason")
    value = sys.stdin.readline().strip()
    if not value:
        fail(USAGE, "give the identifier on standard input")
    body = {
        "kind": kind,
        "value": value,
        "reason": reason,
        "dry_run": dry_run,
    }
    told = bus.post("/v1/retention/erase", body)
    table = Table("dossier", "")
    for dossier in told["erased"]:
        table.add_row(dossier, "would be removed" if dry_run else "removed")
    for dossier in told["open"]:
        table.add_row(dossier, "still open: stays")
    CONTEXT.show(told, as_json, table)
    if told["open"]:
        raise typer.Exit(NO)
