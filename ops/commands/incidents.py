"""Incidents: what is wrong now, who is on it, and whether those who are to be told can be reached."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, Bus, ConfigFile, asks_a_bus, fail, settings_of

app = typer.Typer()
incidents = typer.Typer(help="Incidents: what is wrong, and who is on it.", no_args_is_help=True)
app.add_typer(incidents, name="incidents")

Number = Annotated[int, typer.Argument(help="the incident's number")]


@incidents.command(name="list")
@asks_a_bus
def listed(
    bus: Bus,
    every: Annotated[bool, typer.Option("--all", help="closed ones too, newest first")] = False,
    partner: Annotated[str, typer.Option("--partner", help="one partner")] = "",
    cursor: Annotated[str, typer.Option("--cursor", help="`next` of the page before")] = "",
    as_json: AsJson = False,
) -> None:
    """What is wrong now. Example: lienthong incidents list --all"""
    query = {"all": "true" if every else "", "partner": partner, "cursor": cursor}
    told = bus.get("/v1/incidents", **query)
    following = f"next page: --cursor {told['next']}" if told["next"] else None
    table = Table("no.", "what", "since", "closed", "dossiers", "deliveries", "owner", caption=following)
    for one in told["items"]:
        times = (one["began_at"], one["closed_at"] or "")
        table.add_row(
            str(one["id"]), one["title_en"], *times, str(one["dossiers"]), str(one["deliveries"]), one["owner"]
        )
    CONTEXT.show(told, as_json, table)


@incidents.command()
@asks_a_bus
def show(bus: Bus, number: Number, as_json: AsJson = False) -> None:
    """One incident, what to do about it, and whom it was told to. Example: lienthong incidents show 1"""
    told = bus.get(f"/v1/incidents/{number}")
    table = Table("field", "value")
    for name, value in told.items():
        if name != "notices" and value not in (None, ""):
            table.add_row(name, _said(value))
    for notice in told["notices"]:
        table.add_row(
            f"told {notice['recipient']}", f"{notice['event']}: {notice['ending'] or 'due'} {notice['ended_at'] or ''}"
        )
    CONTEXT.show(told, as_json, table)


@incidents.command()
@asks_a_bus
def acknowledge(
    bus: Bus,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="what is being done; recorded with who")] = "",
    owner: Annotated[str, typer.Option("--owner", help="who is on it (default: you)")] = "",
    as_json: AsJson = False,
) -> None:
    """Take an open incident on. Example: lienthong incidents acknowledge 1 --reason 'called the ministry'"""
    if len(reason.strip()) < 3:
        fail(USAGE, "say what is being done with --reason")
    told = bus.post(f"/v1/incidents/{number}", {"note": reason, "owner": owner})
    CONTEXT.show(told, as_json, Table(f"incident {number}: {told['owner']} is on it"))


@incidents.command(name="try")
def try_out(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Send everybody who is told of incidents a message that says it is a trial. Example: lienthong incidents try"""
    from ops.channels import trial

    told = asyncio.run(trial(settings_of(config).incidents))
    table = Table("recipient", "reached")
    for name, why in told.items():
        table.add_row(name, why or "yes")
    CONTEXT.show(
        {"recipients": [{"name": n, "reached": not why, "why": why} for n, why in told.items()]}, as_json, table
    )
    if not told or any(told.values()):
        raise typer.Exit(NO)


def _said(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
