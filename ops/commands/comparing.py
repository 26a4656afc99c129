"""Comparing: our account and a partner's; what should have ended and what has."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, AsJson, Bus, asks_a_bus, because

app = typer.Typer()


@app.command()
@asks_a_bus
def reconcile(
    bus: Bus,
    partner: Annotated[str, typer.Argument(help="partner")],
    first: Annotated[str, typer.Option("--from", help="first day, yyyy-mm-dd")],
    last: Annotated[str, typer.Option("--to", help="last day, included")],
    repair: Annotated[bool, typer.Option("--repair", help="set right what can be")] = False,
    reason: Annotated[str, typer.Option("--reason", help="of the repair: why; recorded with who")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what the repair would do")] = False,
    as_json: AsJson = False,
) -> None:
    """What we hold and what the partner holds, by day; every line in which they differ. Exit code 1 when they do.

    With --repair: what only the partner has is taken in, what only we have is sent again if it is dead; the rest is for a person.

    Example: lienthong reconcile online_payment --from 2026-07-01 --to 2026-07-07
    """
    if repair:
        because(reason)
        days = {"from": first, "to": last, "reason": reason, "dry_run": dry_run}
        _repaired(bus.post(f"/v1/reconcile/{partner}/repair", days), as_json)
        return
    told = bus.get(f"/v1/reconcile/{partner}", **{"from": first, "to": last})
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


DOES = {
    "take_in": "take in what the partner says",
    "resend": "send again",
    "wait": "nothing: it is still to be sent",
    "person": "a person must look",
}


def _repaired(told: dict[str, Any], as_json: bool) -> None:
    """What was, or would be, done to each difference. Exit code 1 when something is left."""
    table = Table("difference", "key", "what", "by", "" if told["dry_run"] else "done")
    for row in told["rows"]:
        done = "" if told["dry_run"] else "✓" if row["done"] else "✗"
        table.add_row(row["says"], row["key"], DOES[row["does"]], ", ".join(row["by"]), done)
    CONTEXT.show(told, as_json, table)
    able = sum(row["does"] in ("take_in", "resend") for row in told["rows"])
    if not as_json:
        done = f"would do: {able}" if told["dry_run"] else f"done: {told['done']}"
        print(f"{done} of {len(told['rows'])}")
    if (able if told["dry_run"] else told["done"]) < len(told["rows"]):
        raise typer.Exit(NO)


@app.command()
@asks_a_bus
def overdue(
    bus: Bus,
    partner: Annotated[str, typer.Argument(help="partner; all by default")] = "",
    as_json: AsJson = False,
) -> None:
    """What is open for longer than it should be: steps of dossiers late or missing, items undelivered, births without a card, and the
    like. Exit code 1 when there is any.

    Example: lienthong overdue postal
    """
    told = bus.get("/v1/overdue", partner=partner)
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
