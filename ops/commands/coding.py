"""Code lists: show them, see what is missing, add a row."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()
codes = typer.Typer(help="The code lists: shown by day, gaps, new rows.", no_args_is_help=True)
app.add_typer(codes, name="codes")


@codes.command()
@asks_a_bus
def show(
    bus: Bus,
    code_list: Annotated[str, typer.Argument(metavar="[LIST]", help="a list; without it all lists are named")] = "",
    code: Annotated[str, typer.Argument(help="one code of it")] = "",
    on: Annotated[str, typer.Option("--on", help="as it stood on a day, yyyy-mm-dd")] = "",
    like: Annotated[str, typer.Option("--like", help="rows called alike (accents optional), with --on or today")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000)] = 100,
    as_json: AsJson = False,
) -> None:
    """What a code meant, and when. Example: lienthong codes show ward 28858 --on 2025-06-30"""
    if not code_list:
        told = bus.get("/v1/codes")
        table = Table("list", "rows")
        for line in told["items"]:
            table.add_row(line["list"], str(line["rows"]))
        CONTEXT.show(told, as_json, table)
        return
    day = _day("--on", on) or (date.today().isoformat() if like else "")
    told = bus.get(f"/v1/codes/{code_list}", code=code, on=day, like=like, limit=limit)
    CONTEXT.show(told, as_json, _rows(told["items"]))
    if not told["items"]:
        raise typer.Exit(NO)


@codes.command()
@asks_a_bus
def gaps(bus: Bus, as_json: AsJson = False) -> None:
    """Codes without a row for their day, who waits for them, and what may be meant. Example: lienthong codes gaps"""
    told = bus.get("/v1/code-gaps")
    table = Table("list", "code", "on", "name in the event", "waiting", "partners", "since", "perhaps")
    for gap in told["items"]:
        perhaps = "\n".join(_period(row) for row in gap["suggested"])
        table.add_row(
            *(gap["list"], gap["code"], gap["on"], gap["name"], str(gap["count"]), ", ".join(gap["partners"])),
            *(gap["since"], perhaps),
        )
    CONTEXT.show(told, as_json, table)


@codes.command()
@asks_a_bus
def add(
    bus: Bus,
    code_list: Annotated[str, typer.Argument(metavar="LIST", help="see `lienthong codes show`")],
    code: str,
    name_vi: Annotated[str, typer.Option("--name-vi", help="its name")] = "",
    name_en: Annotated[str, typer.Option("--name-en", help="its name in English")] = "",
    since: Annotated[str, typer.Option("--from", help="first day, yyyy-mm-dd; open without it")] = "",
    until: Annotated[str, typer.Option("--to", help="last day, yyyy-mm-dd; open without it")] = "",
    source: Annotated[str, typer.Option("--source", help="the document it stands in")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a row of the province's own; what waited for it goes on at once.

    Example: lienthong codes add procedure 9.999999 --name-vi 'Thủ tục riêng' --from 2025-07-01 --source 'QĐ 1/QĐ-UBND'
    """
    if not name_vi or not source:
        fail(USAGE, "say its name with --name-vi and the document it stands in with --source")
    body = {"list": code_list, "code": code, "name_vi": name_vi, "name_en": name_en, "source": source}
    days = {"valid_from": _day("--from", since) or None, "valid_to": _day("--to", until) or None}
    told = bus.post("/v1/codes", body | days)
    table = _rows([told["row"]])
    table.caption = f"{'added' if told['new'] else 'stood there already'}; {told['released']} deliveries go on"
    CONTEXT.show(told, as_json, table)


def _day(option: str, text: str) -> str:
    """A day as given; a wrong one is wrong usage."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        fail(USAGE, f"{option} is a day like 2025-07-01")


def _rows(rows: list[dict[str, Any]]) -> Table:
    table = Table("code", "name (vi)", "name (en)", "from", "to", "source", "more")
    for row in rows:
        table.add_row(
            *(row["code"], row["name_vi"], row["name_en"], row["valid_from"] or "", row["valid_to"] or ""),
            *(row["source"], ", ".join(filter(None, row["extra"]))),
        )
    return table


def _period(row: dict[str, Any]) -> str:
    return f"{row['code']} {row['name_vi']} ({row['valid_from'] or '…'} to {row['valid_to'] or '…'})"
