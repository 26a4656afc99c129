"""Asking: look-ups through the bus, and the record of who looked up what."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()


@app.command()
@asks_a_bus
def lookup(
    bus: Bus,
    system: Annotated[str, typer.Argument(help="whom to ask; without a key: what can be asked")] = "",
    value: Annotated[str, typer.Argument(metavar="KEY", help="the key (read from standard input with -)")] = "",
    what: Annotated[str, typer.Option("--what", help="which look-up; the system's first by default")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="what for, as `lienthong lookup` lists them")] = "",
    reason: Annotated[str, typer.Option("--reason", help="in a few words")] = "",
    dossier: Annotated[str, typer.Option("--dossier", help="the dossier it is for")] = "",
    officer: Annotated[str, typer.Option("--officer", help="who asks")] = "",
    by: Annotated[list[str] | None, typer.Option("--by", help="field=value of a question of several fields")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", help="what is wanted (default: all that is not personal)")
    ] = None,
    at_least: Annotated[int | None, typer.Option("--at-least", help="number of the change already known")] = None,
    as_json: AsJson = False,
) -> None:
    """Look something up through the bus; it is recorded who asked, and what for.

    Example: lienthong lookup
    """
    if not value and not by:
        _list(bus.get("/v1/lookups"), system, as_json)
        return
    body: dict[str, Any] = {
        "what": what,
        "purpose": purpose,
        "reason": reason,
        "officer": officer,
        "fields": field or [],
        "question": dict(_pair(each) for each in by or ()),
        "key": sys.stdin.readline().strip() if value == "-" else value,
        "at_least": at_least,
        "dossier": dossier or None,
    }
    told = bus.post(f"/v1/lookups/{system}", body)
    if as_json:
        CONTEXT.show(told, True)
        return
    for match in told["matches"]:
        table = Table("field", "value")
        for name, said in match.items():
            if said not in (None, "", []):
                table.add_row(name, said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
        CONTEXT.show(match, False, table)
    print(f"{told['count']} found" + (f", told again from {told['asked_at']}" if told["cached"] else ""))
    if told["withheld"]:
        print(f"personal, told only when asked for with --field: {', '.join(told['withheld'])}")


@app.command()
@asks_a_bus
def lookups(
    bus: Bus,
    who: Annotated[str, typer.Option("--who", help="API client")] = "",
    system: Annotated[str, typer.Option("--system", help="whom was asked")] = "",
    about: Annotated[str, typer.Option("--about", help="citizen, tax or social: its value from standard input")] = "",
    cursor: Annotated[str, typer.Option("--cursor", help="`next` of the page before")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """The record of look-ups, newest first. Example: echo 084080000123 | lienthong lookups --about citizen"""
    body = {"who": who, "system": system, "kind": about, "cursor": cursor, "limit": limit}
    body["value"] = sys.stdin.readline().strip() if about else ""
    told = bus.post("/v1/audit/lookups", body)
    names = ("at", "who", "officer", "system", "what", "purpose", "reason", "dossier", "outcome", "matches", "cached")
    table = Table(*names, caption=f"next page: --cursor {told['next']}" if told["next"] else None)
    for item in told["items"]:
        table.add_row(*(str(item[name]) for name in names))
    CONTEXT.show(told, as_json, table)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(USAGE, f"--by is field=value, such as --by name='Nguyễn Văn An'; not {text!r}")
    return name, value


def _list(told: dict[str, Any], system: str, as_json: bool) -> None:
    items = [item for item in told["items"] if system in ("", item["system"])]
    if system and not items:
        known = ", ".join(dict.fromkeys(item["system"] for item in told["items"]))
        fail(USAGE, f"nothing is looked up at {system}; there are {known or 'none'}")
    table = Table("system", "what", "", "asked by", "tells (personal: *)")
    for item in items:
        by = item["key"] or ", ".join(item["question"])
        tells = ", ".join(name + "*" * (mark == "personal") for name, mark in item["fields"].items() if "." not in name)
        table.add_row(item["system"], item["what"], item["title_vi"], by, tells)
    CONTEXT.show(told | {"items": items}, as_json, table)
    if not as_json:
        for each in told["purposes"]:
            print(f"--purpose {each['purpose']}: {each['title_vi']}" + (" (--reason)" if each["needs_reason"] else ""))


@app.command(name="who-looked")
@asks_a_bus
def who_looked(
    bus: Bus,
    week: Annotated[str, typer.Option("--week", help="yyyy-Wnn (default: the last one that is over)")] = "",
    csv: Annotated[Path | None, typer.Option("--csv", help="write a table for spreadsheets here")] = None,
    as_json: AsJson = False,
) -> None:
    """Who looked at people's data in a week, how often and what for. Example: lienthong who-looked --week 2026-W47"""
    if csv is not None:
        csv.write_bytes(bus.file("/v1/audit/looked", week=week, format="csv"))
        print(f"{csv} written")
        return
    told = bus.get("/v1/audit/looked", week=week)
    table = Table(
        "who", "how", "times", "dossiers", "purposes", title=f"{told['week']}, {told['from']} to {told['to']}"
    )
    for line in told["items"]:
        purposes = "; ".join(f"{one['purpose']} ({one['times']})" for one in line["purposes"])
        table.add_row(line["who"], line["how"], f"{line['times']:,}", f"{line['dossiers']:,}", purposes)
    CONTEXT.show(told, as_json, table)
