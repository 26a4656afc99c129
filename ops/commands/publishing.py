"""Procedures: search them, and see what is wrong with them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()
COLUMNS = {
    "": ("code", "name", "field_name", "state", "online", "decision", "effective_on", "origin"),
    "unmapped": ("code", "waiting", "dossiers", "since"),
    "retired": ("code", "name", "state", "ended_on", "replaced_by", "waiting", "dossiers", "since"),
    "expired_bases": ("number", "agency", "expired_on", "procedures"),
    "unposted": ("document", "deadline_on", "days_left", "due", "state", "cause", "answer"),
    "late": ("number", "title", "signed_on", "publish_by", "published_on"),
    "quirks": ("code", "code_as_given", "name", "quirks"),
}


@app.command()
@asks_a_bus
def procedures(
    bus: Bus,
    words: Annotated[list[str] | None, typer.Argument(help="a code, or words of a name (accents optional)")] = None,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="local codes with no portal code that hold dossiers")
    ] = False,
    retired: Annotated[bool, typer.Option("--retired", help="hidden or withdrawn; those still in use first")] = False,
    expired_bases: Annotated[
        bool, typer.Option("--expired-bases", help="legal documents without force that procedures still quote")
    ] = False,
    unposted: Annotated[
        bool,
        typer.Option("--unposted", help="the province's legal documents not posted yet, the nearest deadline first"),
    ] = False,
    late: Annotated[bool, typer.Option("--late", help="decisions not published within 5 working days")] = False,
    quirks: Annotated[bool, typer.Option("--quirks", help="rows of the catalogue that were odd")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Procedures of the national catalogue, or what is wrong with them. Example: lienthong procedures dang ky khai sinh"""
    chosen = {
        "unmapped": unmapped,
        "retired": retired,
        "expired_bases": expired_bases,
        "unposted": unposted,
        "late": late,
        "quirks": quirks,
    }
    shows = [name for name, wanted in chosen.items() if wanted]
    if len(shows) > 1 or not (shows or words):
        fail(USAGE, f"say a code or words, or one of {', '.join('--' + name.replace('_', '-') for name in chosen)}")
    show = shows[0] if shows else ""
    told = bus.get("/v1/procedures", words=" ".join(words or ()), show=show, limit=limit)
    table = Table(*COLUMNS[show])
    for line in told["items"]:
        table.add_row(*(_cell(line.get(name)) for name in COLUMNS[show]))
    CONTEXT.show(told, as_json, table)
    if not shows and not told["items"]:
        raise typer.Exit(NO)


def _cell(value: Any) -> str:
    """A value as a table shows it."""
    if isinstance(value, list):
        return ", ".join(str(one["code"]) if isinstance(one, dict) else str(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
