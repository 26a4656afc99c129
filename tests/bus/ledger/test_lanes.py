"""Order: one lane per partner and dossier, its head alone may be claimed, and what holds it holds no other."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import Action, Filter, Move, PartnerChange, Result, State
from bus.outcome import Cause
from bus.seal import Keyring
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import DELIVERED, LEASE_S, Desk, arrival
from tests.conftest import HandClock

OTHER = "000.00.17.H59-230425-0002"
DOUBT = Move(State.IN_DOUBT, Cause.UNKNOWN, "ask", None, doubt=1)


async def test_only_the_head_of_a_lane_may_be_claimed(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2), arrival(1, dossier=OTHER))
    claimed = await desk.claim()
    assert sorted(job.envelope.id for job in claimed.jobs) == [f"{DOSSIER}/1", f"{OTHER}/1"]
    assert (await desk.claim()).jobs == ()


async def test_a_later_delivery_waits_while_an_earlier_one_is_in_doubt_or_dead(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2), arrival(1, dossier=OTHER), arrival(2, dossier=OTHER))
    first, second = (await desk.claim()).jobs
    await desk.close(first, DOUBT)
    await desk.close(second, Move(State.DEAD, Cause.REFUSED))
    assert (await desk.claim()).jobs == ()


async def test_an_event_may_owe_several_operations_in_the_routes_order(desk: Desk) -> None:
    await desk.accept(arrival(1, "state", "row"), arrival(2, "row"))
    order = []
    for _ in range(3):
        job = await desk.one()
        order.append((job.envelope.sequence, job.operation))
        await desk.close(job)
    assert order == [(1, "state"), (1, "row"), (2, "row")]


async def test_a_newer_full_state_supersedes_older_ones_that_have_not_left(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"))
    await desk.close(await desk.one())
    await desk.accept(arrival(2, "state"), arrival(3, "row"), arrival(4, "state"))
    assert await desk.states() == ["delivered", "superseded", "pending", "pending"]
    assert (await desk.one()).envelope.sequence == 3
    assert (await desk.ledger.verify()).holds


async def test_what_became_owed_later_is_known_until_it_is_cancelled(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"), arrival(1, "row", dossier=OTHER))
    job = next(job for job in (await desk.claim()).jobs if job.envelope.subject == DOSSIER)
    await desk.accept(arrival(2, "row"))
    said = [await desk.ledger.owed_since(job, operation) for operation in ("row", "state")]
    assert said == [True, False]
    (later,) = [view for view in (await desk.ledger.deliveries(Filter(dossier=DOSSIER)))[0] if view.operation == "row"]
    await desk.ledger.act(Action("cancel", Filter(ids=(later.id,)), "an officer", "not wanted"))
    assert not await desk.ledger.owed_since(job, "row")


@pytest.mark.slow
async def test_what_became_owed_later_at_another_process_is_known_though_its_id_is_smaller(
    postgres_url: str, keys: Keyring, clock: HandClock
) -> None:
    one, two = (Desk(open_ledger(postgres_url, keys, clock=clock), clock) for _ in range(2))
    await one.accept(arrival(1, "row", dossier=OTHER))
    clock.advance(1)
    await two.accept(arrival(1, "state"))
    job = next(job for job in (await two.claim()).jobs if job.envelope.subject == DOSSIER)
    clock.advance(1)
    await one.accept(arrival(2, "row"))
    later, _ = await one.ledger.deliveries(Filter(dossier=DOSSIER))
    assert min(view.id for view in later) < job.delivery
    assert await two.ledger.owed_since(job, "row")
    for desk in (one, two):
        await desk.ledger.close()


async def test_progress_behind_an_unsent_create_keeps_its_create_when_a_newer_state_arrives(desk: Desk) -> None:
    await desk.accept(arrival(1, "state", "row"))
    await desk.accept(arrival(2, "state"))
    assert await desk.states() == ["pending", "pending", "pending"]
    job = await desk.one()
    assert (job.envelope.sequence, job.operation) == (1, "state")


async def test_creates_with_no_history_between_them_collapse(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"), arrival(2, "state"), arrival(3, "state"))
    assert await desk.states() == ["superseded", "superseded", "pending"]
    job = await desk.one()
    assert job.envelope.sequence == 3
    assert not job.has_full


async def test_a_dead_lane_is_freed_by_the_officers_correction(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"))
    await desk.close(await desk.one(), Move(State.DEAD, Cause.REFUSED))
    await desk.accept(arrival(2, "state"))
    assert await desk.states() == ["superseded", "pending"]
    assert (await desk.one()).envelope.sequence == 2


@pytest.mark.parametrize("standing", ["sending", "in_doubt", "taken"])
async def test_what_may_have_left_is_never_superseded(desk: Desk, standing: str) -> None:
    await desk.accept(arrival(1, "state"))
    job = await desk.one()
    if standing == "in_doubt":
        await desk.close(job, DOUBT)
    elif standing == "taken":
        await desk.close(job, Move(State.WAITING, Cause.TAKEN, "ask", desk.clock.now() + 300))
    await desk.accept(arrival(2, "state"))
    assert (await desk.states())[1] == "pending"
    assert (await desk.states())[0] != "superseded"
    assert (await desk.claim()).jobs == ()


HELD = Move(State.WAITING, Cause.LATER, due_at=None, counted=False, hold_key="personal-id:1")


@pytest.mark.parametrize("back", [HELD, Move(State.DEAD, Cause.REFUSED)])
async def test_a_newer_full_state_that_came_while_an_older_was_under_way_replaces_it_once_it_is_back(
    desk: Desk, back: Move
) -> None:
    await desk.accept(arrival(1, "state"))
    job = await desk.one()
    await desk.accept(arrival(2, "state"))
    assert await desk.states() == ["sending", "pending"]
    await desk.close(job, back)
    assert await desk.states() == ["superseded", "pending"]
    assert (await desk.one()).envelope.sequence == 2
    assert (await desk.ledger.verify()).holds


async def test_one_that_came_back_taken_keeps_its_place_before_a_newer_full_state(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"))
    job = await desk.one()
    await desk.accept(arrival(2, "state"))
    await desk.close(job, Move(State.WAITING, Cause.TAKEN, "ask", desk.clock.now() + 300))
    assert await desk.states() == ["waiting", "pending"]


async def test_a_code_gap_at_a_head_holds_its_followers_and_a_newer_state_frees_them(desk: Desk) -> None:
    held = Move(State.WAITING, Cause.CODE_GAP, due_at=None, counted=False, hold_key="code:ward:1:2025-07-01")
    await desk.accept(arrival(1, "state"))
    await desk.close(await desk.one())
    await desk.accept(arrival(2, "state"), arrival(3, "row"))
    await desk.close(await desk.one(), held)
    desk.clock.advance(10_000)
    assert (await desk.claim()).jobs == ()
    rows = await desk.ledger.act(Action("release", Filter(hold_key="code:ward:1:2025-07-01"), "bus", "the row exists"))
    assert [row.done for row in rows] == [True]
    assert (await desk.one()).envelope.sequence == 2


async def test_accept_and_record_of_one_lane_at_the_same_instant_lose_no_head(desk: Desk) -> None:
    await desk.accept(arrival(1))
    for number in range(2, 30):
        job = await desk.one()
        await asyncio.gather(desk.close(job), desk.accept(arrival(number)))
    await desk.close(await desk.one())
    assert set(await desk.states()) == {"delivered"}


async def test_an_unknown_answer_to_an_array_of_ten_leaves_ten_lanes_each_in_doubt_by_itself(desk: Desk) -> None:
    dossiers = [f"000.00.17.H59-230425-{n:04}" for n in range(10)]
    await desk.accept(*(arrival(1, dossier=d) for d in dossiers), *(arrival(2, dossier=d) for d in dossiers))
    jobs = (await desk.claim(batches={"row": 10}, calls=1)).jobs
    assert len(jobs) == 10
    unknown = Move(State.IN_DOUBT, Cause.UNKNOWN, "ask", desk.clock.now() + 5, doubt=1)
    await desk.ledger.record([Result(job, unknown, "Unknown") for job in jobs])
    assert (await desk.claim()).jobs == ()
    desk.clock.advance(6)
    asked = (await desk.claim()).jobs
    assert {job.step for job in asked} == {"ask"}
    assert len(asked) == 10
    await desk.close(asked[0])
    assert (await desk.one()).envelope.sequence == 2


async def test_rows_go_back_in_smaller_groups_and_calls_are_counted_by_them(desk: Desk) -> None:
    for n in range(4):
        await desk.accept(arrival(1, dossier=f"000.00.17.H59-230425-{n:04}"))
    jobs = (await desk.claim(batches={"row": 4}, calls=1)).jobs
    split = Move(State.PENDING, Cause.SPLIT, due_at=desk.clock.now(), counted=False, group_size=2)
    await desk.ledger.record([Result(job, split, "Permanent") for job in jobs])
    claimed = await desk.claim(batches={"row": 4}, calls=1)
    assert [job.group_size for job in claimed.jobs] == [2, 2]
    assert claimed.full
    assert {job.tries for job in claimed.jobs} == {0}


async def test_a_late_record_is_kept_with_its_attempt_and_moves_nothing(desk: Desk) -> None:
    await desk.accept(arrival(1))
    first = await desk.one()
    desk.clock.advance(LEASE_S + 1)
    again = Move(State.PENDING, Cause.CRASHED, due_at=desk.clock.now())
    assert (await desk.ledger.sweep(lambda stale: again, dead_after_s=1e9)).crashed == 1
    second = await desk.one()
    assert second.attempt == first.attempt + 1
    assert not await desk.close(first, request=b"sent", reply=b"taken")
    assert await desk.states() == ["sending"]
    assert await desk.close(second)
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert [(a.number, a.late, a.outcome) for a in story.attempts] == [(1, True, "Test"), (2, False, "Test")]
    assert story.attempts[0].secret["reply"] == "taken"


async def test_a_late_record_settles_what_is_still_in_doubt_over_this_very_attempt(desk: Desk) -> None:
    await desk.accept(arrival(1))
    job = await desk.one()
    desk.clock.advance(LEASE_S + 1)
    await desk.ledger.sweep(
        lambda stale: Move(State.IN_DOUBT, Cause.CRASHED, "ask", None, doubt=stale.attempt), dead_after_s=1e9
    )
    assert await desk.states() == ["in_doubt"]
    assert await desk.close(job, request=b"sent", reply=b"taken")
    assert await desk.states() == ["delivered"]
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert [(a.outcome, a.late, a.secret["request"]) for a in story.attempts] == [("Test", False, "sent")]


async def test_a_worker_that_vanished_gives_up_its_attempts_before_their_lease_ends(desk: Desk) -> None:
    await desk.ledger.beat("gone", ["plain"])
    await desk.accept(arrival(1))
    await desk.claim(worker="gone")
    desk.clock.advance(10)
    back = Move(State.PENDING, Cause.CRASHED, due_at=desk.clock.now())
    assert (await desk.ledger.sweep(lambda stale: back, dead_after_s=20)).crashed == 0
    desk.clock.advance(11)
    assert (await desk.ledger.sweep(lambda stale: back, dead_after_s=20)).crashed == 1


async def test_what_was_never_begun_goes_back_uncounted(desk: Desk) -> None:
    await desk.accept(arrival(1))
    await desk.ledger.release([await desk.one()])
    job = await desk.one()
    assert (job.tries, job.crashes) == (0, 0)


async def test_the_memo_of_a_lane_comes_back_with_later_attempts_and_after_a_restart(
    ledger_url: str, keys: Keyring, clock: HandClock
) -> None:
    desk = Desk(open_ledger(ledger_url, keys, clock=clock), clock)
    await desk.accept(arrival(1), arrival(2))
    await desk.close(await desk.one(), memo={"MaPhieu": "PH000001"})
    await desk.ledger.close()
    reopened = Desk(open_ledger(ledger_url, keys, clock=clock), clock)
    assert (await reopened.one()).memo == {"MaPhieu": "PH000001"}
    await reopened.ledger.close()


async def test_a_request_is_sent_again_as_it_was_sealed_but_not_after_a_reprocess(desk: Desk) -> None:
    await desk.accept(arrival(1))
    job = await desk.one()
    waiting = Move(State.WAITING, Cause.BUSY, due_at=desk.clock.now())
    sent = "Đơn của Nguyễn Văn An\n".encode() + b"\x00\xff"
    await desk.close(job, waiting, request=sent, reply=b"3 0\n")
    again = await desk.one()
    assert again.request == sent
    assert again.key == job.key
    await desk.close(again, Move(State.DEAD, Cause.REFUSED))
    await desk.ledger.act(Action("reprocess", Filter(ids=(job.delivery,)), "an officer", "mapped anew"))
    anew = await desk.one()
    assert anew.request == b""
    assert anew.key != job.key


@pytest.mark.slow
async def test_no_number_is_overtaken_while_a_commit_is_held_open_between_number_and_commit(
    postgres_url: str, keys: Keyring, clock: HandClock
) -> None:
    """A second process that holds the lane's row lock after taking its number makes the others wait for its commit."""
    desk = Desk(open_ledger(postgres_url, keys, clock=clock), clock)
    await desk.accept(arrival(1, sequence=None))
    with psycopg.connect(postgres_url) as held:
        held.execute("UPDATE lane SET last_number = last_number + 1 WHERE dossier = %s", (DOSSIER,))
        accepting = asyncio.create_task(desk.accept(arrival(2, sequence=None)))
        done, _ = await asyncio.wait({accepting}, timeout=0.5)
        assert not done
        held.commit()
    await accepting
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert [delivery.number for delivery in story.deliveries] == [1, 3]
    await desk.ledger.close()


@pytest.mark.slow
async def test_two_processes_never_claim_one_delivery_twice(postgres_url: str, keys: Keyring, clock: HandClock) -> None:
    desks = [Desk(open_ledger(postgres_url, keys, clock=clock), clock) for _ in range(3)]
    await desks[0].accept(*(arrival(1, dossier=f"000.00.17.H59-230425-{n:04}") for n in range(300)))
    claims = await asyncio.gather(*(desk.claim(rows=20) for desk in desks for _ in range(10)))
    ids = [job.delivery for claimed in claims for job in claimed.jobs]
    assert len(ids) == len(set(ids)) == 300
    for desk in desks:
        await desk.ledger.close()


async def test_priorities_go_first_and_starve_nobody(desk: Desk) -> None:
    for n in range(40):
        await desk.accept(arrival(1, dossier=f"000.00.17.H59-230425-{n:04}", priority=0))
    await desk.accept(arrival(1, dossier="000.00.17.H59-230425-9998", priority=1))
    await desk.accept(arrival(1, dossier="000.00.17.H59-230425-9999", priority=2))
    jobs = (await desk.claim(rows=16)).jobs
    assert sorted({job.dossier[-4:] for job in jobs} & {"9998", "9999"}) == ["9998", "9999"]
    assert jobs[0].dossier.endswith("0000")


async def test_the_ledger_says_when_to_look_again(desk: Desk) -> None:
    await desk.accept(arrival(1))
    at = desk.clock.now() + 33
    await desk.close(await desk.one(), Move(State.WAITING, Cause.NOT_SENT, due_at=at))
    assert (await desk.claim()).next_at == at


@pytest.mark.parametrize("priority", [0, 1, 2])
async def test_a_far_due_time_is_pulled_back_by_the_sweep(desk: Desk, priority: int) -> None:
    await desk.accept(arrival(1, priority=priority))
    far = desk.clock.now() + 1000 * 86400
    await desk.close(await desk.one(), Move(State.WAITING, Cause.NOT_SENT, due_at=far))
    await desk.ledger.sweep(lambda stale: DELIVERED, dead_after_s=20)
    next_at = (await desk.claim()).next_at
    assert next_at is not None
    assert next_at < desk.clock.now() + 8 * 86400


async def test_the_sweep_names_the_partners_with_due_work_and_no_others(desk: Desk) -> None:
    partners = ("none", "later", "low", "plain")
    await desk.accept(*(arrival(n, partner=name, priority=n % 3) for n, name in enumerate(partners, start=1)))
    await desk.close(await desk.one("none"))
    await desk.close(await desk.one("later"), Move(State.WAITING, Cause.NOT_SENT, due_at=desk.clock.now() + 33))
    assert (await desk.ledger.sweep(lambda stale: DELIVERED, dead_after_s=20)).ready == ("low", "plain")
    desk.clock.advance(33)
    assert (await desk.ledger.sweep(lambda stale: DELIVERED, dead_after_s=20)).ready == ("later", "low", "plain")


async def test_partner_changes_without_results_are_recorded(desk: Desk) -> None:
    await desk.accept(arrival(1))
    await desk.ledger.record([], [PartnerChange("plain", not_before=desk.clock.now() + 30)])
    claimed = await desk.claim()
    assert (claimed.jobs, claimed.why, claimed.next_at) == ((), "not_before", desk.clock.now() + 30)


async def test_what_was_taken_and_not_asked_for_goes_back_as_taken(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"))
    taken = Move(State.WAITING, Cause.TAKEN, "ask", due_at=desk.clock.now())
    await desk.close(await desk.one(), taken)
    await desk.ledger.release([await desk.one()])
    await desk.accept(arrival(2, "state"))
    assert await desk.states() == ["waiting", "pending"]
    assert (await desk.one()).step == "ask"


async def test_small_claims_starve_no_lower_priority_either(desk: Desk) -> None:
    for n in range(40):
        await desk.accept(arrival(1, dossier=f"000.00.17.H59-230425-{n:04}", priority=0))
    await desk.accept(arrival(1, dossier="000.00.17.H59-230425-9999", priority=2))
    claimed = set()
    for _ in range(8):
        claimed |= {job.dossier[-4:] for job in (await desk.claim(rows=2)).jobs}
        desk.clock.advance(1)
    assert "9999" in claimed
    assert len(claimed) == 16


async def test_what_stands_aside_waits_for_nothing_and_holds_nothing_up(desk: Desk) -> None:
    await desk.accept(arrival(1, "row", "watch"), arrival(2, "watch"))
    jobs = {(job.operation, job.envelope.sequence): job for job in (await desk.claim()).jobs}
    assert set(jobs) == {("row", 1), ("watch", 1), ("watch", 2)}
    assert {job.dossier for job in jobs.values()} == {DOSSIER}
    await desk.close(jobs["watch", 1], Move(State.WAITING, Cause.TAKEN, "ask", desk.clock.now() + 60))
    await desk.close(jobs["watch", 2], Move(State.DEAD, Cause.REFUSED))
    await desk.close(jobs["row", 1], memo={"known": "1"})
    await desk.accept(arrival(3))
    row = await desk.one()
    assert (row.operation, dict(row.memo)) == ("row", {"known": "1"})
    desk.clock.advance(60)
    asked = await desk.one()
    assert (asked.operation, asked.step, dict(asked.memo)) == ("watch", "ask", {})
    await desk.close(asked, memo={"seen": "1"})
    assert sorted(await desk.states()) == ["dead", "delivered", "delivered", "sending"]


async def test_what_stands_aside_of_an_early_event_does_so_once_the_event_enters(desk: Desk) -> None:
    await desk.accept(arrival(2, "watch", "row"))
    assert (await desk.claim()).jobs == ()
    await desk.accept(arrival(1))
    assert sorted(job.operation for job in (await desk.claim()).jobs) == ["row", "watch"]
    assert (await desk.ledger.verify()).holds


async def test_a_person_settles_what_is_held_for_one(desk: Desk) -> None:
    await desk.accept(arrival(1, "watch"))
    held = Move(State.WAITING, Cause.BY_HAND, "send", None, counted=False, hold_key="refund:TT1")
    await desk.close(await desk.one(), held)
    action = Action("resolve", Filter(hold_key="refund:TT1"), "an.nguyen", "paid back", "delivered", "UNC 17")
    (row,) = await desk.ledger.act(action)
    assert (row.done, row.before, row.after) == (True, State.WAITING, State.DELIVERED)
    await desk.accept(arrival(2))
    await desk.close(await desk.one(), Move(State.WAITING, Cause.BUSY, "send", desk.clock.now() + 60))
    (other,) = await desk.ledger.act(Action("resolve", Filter(cause=Cause.BUSY), "an.nguyen", "why not", "delivered"))
    assert not other.done
