"""Feeding the bus: sample events, and events from a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.commands.common import CONTEXT, NO, USAGE, AsJson, Bus, ask, asks_a_bus, fail

app = typer.Typer()

STDIN = Path("-")


@app.command()
def sample(
    events: Annotated[int, typer.Option("--events", min=0, help="how many events")] = 10,
    dossiers: Annotated[int, typer.Option("--dossiers", min=1, help="over how many dossiers at most")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="the same seed gives the same events")] = 1,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="first day, yyyy-mm-dd")] = "2026-01-05",
) -> None:
    """Print realistic CloudEvents, one JSON a line. Example: lienthong sample --events 100 --dossiers 20 --seed 7"""
    from datetime import date

    from ops.sample import generate

    try:
        first = date.fromisoformat(start)
    except ValueError:
        fail(USAGE, f"--from is a day like 2026-01-05, not {start!r}")
    try:
        for envelope in generate(events, dossiers, seed, first):
            sys.stdout.write(envelope.to_json().decode() + "\n")
        sys.stdout.flush()
    except ValueError as error:
        fail(USAGE, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file, or of standard input for `-`."""
    if file == STDIN:
        yield from sys.stdin
        return
    try:
        with file.open(encoding="utf-8") as lines:
            yield from lines
    except OSError as error:
        fail(USAGE, f"{file}: {error.strerror}")


@app.command()
@asks_a_bus
def send(
    bus: Bus,
    file: Annotated[Path, typer.Argument(help="events, one JSON a line (default: standard input)")] = STDIN,
    batch: Annotated[int, typer.Option("--batch", min=1, max=1000)] = 200,
    as_json: AsJson = False,
) -> None:
    """Post events in batches, again after a broken connection; 0 only when each was accepted or a duplicate.

    Example: lienthong sample --events 100 | lienthong send --url http://127.0.0.1:8080
    """
    remote = bus.remote  # settings that cannot be used are told before anything is read
    counts: dict[str, int] = {}
    values: list[Any] = []
    refused: list[dict[str, Any]] = []

    def post() -> None:
        for verdict in ask(lambda: remote.send(values)):
            counts[verdict["status"]] = counts.get(verdict["status"], 0) + 1
            if verdict["status"] in ("refused", "conflict"):
                refused.append(verdict)
                why = verdict.get("reason") or "; ".join(f"{f['path']}: {f['rule']}" for f in verdict.get("faults", ()))
                print(f"{verdict['status']} {verdict['id']}: {why}", file=sys.stderr)
        values.clear()

    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            values.append(json.loads(line))
        except ValueError as error:
            if values:
                post()
            fail(NO, f"line {number} is not JSON ({error}); the lines before it were sent")
        if len(values) >= batch:
            post()
    if values:
        post()
    if as_json:
        CONTEXT.show({"counts": counts, "refused": refused}, True)
    else:
        print(", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "nothing to send")
    if refused:
        raise typer.Exit(NO)
