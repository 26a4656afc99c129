"""What the console's pages ask steps through indices: no question reads a whole table that grows with the years."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bus.ledger import postgres, reading
from bus.ledger.database import Rows, queries
from bus.ledger.keys import SearchKeys
from bus.ledger.ledger import LedgerBusy
from bus.ledger.reading import IN_TROUBLE, PostgresReading, Reader, SqliteReading, conditions
from bus.ledger.words import Filter, State
from bus.outcome import Cause
from bus.seal import Keyring
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import Desk, arrival

GROWING = ("event", "delivery", "attempt", "lane", "search_key", "finder", "thread", "note", "journal", "trouble")
SMALL = ("delivery_sending",)
"""Indices of what is under way at a time, which is little however full the ledger."""
GROUP = Filter(partner="plain", operation="row", states=(State.DEAD,), cause=Cause.REFUSED, code="E1")
LISTS = (
    Filter(states=(State.DEAD,)),
    Filter(states=(State.WAITING, State.IN_DOUBT)),
    Filter(cause=Cause.CODE_GAP),
    Filter(partner="plain", states=(State.WAITING,)),
    GROUP,
    Filter(dossier=DOSSIER),
    Filter(dossier=DOSSIER, partner="plain"),
    Filter(ids=(1, 2)),
    Filter(hold_key="code:ward:1:2026-01-01"),
)


class Explained:
    """A reading connection that explains each question before it answers it."""

    def __init__(self, inner: SqliteReading | PostgresReading) -> None:
        self._inner = inner
        self.scans: list[str] = []
        if isinstance(inner, PostgresReading):
            inner.rows("SELECT set_config('enable_seqscan', 'off', false)", {})

    def rows(self, sql: str, params: Mapping[str, Any]) -> Rows:
        """The rows; what of the plan reads a growing table from end to end is noted."""
        if isinstance(self._inner, PostgresReading):
            text = queries("reading.sql").get(sql, sql)
            ((plan,),) = self._inner.rows(f"EXPLAIN (FORMAT JSON) {text}", params)
            self.scans += [f"{sql}: {scan}" for scan in _scans(plan[0]["Plan"])]
        else:
            text = self._inner.file.get(sql, sql)
            steps = [row[3] for row in self._inner.rows(f"EXPLAIN QUERY PLAN {text}", params)]
            self.scans += [f"{sql}: {step}" for step in _walks(text, steps)]
        return self._inner.rows(sql, params)

    def snapshot(self, begin: bool) -> None:
        self._inner.snapshot(begin)


def _walks(text: str, steps: list[str]) -> list[str]:
    """Steps that walk through a growing table; the rows of an inner question are walked through as well, and are few."""
    tables = {alias or table: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+)(?: AS)? ?(\w*)", text)}
    tables |= {table: table for table in tables.values()}
    walks = [step for step in steps if step.startswith("SCAN ") and tables.get(step.split()[1]) in GROWING]
    for step in steps:
        if step.startswith(("MATERIALIZE ", "CO-ROUTINE ")) and f"SCAN {step.split()[1]}" in walks:
            walks.remove(f"SCAN {step.split()[1]}")
    return walks


def _scans(node: dict[str, Any]) -> Iterator[str]:
    """Nodes that read a growing table without a condition on an index."""
    stepped = {"Index Cond", "Recheck Cond", "TID Cond"} & node.keys() or node.get("Index Name") in SMALL
    if node.get("Relation Name") in GROWING and not stepped:
        yield f"{node['Node Type']} on {node['Relation Name']}"
    for inner in node.get("Plans", ()):
        yield from _scans(inner)


def test_what_follows_from_the_state_asked_for_is_said_to_sqlite_alone() -> None:
    """PostgreSQL would read all that is in trouble and sort it: 22,909 rows for a page of 100, before ten million deliveries."""
    asked, _ = conditions(Filter(states=(State.DEAD,)))
    assert asked[-1].endswith(IN_TROUBLE)
    assert postgres.translate(" AND ".join(asked)) == "d.state IN (%(state_0)s) AND TRUE"
    everything, _ = conditions(Filter(cause=Cause.CODE_GAP))
    assert postgres.translate(everything[-1]) == IN_TROUBLE


ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"


def reading_of(url: str) -> SqliteReading | PostgresReading:
    path = Path(url.removeprefix("sqlite:///"))
    return SqliteReading(path) if url.startswith("sqlite") else PostgresReading(url)


async def test_no_question_goes_on_for_ever(
    desk: Desk, ledger_url: str, keys: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_LIMIT_S", 0.2)
    reader = Reader(lambda: reading_of(ledger_url), keys)
    with pytest.raises(LedgerBusy, match="cannot be read"):
        await reader.ask(lambda connection: connection.rows(ENDLESS, {}))
    assert (await reader.totals()).events == 0
    reader.close()


@pytest.fixture
async def explain(desk: Desk, ledger_url: str, keys: Keyring) -> tuple[Reader, Explained]:
    """A reader of a small ledger that tells how it finds what it is asked."""
    await desk.accept(*(arrival(number) for number in range(1, 4)))
    explained = Explained(reading_of(ledger_url))
    return Reader(lambda: explained, keys), explained


@pytest.mark.parametrize("where", LISTS, ids=str)
async def test_a_list_steps_through_an_index(explain: tuple[Reader, Explained], where: Filter) -> None:
    reader, explained = explain
    await reader.page(where, "", 100)
    await reader.page(where, "3", 100)
    assert explained.scans == []


async def test_home_causes_and_a_dossier_step_through_indices(explain: tuple[Reader, Explained]) -> None:
    reader, explained = explain
    await reader.totals()
    await reader.causes()
    await reader.code_gaps()
    await reader.partners()
    assert await reader.story(DOSSIER) is not None
    asked = {"partner": "plain", "dossier": DOSSIER, "operation": "row", "accepted_at": 0.0, "delivery": 1}
    assert await reader.ask(lambda connection: connection.rows("owed_since", asked))
    assert explained.scans == []


async def test_a_search_steps_through_indices(explain: tuple[Reader, Explained], keys: Keyring) -> None:
    reader, explained = explain
    found = SearchKeys(keys, reader.ask)
    for text in (DOSSIER, "4bf92f3577b34da6a3ce929d0e0e4736", "17", f"{DOSSIER}/1"):
        await found.find(text)
    await found.find_people(("citizen",), ("084080000123",))
    assert await found.suggest("2304")
    await found.suggest("2304", "plain")
    await found.standing([DOSSIER])
    await found.known(DOSSIER)
    await found.known(DOSSIER, "plain")
    assert explained.scans == []


async def test_the_eye_that_looks_for_scans_sees_one(explain: tuple[Reader, Explained]) -> None:
    reader, explained = explain
    await reader.page(Filter(operation="row"), "", 100)
    assert len(explained.scans) == 1
