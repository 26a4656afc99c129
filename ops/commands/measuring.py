"""Measuring: how fast the bus is on this machine."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, NO, UNFIT, AsJson, ConfigFile, fail, settings_of

app = typer.Typer()


@app.command()
def bench(
    events: Annotated[int, typer.Option("--events", min=50, max=20_000, help="how many events")] = 700,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Measure this machine with the settings' database, in a scratch ledger beside the real one. Example: lienthong bench --json"""
    from bus.ledger.ledger import LedgerUnfit
    from ops.bench import here

    url = settings_of(config).ledger.url
    try:
        figures = here.measure(url, events)
    except LedgerUnfit as error:
        fail(UNFIT, str(error))
    except (OSError, TimeoutError) as error:
        fail(NO, f"the measurement did not end: {error}")
    kind = url.partition("://")[0]
    table = Table("figure", "measured", title=f"{kind}, {events} events, each owed to 3 partners")
    for figure in figures:
        table.add_row(figure.what, f"{figure.value:,.2f} {figure.unit}")
    CONTEXT.show({"database": kind, "events": events, **{f.key: round(f.value, 3) for f in figures}}, as_json, table)
