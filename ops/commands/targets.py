"""The province's targets on the command line, and as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()
MARKS = {True: "✓", False: "✗", None: ""}


@app.command()
@asks_a_bus
def targets(
    bus: Bus,
    month: Annotated[str, typer.Option("--month", help="yyyy-mm (default: the newest with figures)")] = "",
    agency: Annotated[str, typer.Option("--agency", help="an agency's id (default: all)")] = "",
    field: Annotated[str, typer.Option("--field", help="a field's code (default: all)")] = "",
    by: Annotated[str, typer.Option("--by", help="lines by agency or by field")] = "agency",
    lang: Annotated[str, typer.Option("--lang", help="vi or en")] = "vi",
    csv: Annotated[Path | None, typer.Option("--csv", help="write a table for spreadsheets here")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="write the paper here")] = None,
    as_json: AsJson = False,
) -> None:
    """The province's indicators of a month, from the events carried. Example: lienthong targets --month 2026-11 --pdf chi-tieu.pdf"""
    if by not in ("agency", "field") or lang not in ("vi", "en"):
        fail(USAGE, "--by is agency or field, --lang is vi or en")
    asked = {"month": month, "agency": agency, "field": field, "by": by}
    files = {"csv": csv, "pdf": pdf}
    for kind, path in files.items():
        if path is not None:
            path.write_bytes(bus.file("/v1/targets", **asked, format=kind, lang=lang))
            print(f"{path} written")
    if any(files.values()):
        return
    told = bus.get("/v1/targets", **asked)
    CONTEXT.show(told, as_json, _whole(told, lang))
    if not as_json:
        CONTEXT.out.print(_lines(told))


def _whole(told: dict[str, Any], lang: str) -> Table:
    table = Table(
        "indicator", "%", "counted", "among", "goal", "before", title=f"{told['month']}, {told['received']} dossiers"
    )
    for one in told["indicators"]:
        goal = "" if one["goal"] is None else f"{one['goal']:g} {MARKS[one['reached']]}".strip()
        table.add_row(
            one[f"title_{lang}"],
            _share(one["percent"]),
            f"{one['counted']:,}",
            f"{one['among']:,}",
            goal,
            _share(one["before"]),
        )
    return table


def _lines(told: dict[str, Any]) -> Table:
    table = Table(told["by"], "name", "dossiers", *(one["key"] for one in told["indicators"]))
    for line in told["lines"]:
        shares = [_share(line[one["key"]]) for one in told["indicators"]]
        table.add_row(line["code"], line["name"], f"{line['received']:,}", *shares)
    return table


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.1f}"
