"""Mappings as tables: are they complete, how do they read, what would a partner get."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, ConfigFile, fail, settings_of

mappings = typer.Typer(help="The tables between the canonical model and a partner's contract.", no_args_is_help=True)
app = typer.Typer()
app.add_typer(mappings, name="mappings")

PartnerName = Annotated[str, typer.Argument(help="partner")]


@mappings.command()
def check(
    partner: Annotated[str, typer.Argument(help="one partner (default: all)")] = "", as_json: AsJson = False
) -> None:
    """Is every required field filled, does every path and field exist, has every row its source? Example: lienthong mappings check"""
    from mappings import check as checking

    names = [partner] if partner else _names()
    found = [finding for name in names for finding in checking.check(_known(name))]
    count = sum(len(checking.tables(name)) for name in names)
    table = Table("table", "field", "finding", title=f"{count} tables, {len(found)} findings")
    for finding in found:
        table.add_row(*finding)
    told = {"tables": count, "findings": [finding._asdict() for finding in found]}
    CONTEXT.show(told, as_json, table)
    if found:
        raise typer.Exit(NO)


@mappings.command()
def show(partner: PartnerName, as_json: AsJson = False) -> None:
    """The partner's tables, row by row: our field, theirs, the rule, the source. Example: lienthong mappings show national_portal"""
    from mappings.check import cells, tables

    head = ("our field", "their field", "rule", "required", "source")
    found = tables(_known(partner))
    told = {
        f"{one.module}.{one.name}": [dict(zip(head, cells(line), strict=True)) for line in one.table] for one in found
    }
    if as_json:
        CONTEXT.show(told, True)
        return
    for one in found:
        table = Table(*head, title=f"{one.module}.{one.name}{' (read)' if one.reads else ''}")
        for line in one.table:
            table.add_row(*cells(line))
        CONTEXT.out.print(table)


@mappings.command()
def preview(
    partner: PartnerName,
    event: Annotated[str, typer.Option("--event", help="a file with one event (default: standard input)")] = "-",
    operation: Annotated[str, typer.Option("--operation", help="this one alone (default: all it owes)")] = "",
    memo: Annotated[list[str] | None, typer.Option("--memo", help="what the lane remembers: NAME=VALUE")] = None,
    config: ConfigFile = None,
) -> None:
    """What the partner would be sent for an event; personal values are masked. Nothing leaves.

    Example: lienthong sample --events 1 | lienthong mappings preview national_portal
    """
    from contracts.envelope import read
    from contracts.fault import Refusal

    try:
        raw = sys.stdin.buffer.read() if event == "-" else Path(event).read_bytes()
        envelope = read(raw.strip())
    except OSError as error:
        fail(USAGE, f"{event}: {error.strerror}")
    except Refusal as refusal:
        fail(USAGE, f"this is no event: {refusal}")
    lane = dict(line.partition("=")[::2] for line in memo or ())
    rows = list(_previewed(_known(partner), envelope, operation, lane, config))
    if not rows:
        fail(NO, f"{envelope.type} owes {partner} {operation or 'nothing'}")
    CONTEXT.show(rows, True)
    if any("held" in row for row in rows):
        raise typer.Exit(NO)


def _previewed(
    name: str, envelope: Any, operation: str, memo: dict[str, str], config: Path | None
) -> Iterator[dict[str, Any]]:
    """Each operation owed, with its request or the reason why there is none."""
    from adapters import discover
    from bus.adapter import Job, Row, Wiring
    from bus.clock import SteadyClock
    from mappings.routes import owed
    from ops.simulate import demo_settings

    partner = discover()[name]
    own = settings_of(config).partner(partner)
    if not own.base_url:
        own = partner.settings.model_validate({"base_url": "http://127.0.0.1:9", **demo_settings(name)})
    adapter = partner.open(Wiring(own, _NoVault(), SteadyClock(), random.Random(0), "http://127.0.0.1"))
    for debt in owed(envelope, {name}):
        if operation and debt.operation != operation:
            continue
        job = Job(
            delivery=0,
            attempt=0,
            lane=0,
            partner=name,
            operation=debt.operation,
            step="send",
            dossier=envelope.subject,
            number=1,
            key="preview",
            envelope=envelope,
            memo=memo,
            has_full=False,
            request=b"",
            tries=0,
            crashes=0,
            group_size=None,
            in_doubt=False,
            accepted_at=0.0,
            traceparent="",
        )
        prepared = adapter.prepare(job)
        if isinstance(prepared, Row):
            yield {
                "operation": debt.operation,
                "request": _shown(prepared.body, partner.operation(debt.operation).message),
            }
        else:
            yield {"operation": debt.operation, "held": f"{type(prepared).__name__}: {prepared.code} {prepared.words}"}


def _shown(body: bytes, model: Any) -> Any:
    """The request, masked as it is masked wherever it is shown."""
    from contracts.marks import redact

    try:
        return redact(json.loads(body), model)
    except ValueError:
        return f"{len(body)} bytes that are no JSON"


class _NoVault:
    """A preview asks nobody for a session."""

    async def token(self, name: str, fetch: Any, *, stale: int = 0) -> Any:
        raise AssertionError(f"a preview fetches no {name}")


def _names() -> list[str]:
    from adapters import discover

    return list(discover())


def _known(name: str) -> str:
    if name not in _names():
        fail(USAGE, f"there is no partner {name}; there are {', '.join(_names())}")
    return name
