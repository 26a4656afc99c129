"""Comparing: our account and a partner's; what should have ended and what has."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, AsJson, ConfigFile, Key, Url, ask, remote

app = typer.Typer()


@app.command()
def reconcile(
    partner: Annotated[str, typer.Argument(help="partner")],
    first: Annotated[str, typer.Option("--from", help="first day, yyyy-mm-dd")],
    last: Annotated[str, typer.Option("--to", help="last day, included")],
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """What we hold and what the partner holds, by day; every line in which they differ. Exit code 1 when they do.

    Example: lienthong reconcile online_payment --from 2026-07-01 --to 2026-07-07
    """
    bus = remote(url, key, config)
    told = ask(lambda: bus.get(f"/v1/reconcile/{partner}", **{"from": first, "to": last}))
    table = Table("day", "ours", "sum", "theirs", "sum", "", title=f"{partner}, {told['from']} to {told['to']}")
    for line in told["days"]:
        sides = [f"{line[side][what]:,}" for side in ("ours", "theirs") for what in ("count", "sum")]
        table.add_row(line["day"], *sides, "✓" if line["agrees"] else "✗")
    CONTEXT.show(told, as_json, table)
    if not as_json:
        for line in told["differences"]:
            ours, theirs = (_said(line[side]) for side in ("ours", "theirs"))
            print(f"{line['says']}: {line['key']}: ours {ours}, theirs {theirs}")
        for unanswered in told["unanswered"]:
            print(f"not answered: {unanswered}")
    if not told["agrees"]:
        raise typer.Exit(NO)


@app.command()
def overdue(
    partner: Annotated[str, typer.Argument(help="partner; all by default")] = "",
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """What is open for longer than it should be: steps of dossiers late or missing, items undelivered, births without a card, and the
    like. Exit code 1 when there is any.

    Example: lienthong overdue postal
    """
    bus = remote(url, key, config)
    told = ask(lambda: bus.get("/v1/overdue", partner=partner))
    table = Table("partner", "watched", "open", "overdue", "dossier", "since", "state")
    for watch in told["items"]:
        about = (watch["partner"], watch["title_en"], str(watch["open"]), str(watch["overdue"]))
        for place, one in enumerate(watch["items"]):
            table.add_row(*(about if place == 0 else ("",) * 4), one["dossier"], one["since"][:16], one["state"])
        if not watch["items"]:
            table.add_row(*about, "", "", "")
    CONTEXT.show(told, as_json, table)
    if any(watch["overdue"] for watch in told["items"]):
        raise typer.Exit(NO)


def _said(line: dict[str, object] | None) -> str:
    return "nothing" if line is None else f"{line['amount']:,} on {line['day']}"
