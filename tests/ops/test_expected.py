"""Steps that ought to follow: what the table says, in Vietnamese working time; each late or missing one is raised once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from adapters import discover
from bus.intake import Intake
from bus.ledger.expected import FIRST_LOOK_S, Happened, Owing
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Claim, Move, Result, State
from bus.outcome import Cause
from bus.seal import Keyring
from contracts.envelope import Envelope, judge
from contracts.working_time import VIETNAM, VIETNAMESE, Calendar
from mappings.routes import owed
from ops import deadlines, dossiers, expected
from ops.expected import Facts, Step, steps
from ops.sample import generate
from ops.story import tell
from tests.conftest import HandClock

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=VIETNAM)
PARTNERS = frozenset({"national_portal", "dossier_system"})


def at(hours: float) -> float:
    """So long after Monday eight o'clock, seconds since the epoch."""
    return (MONDAY + timedelta(hours=hours)).timestamp()


def event(number: int, name: str, hours: float, came: float | None = None) -> Happened:
    return Happened(number, f"vn.lienthong.{name}.v1", at(hours), at(hours if came is None else came))


def stand(found: list[Step], step: str) -> str:
    return next((one.stand for one in found if one.step == step), "")


def due(found: list[Step], step: str) -> str:
    one = next(one for one in found if one.step == step)
    assert one.due_at is not None
    return datetime.fromtimestamp(one.due_at, VIETNAM).strftime("%a %H:%M")


def test_every_line_of_the_table_names_a_partner_both_languages_and_where_it_stands() -> None:
    for rule in expected.rules():
        assert rule.partner in discover(), rule.step
        assert all((rule.title_vi, rule.title_en, rule.source)), rule.step
        if isinstance(rule.limit, timedelta):
            assert rule.limit.total_seconds() >= FIRST_LOOK_S, f"{rule.step} may be late before it is looked at"


def test_the_portals_status_is_late_after_fifteen_minutes_of_the_wall_also_at_night() -> None:
    events = [event(1, "dossier.received", 13)]
    waits = [Owing(1, "national_portal", State.WAITING, Cause.NOT_SENT, at(13))]
    assert stand(steps(events, waits, Facts(), at(13.2)), "portal_status") == "expected"
    assert stand(steps(events, waits, Facts(), at(13.25)), "portal_status") == "late"
    for state in (State.DELIVERED, State.SUPERSEDED, State.CANCELLED):
        assert stand(steps(events, [waits[0]._replace(state=state)], Facts(), at(14)), "portal_status") == ""
    skipped = waits[0]._replace(state=State.DEAD, cause=Cause.SKIPPED)
    assert stand(steps(events, [skipped], Facts(), at(14)), "portal_status") == ""
    assert stand(steps(events, [skipped._replace(cause=Cause.REFUSED)], Facts(), at(14)), "portal_status") == "late"


def test_a_status_nobody_was_told_to_send_is_missing_where_the_portal_has_the_dossier() -> None:
    events = [event(1, "dossier.received", 0), event(2, "dossier.status_changed", 1)]
    told = [Owing(1, "national_portal", State.DELIVERED, Cause.NONE, at(0))]
    assert stand(steps(events, told, Facts(), at(1.3)), "portal_status") == "missing"
    assert stand(steps(events, [], Facts(), at(1.3)), "portal_status") == "", "the portal is not on this bus"


def test_a_dossier_filed_at_night_before_a_holiday_is_answered_within_eight_hours_of_the_office() -> None:
    night = datetime(2026, 4, 29, 20, 0, tzinfo=VIETNAM)  # 30/4 and 1/5 are off, then a weekend
    filed = [Happened(1, "vn.lienthong.dossier.submitted.v1", night.timestamp(), night.timestamp())]
    found = steps(filed, [], Facts(), night.timestamp())
    assert due(found, "answer_online") == "Mon 17:00"
    monday = datetime(2026, 5, 4, 15, 0, tzinfo=VIETNAM).timestamp()
    assert stand(steps(filed, [], Facts(), monday - 1), "answer_online") == "expected"
    assert stand(steps(filed, [], Facts(), monday), "answer_online") == "risk"
    assert stand(steps(filed, [], Facts(), monday + 2 * 3600), "answer_online") == "missing"
    answered = [*filed, Happened(2, "vn.lienthong.dossier.received.v1", monday, monday)]
    assert stand(steps(answered, [], Facts(), monday + 9 * 3600), "answer_online") == ""


def test_a_result_is_at_risk_a_working_day_before_its_due_time_and_never_while_the_clock_stands() -> None:
    events = [event(1, "dossier.received", 0)]
    known = Facts("1.012783", 4, at(24 * 4 + 9))  # Friday 17:00
    assert stand(steps(events, [], known, at(24 * 4 - 1.1)), "result") == "expected"
    assert stand(steps(events, [], known, at(24 * 4 - 1)), "result") == "risk"
    assert stand(steps(events, [], known, at(24 * 4 + 10)), "result") == "late"
    for status in (5, 6, 8):
        assert stand(steps(events, [], known._replace(status=status), at(24 * 9)), "result") == "paused"


def test_a_procedures_own_line_stands_before_the_one_for_all() -> None:
    events = [event(1, "registration.accepted", 0)]
    assert due(steps(events, [], Facts("1.001193"), at(1)), "registration") == "Tue 08:00"
    assert due(steps(events, [], Facts("1.000894"), at(1)), "registration") == "Thu 08:00"


def test_a_year_without_holidays_in_our_data_is_raised_and_no_ordinary_day() -> None:
    events = [event(1, "dossier.submitted", 0)]
    unknown = Calendar(frozenset({2025}), VIETNAMESE.off, VIETNAMESE.worked)
    (found,) = steps(events, [], Facts(), at(30), calendar=unknown)
    assert (found.stand, found.year, found.due_at) == ("uncounted", 2026, None)
    assert expected.next_look([found], at(30)) == at(31)


def test_history_being_loaded_is_expected_nothing_of() -> None:
    loaded = [event(1, "dossier.submitted", 0, came=24 * 8)]
    assert steps(loaded, [], Facts(), at(24 * 30)) == []


def test_working_time_is_taken_back_as_it_was_added() -> None:
    start = datetime(2026, 4, 29, 16, 0, tzinfo=VIETNAM)
    for hours in (0.5, 1, 3, 8, 20):
        amount = timedelta(hours=hours)
        assert VIETNAMESE.back(VIETNAMESE.add(start, amount), amount) == start


class Province:
    """A ledger with its front door, and one dossier's events as they come."""

    def __init__(self, ledger: SqlLedger, clock: HandClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.intake = Intake(ledger, lambda _partners: None, partial(owed, partners=PARTNERS), discover())
        whole = [e for e in generate(60, 10, 1, MONDAY.date()) if e.type.startswith("vn.lienthong.dossier.")]
        self.received = next(e for e in whole if e.type.endswith("received.v1"))
        self.dossier = self.received.subject

    def now_received(self) -> Envelope:
        """The desk received it just now; due in two working days."""
        told: dict[str, Any] = json.loads(self.received.to_json())
        now = datetime.fromtimestamp(self.clock.now(), VIETNAM)
        due_at = VIETNAMESE.add(now, timedelta(hours=16))
        times = {"filed_at": now.isoformat(), "received_at": now.isoformat(), "due_at": due_at.isoformat()}
        told["data"]["dossier"].update(times)
        told["data"]["change"]["at"] = now.isoformat()
        return judge(told | {"time": now.isoformat(), "sequence": 1})

    async def raised(self) -> list[tuple[str, str]]:
        await deadlines.look(self.ledger)
        return [(one.step, one.state) for one in await self.ledger.expectations().raised(10)]

    async def deliver_all(self) -> None:
        for partner in sorted(PARTNERS):
            while jobs := (await self.ledger.claim(Claim(partner, self.ledger.process, 9, 9, 45.0, {}))).jobs:
                await self.ledger.record(
                    [Result(job, Move(State.DELIVERED, Cause.NONE, doubt=0), "Delivered") for job in jobs]
                )

    async def journal(self) -> list[list[Any]]:
        rows = await self.ledger._reader.ask(lambda c: c.rows("SELECT entry FROM journal ORDER BY id", {}))
        return [move[2:] for (entry,) in rows for move in json.loads(entry) if move[1] == "overdue"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
async def province(request: pytest.FixtureRequest, keys: Keyring) -> AsyncIterator[Province]:
    clock = HandClock(at(0))
    ledger = open_ledger(str(request.getfixturevalue(f"{request.param}_url")), keys, clock=clock)
    yield Province(ledger, clock)
    await ledger.close()


async def test_a_late_step_is_raised_once_and_lowered_when_it_has_come(province: Province) -> None:
    await province.intake.accept([province.now_received()], client="test")
    assert await province.raised() == []
    province.clock.advance(FIRST_LOOK_S)
    assert await province.raised() == [("portal_status", "late")]
    for _ in range(5):
        province.clock.advance(120)
        assert await province.raised() == [("portal_status", "late")]
    totals = await province.ledger.totals()
    assert totals.overdue == {("national_portal", "portal_status.late"): 1}
    await province.deliver_all()
    province.clock.advance(1000)
    assert await province.raised() == []
    assert await province.journal() == [
        [province.dossier, "portal_status", "late"],
        [province.dossier, "portal_status", ""],
    ]
    proof = await province.ledger.verify()
    assert proof.holds, proof.differences


async def test_a_due_date_comes_nearer_and_passes(province: Province) -> None:
    await province.intake.accept([province.now_received()], client="test")
    await province.deliver_all()
    province.clock.at = at(24)
    assert await province.raised() == [("result", "risk")]
    story = await dossiers.story(province.ledger, discover(), province.dossier)
    assert story is not None
    assert "sắp trễ, hạn 04/03/2026" in tell(story, "vi")
    province.clock.at = at(49)
    assert await province.raised() == [("result", "late")]
    story = await dossiers.story(province.ledger, discover(), province.dossier)
    assert story is not None
    assert [(step["step"], step["stand"]) for step in story["expected"]] == [("result", "late")]
    assert "The result is there by the due date: late" in tell(story, "en")
    (told,) = await deadlines.overdue(province.ledger, "", 5)
    assert (told["watch"], told["overdue"], told["items"][0]["dossier"]) == ("result", 1, province.dossier)


async def test_what_comes_while_a_dossier_is_looked_at_is_not_missed(province: Province) -> None:
    """An event between reading and writing leaves the dossier due, so that the next round sees it."""
    await province.intake.accept([province.now_received()], client="test")
    await province.deliver_all()
    province.clock.advance(FIRST_LOOK_S)
    book = province.ledger.expectations()
    fence = await province.ledger.take_duty("expected", "other", 60)
    assert fence is not None
    (seen,) = await book.due(10, expected.tells)
    again = province.now_received().model_copy(update={"id": "another", "sequence": 2})
    await province.intake.accept([again], client="test")
    await book.settle(fence, [deadlines._looked(seen, province.clock.now())])
    assert [one.seen for one in await book.due(10, expected.tells)] == [2]


async def test_a_dossier_that_cannot_be_judged_keeps_no_other_from_being_looked_at(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = province.now_received()
    await province.intake.accept(
        [one.model_copy(update={"id": "a", "subject": "000.00.17.H59-260302-0001"})], client="test"
    )
    await province.intake.accept([one], client="test")
    facts = expected.facts
    judged: list[bytes] = []

    def once_wrong(body: bytes) -> Facts:
        judged.append(body)
        if len(judged) == 1:
            raise KeyError("procedure")
        return facts(body)

    monkeypatch.setattr(expected, "facts", once_wrong)
    province.clock.advance(FIRST_LOOK_S)
    assert await province.raised() == [("portal_status", "late")]
    province.clock.advance(3600)
    assert await province.raised() == [("portal_status", "late")] * 2


async def test_one_process_looks_at_a_time(province: Province) -> None:
    await province.intake.accept([province.now_received()], client="test")
    province.clock.advance(FIRST_LOOK_S)
    await province.ledger.take_duty("expected", "other", 60)
    assert await province.raised() == []
    province.clock.advance(61)
    assert await province.raised() == [("portal_status", "late")]


async def test_looking_is_bounded_and_by_index(province: Province) -> None:
    """However many dossiers there are, a round looks at a page, found by when they are due."""
    one = province.now_received()
    many = [one.model_copy(update={"id": f"{n}", "subject": f"000.00.17.H59-260302-{n:04}"}) for n in range(150)]
    await province.intake.accept(many, client="test")
    province.clock.advance(FIRST_LOOK_S)
    assert await deadlines.look(province.ledger)
    assert not await deadlines.look(province.ledger)
    assert len(await province.ledger.expectations().raised(1000)) == 150
    plan = "EXPLAIN QUERY PLAN SELECT dossier, events FROM expected WHERE look_at <= 1 ORDER BY look_at LIMIT 5"
    if province.ledger._sole:
        rows = await province.ledger._reader.ask(lambda c: c.rows(plan, {}))
        assert "expected_next" in str(rows)
