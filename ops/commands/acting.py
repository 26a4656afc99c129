"""Acting: the operator's verbs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, AsJson, Bus, Why, asks_a_bus, because

app = typer.Typer()


Ids = Annotated[list[int] | None, typer.Argument(help="deliveries by id (see `lienthong deliveries`)")]


def _verb(verb: str, says: str, also: str = "") -> None:
    """One command per verb of the desk, all alike; `also` is what its example must say besides."""

    @asks_a_bus
    def command(
        bus: Bus,
        ids: Ids = None,
        reason: Why = "",
        dossier: Annotated[str | None, typer.Option("--dossier")] = None,
        partner: Annotated[str | None, typer.Option("--partner")] = None,
        state: Annotated[list[str] | None, typer.Option("--state")] = None,
        cause: Annotated[str | None, typer.Option("--cause")] = None,
        hold_key: Annotated[
            str | None, typer.Option("--hold-key", help="what it waits for, as `causes` names it")
        ] = None,
        resolve_as: Annotated[str, typer.Option("--as", help="resolve: delivered or not-taken")] = "",
        reference: Annotated[str, typer.Option("--reference", help="resolve: the partner's own reference")] = "",
        limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 500,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would do")] = False,
        as_task: Annotated[
            bool, typer.Option("--task", help="make a task of it (see `lienthong tasks`); needed for many")
        ] = False,
        past: Annotated[bool, typer.Option("--past", help="also what later ones of its dossier have passed")] = False,
        as_json: AsJson = False,
    ) -> None:
        because(reason)
        where = {
            "ids": ids or [],
            "dossier": dossier,
            "partner": partner,
            "state": state or [],
            "cause": cause,
            "hold_key": hold_key,
        }
        body = {
            "verb": verb,
            "where": where,
            "reason": reason,
            "resolve_as": resolve_as,
            "reference": reference,
            "past": past,
            "dry_run": dry_run,
        }
        if as_task:
            _task(bus, body, as_json=as_json)
            return
        told = bus.post("/v1/deliveries/actions", body | {"limit": limit})
        table = Table("delivery", "dossier", "partner", "before", "after", "refused because")
        for row in told["rows"]:
            table.add_row(
                str(row["delivery"]), row["dossier"], row["partner"], row["before"], row["after"], row["refusal"]
            )
        CONTEXT.show(told, as_json, table)
        if not as_json:
            print(f"{'would do' if dry_run else 'done'}: {told['done']} of {len(told['rows'])}")
        if told["done"] < len(told["rows"]) or not told["rows"]:
            raise typer.Exit(NO)

    example = f"lienthong {verb} 17 {also}--reason 'seen on the portal'"
    app.command(name=verb, help=f"{says} Example: {example}")(command)


def _task(bus: Bus, body: dict[str, Any], *, as_json: bool) -> None:
    """Make a task of a verb over what a filter finds, or say how far it would reach."""
    told = bus.post("/v1/tasks", body)
    if not body["dry_run"]:
        CONTEXT.show(told, as_json, Table(f"task {told['id']}: {told['verb']} {told['count']} deliveries"))
        return
    table = Table("verdict", "because", "deliveries")
    for line in told["verdicts"]:
        table.add_row(line["verdict"], line["rule"], str(line["count"]))
    CONTEXT.show(told, as_json, table)
    if not as_json:
        approval = "; a second person has to approve" if told["needs_approval"] else ""
        print(
            f"{told['goes']} of {told['count']}, {told['dossiers']} dossiers, {', '.join(told['partners'])}: "
            f"{told['takes_s']:.0f} s at {told['rate_per_s']:g} a second{approval}"
        )


for _name, _says, *_also in (
    ("ask", "Ask the partner whether a delivery in doubt took effect."),
    ("resend", "Send the same request again, after asking where that is possible."),
    ("reprocess", "Start anew from the event with today's mapping, under a new key."),
    ("skip", "Close a lane's head as dead and let the lane go on past it."),
    ("hold", "Hold the lane of a delivery."),
    ("release", "Open a held lane, or let what waits for a code go on."),
    (
        "resolve",
        "Settle by hand what is in doubt or dead (--as delivered --reference R, or --as not-taken).",
        "--as delivered --reference H59-4711 ",
    ),
    ("cancel", "Close without sending."),
):
    _verb(_name, _says, *_also)


@app.command()
@asks_a_bus
def pause(bus: Bus, partner: str, reason: Why = "", as_json: AsJson = False) -> None:
    """Hold a partner; survives restarts. Example: lienthong pause national_portal --reason 'maintenance until 22:00'"""
    _switch(bus, "pause", partner, reason, as_json)


@app.command()
@asks_a_bus
def resume(bus: Bus, partner: str, reason: Why = "", as_json: AsJson = False) -> None:
    """Open a paused partner again. Example: lienthong resume national_portal --reason 'the portal is back'"""
    _switch(bus, "resume", partner, reason, as_json)


def _switch(bus: Bus, verb: str, partner: str, reason: str, as_json: bool) -> None:
    because(reason)
    told = bus.post(f"/v1/partners/{partner}/{verb}", {"reason": reason})
    CONTEXT.show(told, as_json, Table(f"{partner}: {'paused' if told['paused'] else 'open'}"))


@app.command(name="note-cause")
@asks_a_bus
def note_cause(
    bus: Bus,
    group: Annotated[str, typer.Argument(help="the group (see `lienthong causes`)")],
    owner: Annotated[str, typer.Option("--owner", help="who sees to it")] = "",
    reason: Annotated[str, typer.Option("--reason", help="what has been found out")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep who sees to a group of failures, and a note.

    Example: lienthong note-cause 0123456789ab --owner 'Tổ danh mục' --reason 'asked the portal'
    """
    told = bus.post(f"/v1/causes/{group}", {"owner": owner, "reason": reason})
    CONTEXT.show(told, as_json, Table(f"{told['fingerprint']}: {told['owner'] or 'nobody'}"))


@app.command(name="close-gap")
@asks_a_bus
def close_gap(
    bus: Bus,
    source: str,
    dossier: str,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Stop waiting for missing numbers of a sequence.

    Example: lienthong close-gap urn:lienthong:dossier-system 000.00.17.H59-260106-774020001 --reason 'never sent'
    """
    because(reason)
    told = bus.post("/v1/gaps/close", {"source": source, "dossier": dossier, "reason": reason})
    CONTEXT.show(told, as_json, Table(f"{told['entered']} events entered"))


@app.command(name="deal-with")
@asks_a_bus
def deal_with(
    bus: Bus,
    rows: Annotated[list[int], typer.Argument(help="rows by id (see `lienthong kept-raw`)")],
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Say that rows which could not be read have been dealt with: they are counted no more.

    Example: lienthong deal-with 4 5 --reason 'filed by hand'
    """
    because(reason)
    told = bus.post("/v1/kept-raw/dealt", {"ids": rows, "reason": reason})
    CONTEXT.show(told, as_json, Table(f"dealt with: {len(told['dealt'])} of {len(set(rows))}"))
    if len(told["dealt"]) < len(set(rows)):
        raise typer.Exit(NO)


@app.command(name="verify-audit")
@asks_a_bus
def verify_audit(bus: Bus, as_json: AsJson = False) -> None:
    """Verify the journal's hash chain; names the first bad entry. Example: lienthong verify-audit"""
    told = bus.get("/v1/audit/verify")
    CONTEXT.show(
        told,
        as_json,
        Table(f"{told['entries']} entries verify" + (f"; {told['first_bad']}" if told["first_bad"] else "")),
    )
    if not told["holds"]:
        raise typer.Exit(NO)
