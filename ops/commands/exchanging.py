"""One exchange with one partner, field by field."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.commands.common import CONTEXT, USAGE, AsJson, Bus, asks_a_bus, fail

app = typer.Typer()


@app.command()
@asks_a_bus
def exchange(
    bus: Bus,
    delivery: Annotated[int, typer.Argument(help="the delivery's number, as lists and stories name it")],
    attempt: Annotated[int, typer.Option("--attempt", help="which try (default: the last)")] = 0,
    differs: Annotated[bool, typer.Option("--differs", help="only fields that changed or are wrong")] = False,
    lang: Annotated[str, typer.Option("--lang", help="vi or en")] = "vi",
    as_json: AsJson = False,
) -> None:
    """What came, was sent, answered and applied, field by field, with its times and editions. Example: lienthong exchange 1"""
    from ops.telling import head, table

    if lang != "vi" and lang != "en":
        fail(USAGE, "--lang is vi or en")
    told = bus.get(f"/v1/exchanges/{delivery}", attempt=attempt or None)
    if not as_json:
        print("\n".join(head(told, "en" if lang == "en" else "vi")))
    CONTEXT.show(told, as_json, table(told, "en" if lang == "en" else "vi", only_differing=differs))
