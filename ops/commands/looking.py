"""Looking: totals, stories, causes, lists."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()


@app.command()
@asks_a_bus
def status(
    bus: Bus,
    verify: Annotated[
        bool, typer.Option("--verify", help="prove owed = delivered + dead + cancelled + superseded + open")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Totals by state and partner. Example: lienthong status --verify --json"""
    told = bus.get("/v1/status", verify="true" if verify else None)
    columns = (
        "owed",
        "open",
        "pending",
        "sending",
        "waiting",
        "in_doubt",
        "delivered",
        "dead",
        "cancelled",
        "superseded",
    )
    table = Table("partner", *columns, title=f"{told['events']} events")
    for name, line in [*told["partners"].items(), ("all", told)]:
        table.add_row(name, *(str(line[column]) for column in columns))
    CONTEXT.show(told, as_json, table)
    for name, line in told["partners"].items():
        if "numbers" in line and not as_json:
            print(f"{name}: {line['numbers_left']} of {line['numbers']} numbers left")
        if line["kept_raw"] and not as_json:
            print(f"{name}: {line['kept_raw']} rows could not be read: lienthong kept-raw {name}")
    if verify:
        for difference in told["differences"]:
            print(f"lienthong: {difference}", file=sys.stderr)
        if not as_json:
            print("verified: the accounts agree" if told["verified"] else "NOT verified: the accounts differ")
        if not told["verified"]:
            raise typer.Exit(NO)


@app.command(name="kept-raw")
@asks_a_bus
def kept_raw(
    bus: Bus,
    partner: Annotated[str, typer.Argument(help="whose rows (default: all)")] = "",
    dealt: Annotated[bool, typer.Option("--all", help="those that somebody has dealt with too")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Rows of polls and calls that could not be read and nobody has dealt with, masked, newest first (see `deal-with`).

    Example: lienthong kept-raw procedure_catalogue
    """
    told = bus.get("/v1/kept-raw", partner=partner or None, limit=limit, dealt=dealt)
    names = ("id", "partner", "first_at", "last_at", "times", "size_bytes", "why")
    table = Table(*names, *(("dealt with", "by", "because") if dealt else ()))
    for item in told["items"]:
        settled = [item["dealt_at"] or "", item["dealt_by"], item["reason"]] if dealt else []
        table.add_row(*(str(item[name]) for name in names), *settled)
    CONTEXT.show(told, as_json, table)


@app.command()
@asks_a_bus
def story(
    bus: Bus,
    dossier: Annotated[str, typer.Argument(help="dossier code")],
    lang: Annotated[str, typer.Option("--lang", help="vi or en")] = "vi",
    as_json: AsJson = False,
) -> None:
    """One dossier's story: what came, what was sent where, the answers, what is owed and why.

    Example: lienthong story 000.00.17.H59-260106-774020001
    """
    from ops.story import tell

    if lang != "vi" and lang != "en":
        fail(USAGE, "--lang is vi or en")
    told = bus.get(f"/v1/dossiers/{dossier}")
    if as_json:
        CONTEXT.show(told, True)
    else:
        print(tell(told, "en" if lang == "en" else "vi"))


@app.command()
@asks_a_bus
def causes(bus: Bus, as_json: AsJson = False) -> None:
    """What waits, is in doubt or dead, grouped by cause, oldest first. Example: lienthong causes"""
    told = bus.get("/v1/causes")
    names = ("partner", "operation", "state", "cause", "code", "hold_key", "count", "dossiers", "oldest_at")
    table = Table(*names, "do", "owner", "group")
    for item in told["items"]:
        about = (item["advice_en"] if item["known"] else "not in the catalogue yet", item["owner"], item["fingerprint"])
        table.add_row(*(str(item[name]) for name in names), *about)
    CONTEXT.show(told, as_json, table)


@app.command()
@asks_a_bus
def deliveries(
    bus: Bus,
    partner: Annotated[str, typer.Option("--partner")] = "",
    state: Annotated[
        list[str] | None, typer.Option("--state", help="pending, waiting, in_doubt, dead ... (repeatable)")
    ] = None,
    cause: Annotated[str, typer.Option("--cause")] = "",
    dossier: Annotated[str, typer.Option("--dossier")] = "",
    cursor: Annotated[str, typer.Option("--cursor", help="`next` of the page before")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Deliveries, newest first. Example: lienthong deliveries --state dead --partner national_portal"""
    query = {
        "partner": partner,
        "state": state or (),
        "cause": cause,
        "dossier": dossier,
        "cursor": cursor,
        "limit": limit,
    }
    told = bus.get("/v1/deliveries", **query)
    names = ("id", "dossier", "partner", "operation", "state", "cause", "code", "attempt", "due_at", "deadline_on")
    table = Table(*names, caption=f"next page: --cursor {told['next']}" if told["next"] else None)
    for item in told["items"]:
        table.add_row(*("" if item[name] is None else str(item[name]) for name in names))
    CONTEXT.show(told, as_json, table)


@app.command()
@asks_a_bus
def partners(
    bus: Bus,
    action: Annotated[str, typer.Argument(help="`show` for one partner's page")] = "",
    name: Annotated[str, typer.Argument(help="partner")] = "",
    as_json: AsJson = False,
) -> None:
    """The partners and their switches; with `show NAME` one of them as its code says: operations, questions, failures, tables.

    Example: lienthong partners show national_portal
    """
    if action:
        _show(action, name, as_json)
        return
    told = bus.get("/v1/partners")
    names = ("partner", "title_vi", "enabled", "paused", "breaker", "backlog", "last_success_at")
    table = Table(*names)
    for item in told["items"]:
        table.add_row(*("" if item[name] is None else str(item[name]) for name in names))
    CONTEXT.show(told, as_json, table)


def _show(action: str, name: str, as_json: bool) -> None:
    """One partner's page; it needs no bus."""
    from adapters import discover
    from ops.partner_docs import page

    if action != "show" or name not in discover():
        fail(USAGE, f"say `partners show NAME`; there are {', '.join(discover())}")
    text = page(discover()[name])
    CONTEXT.show({"partner": name, "page": text}, True) if as_json else print(text, end="")


@app.command(name="sign-ins")
@asks_a_bus
def sign_ins(bus: Bus, as_json: AsJson = False) -> None:
    """How sign-ins fare by provider and cause, and who waits for an account. Example: lienthong sign-ins"""
    told = bus.get("/v1/sign-in/status")
    fared = Table("provider", "span", "tries", "failed", "share", "causes", "do")
    for span in ("last_hour", "last_day"):
        for provider, entry in told[span].items():
            causes = entry["causes"]
            said = "\n".join(f"{cause} {line['count']}: {line['title_vi']}" for cause, line in causes.items())
            advice = "\n".join(line["advice_vi"] for line in causes.values())
            share = f"{entry['failure_ratio']:.1%}"
            fared.add_row(provider, span, str(entry["tries"]), str(entry["failed"]), share, said, advice)
    CONTEXT.show(told, as_json, fared)
    if not as_json:
        for one in told["waiting"]:
            print(
                f"{one['client']}: {one['people']} from {one['provider']} wait for {one['link']}, since {one['oldest_at']}"
            )


@app.command()
@asks_a_bus
def search(
    bus: Bus,
    text: Annotated[str, typer.Argument(help="any number a dossier is known by (- reads it from standard input)")],
    lang: Annotated[str, typer.Option("--lang", help="vi or en")] = "vi",
    as_json: AsJson = False,
) -> None:
    """Dossiers by code, receipt, tracking or payment number, citizen id, partner's reference, trace, event or delivery.

    A citizen id is read from standard input, where nobody sees it. Example: echo 084080000123 | lienthong search -
    """
    from ops.story import local
    from ops.words import Language, say

    if lang not in ("vi", "en"):
        fail(USAGE, "--lang is vi or en")
    language: Language = "en" if lang == "en" else "vi"
    asked = sys.stdin.readline().strip() if text == "-" else text
    told = bus.post("/v1/search", {"q": asked})
    table = Table(*(say(f"find.{column}", language) for column in ("dossier", "by", "exchanges", "changed")))
    for line in told["dossiers"]:
        states = ", ".join(f"{n} {say(f'state.{state}', language)}" for state, n in line.get("states", {}).items())
        by = ", ".join(say(f"find.by.{kind}", language) for kind in line["found_by"])
        table.add_row(line["dossier"], by, states, local(line.get("changed_at")))
    if as_json or told["dossiers"]:
        CONTEXT.show(told, as_json, table)
    elif told["suggestions"]:
        print("\n".join((say("find.near", language), *told["suggestions"])))
    else:
        print(say("find.none", language))
