"""A fresh ledger on each database, with time in hand."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.adapter import Job
from bus.ledger import migrations
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Arrival, Claim, Claimed, Debt, Move, Result, SourceRule, State, Verdict
from bus.outcome import Cause
from bus.seal import Keyring
from tests.builders import DOSSIER, SOURCE, an_envelope
from tests.conftest import HandClock

LEASE_S = 45.0
DELIVERED = Move(State.DELIVERED, Cause.NONE, doubt=0)


class Desk:
    """A ledger with short words for tests."""

    def __init__(self, ledger: SqlLedger, clock: HandClock) -> None:
        self.ledger = ledger
        self.clock = clock

    async def accept(self, *arrivals: Arrival) -> list[Verdict]:
        return await self.ledger.accept(arrivals)

    async def claim(self, partner: str = "plain", rows: int = 50, **changes: Any) -> Claimed:
        asked: dict[str, Any] = {
            "worker": self.ledger.process,
            "calls": rows,
            "rows": rows,
            "lease_s": LEASE_S,
            "batches": {},
        }
        return await self.ledger.claim(Claim(partner, **(asked | changes)))

    async def close(self, job: Job, move: Move = DELIVERED, **facts: Any) -> bool:
        recorded = await self.ledger.record([Result(job, move, "Test", **facts)])
        return recorded.counted[0]

    async def one(self, partner: str = "plain") -> Job:
        """The one job that can be claimed now."""
        claimed = await self.claim(partner)
        assert len(claimed.jobs) == 1, [job.envelope.id for job in claimed.jobs]
        return claimed.jobs[0]

    async def states(self, dossier: str = DOSSIER) -> list[str]:
        """States of a dossier's deliveries in the order of their events."""
        story = await self.ledger.story(dossier)
        assert story is not None
        return [delivery.state.value for delivery in sorted(story.deliveries, key=lambda d: (d.number or 10**9, d.id))]


def arrival(
    number: int = 1,
    *operations: str,
    dossier: str = DOSSIER,
    sequence: int | None = -1,
    event_id: str = "",
    partner: str = "plain",
    full: Sequence[str] = ("state",),
    priority: int = 1,
    data: Any = None,
    finders: tuple[tuple[str, str], ...] = (),
    aside: Sequence[str] = ("watch",),
) -> Arrival:
    """An event owing `operations` (default: one history row) to a partner; `state` is a full-state operation, `watch` stands aside."""
    numbered = number if sequence == -1 else sequence
    envelope = an_envelope(
        number, dossier=dossier, id=event_id or f"{dossier}/{number}", sequence=numbered, data=data or {"n": number}
    )
    return Arrival(
        source=SOURCE,
        id=envelope.id,
        type=envelope.type,
        subject=dossier,
        sequence=numbered,
        occurred_at=1.0,
        body=envelope.to_json(),
        content=envelope.content(),
        debts=tuple(Debt(partner, o, o in full, priority, o in aside) for o in operations or ("row",)),
        client="test",
        finders=finders,
        envelope=envelope,
    )


def take_back(path: Path, revision: str) -> None:
    """Make a fresh SQLite ledger one of an older schema: what later steps made is gone."""
    steps = [step for step in Path(migrations.__file__).parent.glob("*.sql") if step.stem > revision]
    text = "\n".join(step.read_text() for step in sorted(steps, reverse=True))
    made = re.findall(r"^CREATE (?:UNIQUE )?(TRIGGER|TABLE|INDEX) (\w+)", text, re.MULTILINE)
    added = re.findall(r"^ALTER TABLE (\w+) ADD COLUMN (\w+)", text, re.MULTILINE)
    with sqlite3.connect(path) as connection:
        for kind, name in made:
            connection.execute(f"DROP {kind} IF EXISTS {name}")
        for table, column in added:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


Open = Callable[[], Desk]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """A fresh ledger's address on each database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def rules() -> dict[str, SourceRule]:
    return {}


@pytest.fixture
async def desk(ledger_url: str, keys: Keyring, clock: HandClock, rules: dict[str, SourceRule]) -> AsyncIterator[Desk]:
    ledger = open_ledger(ledger_url, keys, clock=clock, rules=rules)
    yield Desk(ledger, clock)
    await ledger.close()
