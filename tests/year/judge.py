"""Book against book: what each partner wrote down of a round, beside what the ledger believes, dossier by dossier and in order."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from adapters.simulator import Simulator
from bus.ledger.schema import SQLITE

Lane = tuple[str, str]
"""(partner, dossier)."""
SHOWN = 5
DELIVERED = """SELECT d.partner, d.dossier, d.operation, e.event_id FROM delivery d JOIN event e ON e.id = d.event
    WHERE d.id > ? AND d.state = 'delivered' ORDER BY d.partner, d.dossier, d.lane, d.number"""
STATES = "SELECT partner, state, cause, count(*) FROM delivery WHERE id > ? GROUP BY partner, state, cause"


@dataclass
class Verdict:
    """What the round came to. `wrong` is empty where both sides agree on every effect and its place in the order."""

    delivered: dict[str, int] = field(default_factory=dict)
    superseded: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def judge(
    folder: Path, ledger: str, since: int, simulators: Mapping[str, type[Simulator]], names: Mapping[str, str]
) -> Verdict:
    """Compare the books in `folder` with the deliveries of the ledger (its address) behind the id `since`.

    `names`: the partners' own names of what the ledger knows by another.
    """
    verdict = Verdict()
    for partner, state, cause, count in rows(ledger, STATES, since):
        if state == "delivered":
            verdict.delivered[partner] = verdict.delivered.get(partner, 0) + count
        elif state == "superseded":
            verdict.superseded += count
        elif (state, cause) == ("dead", "refused"):
            verdict.refused[partner] = count
        else:
            verdict.wrong.append(f"{partner}: {count} are {state} ({cause or 'no cause'})")
    believed = _believed(ledger, since, simulators)
    linked = {e["code"]: e["subject"] for e in entries(folder / "linked_services.jsonl") if e["kind"] == "status"}
    ours = {**names, **linked}
    for partner, kind in simulators.items():
        done, told_again = _done(folder / f"{partner}.jsonl", kind, ours)
        verdict.effects[partner] = sum(map(len, done.values()))
        verdict.wrong += [f"{partner}: {told_again} told again"] if told_again else []
        verdict.wrong += _differences(partner, done, believed.pop(partner, {}))
    return verdict


def rows(ledger: str, sql: str, *values: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a question to the ledger's database, past the bus."""
    if ledger.startswith(SQLITE):
        with contextlib.closing(sqlite3.connect(f"file:{ledger.removeprefix(SQLITE)}?mode=ro", uri=True)) as connection:
            yield from connection.execute(sql, values)
    else:
        with psycopg.connect(ledger) as server:
            yield from server.execute(sql.replace("?", "%s").encode(), values)


def _believed(ledger: str, since: int, simulators: Mapping[str, type[Simulator]]) -> dict[str, dict[str, list[str]]]:
    """By partner and dossier what was delivered, in the lane's order; of operations that leave a trace with the partner."""
    traced = {name: set(kind.effects.values()) for name, kind in simulators.items()}
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for partner, dossier, operation, event in rows(ledger, DELIVERED, since):
        if operation in traced.get(partner, ()):
            found[partner][dossier].append(event if operation == "notify" else operation)
    return found


def _done(book: Path, kind: type[Simulator], ours: Mapping[str, str]) -> tuple[dict[str, list[str]], int]:
    """By dossier what the partner says was done, in its order, and how often it was told something again.

    What it answered as known already counts as done. Notices are known by their ids, and where a partner has its own name for a
    dossier, `ours` tells the ledger's. The portal's rows of progress must stand in the order of their own times.
    """
    found: dict[str, list[str]] = defaultdict(list)
    latest: dict[str, str] = {}
    told_again = 0
    for entry in entries(book):
        told_again += entry["kind"] == "repeat"
        operation = kind.effects.get(entry["kind"]) or (entry["kind"] == "known" and entry["operation"])
        if not operation:
            continue
        dossier = entry[kind.whose]
        if kind.whose != "subject":
            dossier = ours.get(dossier, dossier)
        if entry["kind"] == "progress":
            at = entry["data"]["ThoiDiemXuLy"]
            operation += " overtaken" if at < latest.get(dossier, "") else ""
            latest[dossier] = at
        found[dossier].append(entry["id"] if operation == "notify" else operation)
    return found, told_again


def entries(book: Path) -> Iterator[dict[str, Any]]:
    """The lines of a book."""
    if book.exists():
        with book.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def _differences(partner: str, done: Mapping[str, list[str]], believed: Mapping[str, list[str]]) -> list[str]:
    """Dossiers of which partner and ledger tell different things, the first few of them in full."""
    differ = [code for code in sorted({*done, *believed}) if done.get(code, []) != believed.get(code, [])]
    said = [
        f"{partner} {code}: did {done.get(code, [])}, the ledger has {believed.get(code, [])}"
        for code in differ[:SHOWN]
    ]
    return [*said, f"{partner}: {len(differ)} dossiers differ"] if differ else []
