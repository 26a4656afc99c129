"""Comparing: our account and a partner's."""

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


def _said(line: dict[str, object] | None) -> str:
    return "nothing" if line is None else f"{line['amount']:,} on {line['day']}"
