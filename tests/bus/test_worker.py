"""One partner's worker over a real ledger, with an adapter that does as it is told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from bus import worker
from bus.adapter import Call, Job, Operation, Partner, Poll, Row, Wiring
from bus.ledger.ledger import LedgerBusy
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Filter
from bus.outcome import Absent, Cause, Delivered, Held, Outcome, Permanent, Unknown
from bus.policy import PartnerSettings
from bus.quarantine import Quarantine
from bus.seal import Keyring
from bus.worker import LEASE_SLACK_S, PartnerWorker, RefusalToReplies
from contracts.envelope import Envelope
from ops import desk
from tests.bus.ledger.conftest import arrival
from tests.conftest import HandClock
from tests.ledgers import new_ledger

Answer = Callable[[Sequence[Row]], Awaitable[Sequence[Outcome]]]


async def confirm(rows: Sequence[Row]) -> Sequence[Outcome]:
    return [Delivered() for _ in rows]


@dataclass
class Told:
    """An adapter with its answers given."""

    answer: Answer = confirm
    asked: Answer = confirm
    prepared: Callable[[Job], Row | Outcome] = lambda job: Row(job, b"{}")
    calls: list[list[str]] = field(default_factory=list)

    def prepare(self, job: Job) -> Row | Outcome:
        return self.prepared(job)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        self.calls.append([row.job.envelope.id for row in rows])
        return await self.answer(rows)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return await self.asked(rows)

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        return None


def no_adapter(_wiring: Wiring) -> Told:
    return Told()


class Bench:
    """A ledger, a clock and one worker at a time."""

    def __init__(self, ledger: SqlLedger, clock: HandClock) -> None:
        self.ledger = ledger
        self.clock = clock

    async def work(
        self,
        adapter: Told,
        *,
        until: int = 1,
        dedupe: Any = "key",
        batch: int = 1,
        refusal: RefusalToReplies = lambda _job, _outcome: (),
        edition: Mapping[str, str] = MappingProxyType({}),
        **settings: Any,
    ) -> list[str]:
        """Run until `until` rows were recorded (or half a second of silence); the states, oldest first."""
        seen: list[Outcome] = []
        done = asyncio.Event()

        def observe(_job: Job, outcome: Outcome, _seconds: float) -> None:
            seen.append(outcome)
            if len(seen) >= until:
                done.set()

        operation = Operation("row", "dòng", "row", dedupe, batch=batch)
        at_work = PartnerWorker(
            worker=self.ledger.process,
            partner=Partner("plain", "mẫu", "plain", (operation,), PartnerSettings, no_adapter),
            adapter=adapter,
            settings=PartnerSettings.model_validate({"timeout_s": 0.3, **settings}),
            ledger=self.ledger,
            clock=self.clock,
            rng=random.Random(1),
            ready=lambda _partners: at_work.wake(),
            ring_others=lambda _partner: None,
            arrival=lambda _envelope, _job: arrival(99),
            observe=observe,
            quarantine=Quarantine(),
            refusal=refusal,
            edition=lambda: edition,
        )
        running = asyncio.create_task(at_work.run())
        await asyncio.wait({asyncio.create_task(done.wait())}, timeout=0.6)
        at_work.stop()
        await running
        views, _ = await self.ledger.deliveries(Filter())
        return [f"{view.state} {view.cause}".strip() for view in reversed(views)]


@pytest.fixture
async def bench(tmp_path: Path, keys: Keyring, clock: HandClock) -> Any:
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    yield Bench(ledger, clock)
    await ledger.close()


async def test_due_rows_of_many_lanes_share_one_call_and_each_has_its_own_outcome(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1, dossier=f"000.00.17.H59-230425-000{n}") for n in range(3)])

    async def one_refused(rows: Sequence[Row]) -> Sequence[Outcome]:
        return [Delivered(), Permanent(code="3"), Unknown()]

    adapter = Told(one_refused)
    assert await bench.work(adapter, until=3, batch=10) == ["delivered", "dead refused", "in_doubt unknown"]
    assert len(adapter.calls) == 1


async def test_a_worker_that_was_stopped_past_its_lease_sends_nothing(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1)])
    stopped = iter([LEASE_SLACK_S + 1.0])

    def while_mapping(job: Job) -> Row:
        bench.clock.advance(next(stopped, 0.0))
        return Row(job, b"{}")

    adapter = Told(prepared=while_mapping)
    assert await bench.work(adapter) == ["delivered"]
    assert len(adapter.calls) == 1
    story = await bench.ledger.story(arrival(1).subject)
    assert story is not None
    assert [attempt.outcome for attempt in story.attempts] == ["Released", "Delivered"]


async def test_what_was_not_begun_goes_back_although_the_ledger_is_busy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.ledger.accept([arrival(1)])
    late, busy, release = iter([LEASE_SLACK_S + 1.0]), iter([True]), bench.ledger.release

    def while_mapping(job: Job) -> Row:
        bench.clock.advance(next(late, 0.0))
        return Row(job, b"{}")

    async def busy_once(jobs: Sequence[Job]) -> None:
        if next(busy, False):
            raise LedgerBusy("just now")
        await release(jobs)

    monkeypatch.setattr(worker, "BUSY_RETRY_S", 0.0)
    monkeypatch.setattr(bench.ledger, "release", busy_once)
    assert await bench.work(Told(prepared=while_mapping)) == ["delivered"]


async def test_an_outcome_that_is_known_is_recorded_although_the_ledger_is_busy_when_we_stop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.ledger.accept([arrival(1)])
    busy, record = iter(range(3)), bench.ledger.record

    async def busy_thrice(*args: Any) -> Any:
        if next(busy, None) is not None:
            raise LedgerBusy("just now")
        return await record(*args)

    monkeypatch.setattr(worker, "BUSY_RETRY_S", 0.05)
    monkeypatch.setattr(bench.ledger, "record", busy_thrice)
    assert await bench.work(Told()) == ["delivered"]


@pytest.mark.parametrize("dedupe", ["key", "query", "none"])
async def test_an_adapter_that_raises_after_sending_leaves_its_rows_in_doubt(bench: Bench, dedupe: str) -> None:
    await bench.ledger.accept([arrival(1)])

    async def bug(rows: Sequence[Row]) -> Sequence[Outcome]:
        raise RuntimeError("a bug")

    assert await bench.work(Told(bug), dedupe=dedupe) == ["in_doubt unknown"]


async def test_an_adapter_that_never_answers_is_cut_off_at_the_deadline(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1)])

    async def silence(rows: Sequence[Row]) -> Sequence[Outcome]:
        await asyncio.sleep(60)
        return []

    adapter = Told(silence)
    states = await asyncio.wait_for(bench.work(adapter, timeout_s=0.1), 5)
    assert states == ["in_doubt unknown"]


async def test_a_message_that_cannot_be_mapped_is_dead_at_once_and_its_neighbour_arrives(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1), arrival(1, dossier="000.00.17.H59-230425-0002")])

    def prepared(job: Job) -> Row | Outcome:
        if job.dossier.endswith("0001"):
            raise KeyError("a bug in the mapping")
        return Row(job, b"{}")

    assert await bench.work(Told(prepared=prepared), until=2) == ["dead poison", "delivered"]


async def test_what_is_owed_by_an_operation_that_is_gone_is_dead_and_its_neighbour_arrives(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1, "renamed"), arrival(1, dossier="000.00.17.H59-230425-0002")])
    assert await bench.work(Told(), until=2) == ["dead poison", "delivered"]


async def test_a_code_gap_is_held_without_a_call(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1)])
    adapter = Told(prepared=lambda job: Held(cause=Cause.CODE_GAP, key="code:ward:1:2025-07-01"))
    assert await bench.work(adapter) == ["waiting code_gap"]
    assert adapter.calls == []


async def test_what_a_refused_array_is_told_stands_in_the_story_of_the_dossier_it_names_alone(bench: Bench) -> None:
    dossiers = [f"000.00.17.H59-230425-{n:04}" for n in range(2)]
    await bench.ledger.accept([arrival(1, dossier=dossier) for dossier in dossiers])

    async def first_is_missing(rows: Sequence[Row]) -> Sequence[Outcome]:
        said = f"Hồ sơ {dossiers[0]} chưa có trên Cổng"
        return [Permanent(code="3", words=said, reply=said.encode(), whole=True) for _ in rows]

    await bench.work(Told(first_is_missing), until=2, batch=10)
    stories = [await bench.ledger.story(dossier) for dossier in dossiers]
    told = [any(dossiers[0] in str(one.secret) for one in story.attempts) for story in stories if story is not None]
    assert told == [True, False]


async def test_a_refused_array_is_bisected_until_the_guilty_row_stands_alone(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1, dossier=f"000.00.17.H59-230425-{n:04}") for n in range(10)])

    async def all_or_nothing(rows: Sequence[Row]) -> Sequence[Outcome]:
        bad = any(row.job.dossier.endswith("0007") for row in rows)
        return [Permanent(code="3", whole=len(rows) > 1) if bad else Delivered() for _ in rows]

    states = await bench.work(Told(all_or_nothing), until=10_000, batch=10)
    assert states.count("delivered") == 9
    assert states[7] == "dead refused"
    views, _ = await bench.ledger.deliveries(Filter(dossier="000.00.17.H59-230425-0006"))
    assert views[0].tries == 1


async def test_a_refusal_is_told_once_for_the_row_that_died_of_it_and_in_the_same_commit(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1, dossier=f"000.00.17.H59-230425-{n:04}") for n in range(4)])

    async def all_or_nothing(rows: Sequence[Row]) -> Sequence[Outcome]:
        bad = any(row.job.dossier.endswith("0002") for row in rows)
        return [Permanent(code="3", whole=len(rows) > 1) if bad else Delivered() for _ in rows]

    told: list[str] = []

    def refusal(job: Job, outcome: Outcome) -> tuple[Envelope, ...]:
        told.append(f"{job.dossier} {outcome.code}")
        return (job.envelope,)

    before = (await bench.ledger.totals()).events
    await bench.work(Told(all_or_nothing), until=10_000, batch=4, refusal=refusal)
    assert told == ["000.00.17.H59-230425-0002 3"]
    assert (await bench.ledger.totals()).events == before + 1


async def test_what_is_in_doubt_is_asked_for_and_sent_again_only_when_absent(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1)])
    answers: list[Outcome] = [Unknown(), Delivered()]

    async def answer(rows: Sequence[Row]) -> Sequence[Outcome]:
        return [answers.pop(0)]

    async def absent(rows: Sequence[Row]) -> Sequence[Outcome]:
        return [Absent()]

    adapter = Told(answer, absent)
    assert await bench.work(adapter, dedupe="query") == ["in_doubt unknown"]
    bench.clock.advance(10)
    assert await bench.work(adapter, until=2, dedupe="query") == ["delivered"]
    assert len(adapter.calls) == 2


async def test_each_attempt_keeps_when_its_call_left_and_what_mapped_its_request(bench: Bench) -> None:
    await bench.ledger.accept([arrival(1)])
    answers = iter([[Permanent(code="3", request=b"{}")]])

    async def later(rows: Sequence[Row]) -> Sequence[Outcome]:
        return next(answers, [Delivered(request=b"{}")])

    await bench.work(Told(later), edition={"mapping": "0badcafe"})
    story = await bench.ledger.story(arrival(1).subject)
    assert story is not None
    (attempt,) = story.attempts
    assert attempt.facts["mapping"] == "0badcafe"
    assert float(attempt.facts["read"]) == pytest.approx(bench.clock.now())
    await desk.act(bench.ledger, desk.Deed("resend", Filter(dossier=arrival(1).subject)), "lan", "mended")
    await bench.work(Told(later), edition={"mapping": "f00dbabe"})
    story = await bench.ledger.story(arrival(1).subject)
    assert story is not None
    assert "mapping" not in story.attempts[-1].facts, "the same request is sent again, mapped by what it was mapped by"
