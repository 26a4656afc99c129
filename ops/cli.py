"""The command `lienthong`: arguments in, desk or queries called over HTTP, text out.

Exit codes: 0 done; 1 the answer is no (not verified, not all accepted, not all done); 2 wrong usage; 3 no bus answers; 4 the
settings cannot be used; 5 the ledger may not be used. Every error is one sentence on standard error.
"""

from __future__ import annotations

import typer

from ops.commands import (
    acting,
    asking,
    coding,
    comparing,
    exchanging,
    feeding,
    incidents,
    keeping,
    looking,
    measuring,
    people,
    publishing,
    replaying,
    retaining,
    rooms,
    running,
    tables,
    targets,
    tasks,
)

app = typer.Typer(
    name="lienthong",
    help="Liên Thông: the bus between a province's dossier system and the national systems.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ROOMS = (
    running,
    feeding,
    looking,
    exchanging,
    comparing,
    asking,
    publishing,
    acting,
    tasks,
    coding,
    tables,
    replaying,
    rooms,
    keeping,
    retaining,
    people,
    incidents,
    measuring,
    targets,
)
for room in ROOMS:
    app.add_typer(room.app)


def main() -> None:
    """The console script."""
    app()
