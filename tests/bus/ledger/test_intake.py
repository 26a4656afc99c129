"""Accepting: once per source and id, in the source's sequence."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bus.ledger.words import SourceRule, Status
from tests.builders import DOSSIER, SOURCE
from tests.bus.ledger.conftest import DELIVERED, Desk, arrival


async def test_the_same_event_again_is_a_duplicate_and_another_content_a_conflict(desk: Desk) -> None:
    first = await desk.accept(arrival(1))
    again = await desk.accept(arrival(1))
    other = await desk.accept(arrival(1, data={"n": "changed"}))
    assert [v[0].status for v in (first, again, other)] == [Status.ACCEPTED, Status.DUPLICATE, Status.CONFLICT]
    assert first[0].event == again[0].event
    assert await desk.states() == ["pending"]


async def test_a_duplicate_within_one_batch_is_seen(desk: Desk) -> None:
    verdicts = await desk.accept(arrival(1), arrival(1), arrival(1, data={"n": "other"}))
    assert [v.status for v in verdicts] == [Status.ACCEPTED, Status.DUPLICATE, Status.CONFLICT]


async def test_two_posts_at_the_same_instant_have_one_effect(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.accept(arrival(1)) for _ in range(20)))
    assert sorted(a[0].status for a in answers) == [Status.ACCEPTED] + [Status.DUPLICATE] * 19
    assert (await desk.ledger.verify()).holds


async def test_an_early_event_waits_and_enters_in_order_once_the_gap_is_filled(desk: Desk) -> None:
    early = await desk.accept(arrival(3), arrival(2))
    assert [v.gap for v in early] == [True, True]
    assert (await desk.claim()).jobs == ()
    assert (await desk.ledger.totals()).owed == {"plain": 2}
    await desk.accept(arrival(1))
    order = []
    for _ in range(3):
        job = await desk.one()
        order.append(job.envelope.sequence)
        await desk.close(job)
    assert order == [1, 2, 3]


async def test_a_gap_filled_inside_one_batch_never_shows(desk: Desk) -> None:
    verdicts = await desk.accept(arrival(3), arrival(1), arrival(2))
    assert {v.status for v in verdicts} == {Status.ACCEPTED}
    assert await desk.states() == ["pending"] * 3
    assert (await desk.one()).envelope.sequence == 1


async def test_a_person_closes_a_gap_and_a_late_event_is_flagged(desk: Desk) -> None:
    await desk.accept(arrival(1))
    await desk.accept(arrival(3), arrival(4), arrival(6))
    assert await desk.ledger.close_gap(SOURCE, DOSSIER, "an officer", "number 2 was never sent") == 2
    assert (await desk.states()).count("waiting") == 1
    await desk.accept(arrival(2))
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert [event.flags for event in story.events if event.sequence == 2] == [("late",)]
    assert (await desk.ledger.verify()).holds


async def test_a_number_of_the_sequence_is_given_once(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(4))
    reused = await desk.accept(arrival(9, sequence=1, event_id="other"), arrival(10, sequence=4, event_id="another"))
    assert [v.status for v in reused] == [Status.REFUSED, Status.REFUSED]
    assert "taken by event" in reused[0].reason
    assert (await desk.ledger.totals()).events == 2


async def test_events_without_a_sequence_enter_as_they_come(desk: Desk) -> None:
    await desk.accept(arrival(7, sequence=None), arrival(5, sequence=None))
    assert (await desk.one()).envelope.id.endswith("/7")


@pytest.mark.parametrize("rules", [{SOURCE: SourceRule(first="any")}])
async def test_a_source_may_begin_anywhere_when_its_settings_say_so(desk: Desk) -> None:
    verdicts = await desk.accept(arrival(41))
    assert not verdicts[0].gap
    assert (await desk.accept(arrival(43)))[0].gap


@pytest.mark.parametrize("rules", [{SOURCE: SourceRule(gap_wait_s=60)}])
async def test_a_gap_closes_by_itself_after_its_time(desk: Desk) -> None:
    await desk.accept(arrival(2))
    desk.clock.advance(59)
    assert (await desk.ledger.sweep(lambda stale: DELIVERED, dead_after_s=20)).gaps_closed == 0
    desk.clock.advance(2)
    swept = await desk.ledger.sweep(lambda stale: DELIVERED, dead_after_s=20)
    assert swept.gaps_closed == 1
    assert (await desk.one()).envelope.sequence == 2


async def test_an_event_owed_to_nobody_stays_in_the_story(desk: Desk) -> None:
    lonely = arrival(1)
    verdicts = await desk.accept(type(lonely)(**{f: getattr(lonely, f) for f in lonely.__slots__} | {"debts": ()}))
    assert verdicts[0].owed == ()
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert len(story.events) == 1
    assert story.deliveries == []


async def test_people_are_found_by_keyed_digest(desk: Desk) -> None:
    await desk.accept(arrival(1, finders=(("citizen", "084080000123"),)))
    assert await desk.ledger.find("citizen", "084080000123") == [DOSSIER]
    assert await desk.ledger.find("tax", "084080000123") == []


@pytest.mark.parametrize("rules", [{SOURCE: SourceRule(gap_wait_s=60)}])
async def test_gaps_a_person_must_close_do_not_hide_those_that_close_by_themselves(desk: Desk) -> None:
    patient = [replace(arrival(2, dossier=f"d{n}"), source="urn:patient") for n in range(501)]
    await desk.accept(*patient)
    desk.clock.advance(1)
    await desk.accept(arrival(2))
    desk.clock.advance(61)
    swept = await desk.ledger.sweep(lambda stale: DELIVERED, dead_after_s=20)
    assert swept.gaps_closed == 1
    assert (await desk.one()).dossier == DOSSIER


async def test_what_a_partner_tells_by_itself_joins_the_thread_of_its_dossier(desk: Desk) -> None:
    first, told = arrival(1), arrival(9, sequence=None, event_id="told")
    first.correlation_id, told.correlation_id = "thread-1", "its-own"
    stranger = arrival(9, sequence=None, event_id="stranger", dossier="000.00.17.H59-230425-0077")
    stranger.correlation_id = "its-own"
    await desk.accept(first)
    await desk.accept(told, stranger)
    for dossier, thread in ((DOSSIER, "thread-1"), (stranger.subject, "its-own")):
        story = await desk.ledger.story(dossier)
        assert story is not None
        assert {event.correlation_id for event in story.events} == {thread}
    assert {job.correlation_id for job in (await desk.claim()).jobs} == {"thread-1", "its-own"}


async def test_what_a_partner_tells_by_itself_goes_on_in_the_trace_it_was_last_heard_in(desk: Desk) -> None:
    order, later, told = (arrival(9, sequence=None, event_id=name) for name in ("order", "later", "told"))
    order.traceparent, later.traceparent, told.traceparent = (f"00-{n:032x}-{n:016x}-01" for n in (1, 2, 3))
    order.causation_id = later.causation_id = "replies"
    order.source = later.source = told.source = "urn:lienthong:online-payment"
    stranger = arrival(9, sequence=None, event_id="stranger")
    stranger.traceparent = f"00-{4:032x}-{4:016x}-01"
    for one in (order, later, told, stranger):
        await desk.accept(one)
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert {event.event_id: int(event.traceparent[3:35], 16) for event in story.events} == {
        "order": 1,
        "later": 2,
        "told": 2,
        "stranger": 4,
    }


async def test_what_partners_told_is_read_by_type_and_time(desk: Desk) -> None:
    """More than a page of them, several at the same moment; what the dossier system numbers is another matter."""
    told = [arrival(9, sequence=None, event_id=f"t{number:04}", dossier=f"D-{number:04}") for number in range(1_100)]
    for place, one in enumerate(told):
        one.occurred_at = 100.0 + place // 600
    await desk.accept(arrival(1), *told)
    kind = told[0].type

    async def ids(since: float, until: float, *types: str) -> list[str]:
        return await desk.ledger.events(types or (kind,), since, until, lambda event: event.id)

    assert await ids(100, 102) == [one.id for one in told]
    assert await ids(101, 102) == [one.id for one in told[600:]]
    assert await ids(0, 100) == []
    assert await ids(100, 102, "another.type") == []
