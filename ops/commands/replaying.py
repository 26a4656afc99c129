"""Mappings over recorded traffic: one delivery mapped anew, or many, and what differs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, AsJson, Bus, asks_a_bus
from ops.commands.tables import mappings

app = typer.Typer()


@mappings.command(name="try")
@asks_a_bus
def try_(
    bus: Bus,
    delivery: Annotated[int, typer.Argument(help="the delivery's number, as lists and stories name it")],
    as_json: AsJson = False,
) -> None:
    """A recorded delivery as today's mapping would send it, beside what was sent. Example: lienthong mappings try 1"""
    told = bus.get(f"/v1/exchanges/{delivery}/today")
    title = f"{told['dossier']} {told['partner']} {told['operation']}"
    table = Table("field", "sent then", "today", "", title=title, caption=told["why"] or None)
    for line in told["fields"]:
        then, now = ("" if line[name] is None else str(line[name]) for name in ("then", "now"))
        table.add_row(line["field"], then, now, "≠" if line["differs"] else "")
    CONTEXT.show(told, as_json, table)
    if told["why"]:
        raise typer.Exit(NO)


@mappings.command()
@asks_a_bus
def replay(
    bus: Bus,
    partner: Annotated[str, typer.Argument(help="partner")],
    operation: Annotated[str, typer.Option("--operation", help="this one alone")] = "",
    cursor: Annotated[str, typer.Option("--cursor", help="`next` of the page before")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """Today's mapping over recorded deliveries, newest first: what would differ. Example: lienthong mappings replay national_portal"""
    asked = {"operation": operation or None, "cursor": cursor or None, "limit": limit}
    told = bus.get(f"/v1/mappings/{partner}/replay", **asked)
    says = f"{told['looked']} looked at: {told['same']} the same, {told['differs']} differ, {told['not_kept']} not kept"
    following = f"; next page: --cursor {told['next']}" if told["next"] else ""
    table = Table("field", "differs", "example", "sent then", "today", caption=says + following)
    for line in told["fields"]:
        then, now = ("" if line[name] is None else str(line[name]) for name in ("then", "now"))
        table.add_row(line["field"], str(line["count"]), str(line["example"]), then, now)
    for line in told["unsayable"]:
        table.add_row("cannot be made today", str(line["count"]), str(line["example"]), "", line["why"])
    CONTEXT.show(told, as_json, table)
