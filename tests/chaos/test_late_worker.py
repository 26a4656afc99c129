"""A worker that slept between its claim and its call (a stopped process, a paused machine) must not send: others have taken over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from bus.adapter import Call, Job, Poll, Row
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Arrival, Debt
from bus.outcome import Delivered, Outcome
from bus.policy import PartnerSettings
from bus.quarantine import Quarantine
from bus.seal import Keyring
from bus.worker import LEASE_SLACK_S, PartnerWorker
from contracts.envelope import Envelope
from ops.bench.plain import plain_partner
from tests.builders import DOSSIER, SOURCE, an_envelope
from tests.conftest import HandClock


class SleepyAdapter:
    """Notes what it sends; its process sleeps for `sleeps_s` while it prepares a row."""

    def __init__(self, clock: HandClock, sleeps_s: float) -> None:
        self.sent: list[str] = []
        self._clock = clock
        self._sleeps_s = sleeps_s

    def prepare(self, job: Job) -> Row | Outcome:
        self._clock.advance(self._sleeps_s)
        return Row(job, b"{}")

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        self.sent += [row.job.key for row in rows]
        return [Delivered() for _ in rows]

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return await self.deliver(rows, call)

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        """Nothing to let go of."""


def no_reply(_envelope: Envelope, _job: Job) -> Arrival:
    raise AssertionError("this partner answers nothing")


async def first_outcome(ledger: SqlLedger) -> str:
    """How the dossier's first attempt ended, once it has."""
    while True:
        story = await ledger.story(DOSSIER)
        ended = [attempt.outcome for attempt in story.attempts if attempt.closed_at] if story else []
        if ended:
            return ended[0]
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("sleeps_s", "sends"), [(0.0, True), (LEASE_SLACK_S + 60.0, False)], ids=["awake", "slept"])
async def test_a_worker_that_slept_past_its_lease_does_not_send(
    tmp_path: Path, keys: Keyring, clock: HandClock, sleeps_s: float, sends: bool
) -> None:
    settings = PartnerSettings(base_url="http://127.0.0.1:9")
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", keys, clock=clock)
    adapter = SleepyAdapter(clock, sleeps_s)
    worker = PartnerWorker(
        worker=ledger.process,
        partner=plain_partner("plain", "query"),
        adapter=adapter,
        settings=settings,
        ledger=ledger,
        clock=clock,
        rng=random.Random(1),
        ready=lambda partners: None,
        ring_others=lambda partner: None,
        arrival=no_reply,
        observe=lambda job, outcome, seconds: None,
        quarantine=Quarantine(),
    )
    envelope = an_envelope()
    body = envelope.to_json()
    await ledger.accept(
        [
            Arrival(
                source=SOURCE,
                id=envelope.id,
                type=envelope.type,
                subject=DOSSIER,
                sequence=1,
                occurred_at=0.0,
                body=body,
                content=body,
                debts=(Debt("plain", "put", full_state=False),),
                client="test",
            )
        ]
    )
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        tasks.create_task(worker.run())
        ended = await first_outcome(ledger)
        worker.stop()
    assert ended == ("Delivered" if sends else "Released")
    assert bool(adapter.sent) is sends
    await ledger.close()
