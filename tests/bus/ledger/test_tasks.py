"""Bulk actions as objects: a canary first, at their pace, paused, approved by another, cancelled, and safe over a crash."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bus.ledger.ledger import FenceLost
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.task import NewTask, TaskRefused, Turned
from bus.ledger.tasks import TaskBook
from bus.ledger.words import Action, Filter, Move, State, Verb
from bus.outcome import Cause
from bus.seal import Keyring
from tests.bus.ledger.conftest import DELIVERED, Desk, arrival
from tests.conftest import HandClock

REFUSED = Move(State.DEAD, Cause.REFUSED, doubt=0)
TAKEN = Move(State.WAITING, Cause.TAKEN, "ask", 2e9)


class Bulk:
    """A ledger with `n` dead dossiers, and one task over them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.book: TaskBook = desk.ledger.tasks()

    async def dead(self, n: int, prefix: str = "D") -> None:
        await self.desk.accept(*(arrival(dossier=f"{prefix}-{number:05}") for number in range(n)))
        while jobs := (await self.desk.claim()).jobs:
            for job in jobs:
                await self.desk.close(job, REFUSED)

    async def make(
        self, *, verb: Verb = "resend", canary: int = 3, rate: float = 10.0, approval: bool = False, seen_at: float = 0
    ) -> int:
        where = Filter(partner="plain", states=(State.DEAD,))
        rows = await self.desk.ledger.act(Action(verb, where, "lan", "", limit=10_000, dry_run=True))
        new = NewTask(verb, "lan", "the portal is mended", where, "plain", canary, rate, approval)
        return await self.book.make(new, rows, seen_at or self.desk.clock.now())

    async def turn(self) -> Turned:
        fence = await self.desk.ledger.take_duty("tasks", "here", 60)
        assert fence is not None
        return await self.book.turn(fence)

    async def end(self, *moves: Move) -> int:
        """Close what can be claimed, by these moves and then as delivered; how many."""
        jobs = (await self.desk.claim()).jobs
        for number, job in enumerate(jobs):
            await self.desk.close(job, moves[number] if number < len(moves) else DELIVERED)
        return len(jobs)

    async def stands(self, number: int) -> tuple[str, dict[str, int]]:
        found = await self.book.task(number)
        assert found is not None
        return found.state, dict(found.counts)

    async def states(self, number: int) -> Sequence[str]:
        return [item.state for item in await self.book.items(number, limit=1000)]


@pytest.fixture
def bulk(desk: Desk) -> Bulk:
    return Bulk(desk)


async def test_the_rest_goes_only_when_all_of_the_canary_have_reached_the_partner(bulk: Bulk) -> None:
    await bulk.dead(10)
    number = await bulk.make()
    assert (await bulk.turn()).ready == {"plain"}
    await bulk.turn()
    assert await bulk.stands(number) == ("canary", {"waiting": 7, "acted": 3})
    jobs = (await bulk.desk.claim()).jobs
    assert len(jobs) == 3
    for job in jobs[:2]:
        await bulk.desk.close(job)
    await bulk.desk.close(jobs[2], TAKEN)
    await bulk.turn()
    assert await bulk.stands(number) == ("canary", {"waiting": 7, "acted": 1, "passed": 2}), "received is not delivered"
    bulk.desk.clock.advance(1e9)
    assert await bulk.end() == 1
    for _ in range(2):
        await bulk.turn()
    assert await bulk.stands(number) == ("running", {"acted": 7, "passed": 3})
    assert await bulk.end() == 7
    await bulk.turn()
    assert await bulk.stands(number) == ("done", {"passed": 10})
    proof = await bulk.desk.ledger.verify()
    assert proof.holds, proof.differences


async def test_one_failure_of_the_canary_halts_the_task_and_resuming_tries_the_next_ones(bulk: Bulk) -> None:
    await bulk.dead(10)
    number = await bulk.make()
    await bulk.turn()
    await bulk.end(REFUSED)
    await bulk.turn()
    assert await bulk.stands(number) == ("halted", {"waiting": 7, "passed": 2, "failed": 1})
    await bulk.turn()
    assert await bulk.end() == 0, "nothing more goes by itself"
    (failed,) = await bulk.book.items(number, "failed")
    assert (failed.after, failed.rule) == ("dead", "refused")
    await bulk.book.resume(number, "lan", "mended now")
    await bulk.turn()
    assert await bulk.end() == 3
    for _ in range(2):
        await bulk.turn()
    assert (await bulk.stands(number))[0] == "running"


async def test_more_than_the_pace_never_goes_at_once(bulk: Bulk) -> None:
    await bulk.dead(12)
    number = await bulk.make(canary=1, rate=4.0)
    await bulk.turn()
    await bulk.end()
    await bulk.turn()
    assert (await bulk.turn()).next_at == bulk.desk.clock.now() + 1
    await bulk.turn()
    assert (await bulk.stands(number))[1] == {"waiting": 7, "acted": 4, "passed": 1}
    bulk.desk.clock.advance(1)
    await bulk.turn()
    assert (await bulk.stands(number))[1] == {"waiting": 3, "acted": 8, "passed": 1}


async def test_a_large_task_waits_after_its_canary_for_somebody_else(bulk: Bulk) -> None:
    await bulk.dead(5)
    number = await bulk.make(approval=True)
    await bulk.turn()
    await bulk.end()
    await bulk.turn()
    assert (await bulk.stands(number))[0] == "approval"
    await bulk.turn()
    assert await bulk.end() == 0
    with pytest.raises(TaskRefused, match="cannot approve"):
        await bulk.book.approve(number, "lan", "I want it")
    await bulk.book.approve(number, "mai", "seen")
    with pytest.raises(TaskRefused, match="no approval"):
        await bulk.book.approve(number, "mai", "again")
    await bulk.turn()
    assert await bulk.end() == 2
    await bulk.turn()
    assert (await bulk.stands(number))[0] == "done"
    told = [(note.who, note.verb, note.before, note.after) for note in await bulk.book.remarks(number)]
    assert told == [
        ("lan", "make task", "", "resend"),
        ("bus", "task approval", "canary", "approval"),
        ("mai", "task approve", "approval", "running"),
        ("bus", "task done", "running", "done"),
    ]


async def test_an_approval_given_early_counts_and_does_not_skip_the_canary(bulk: Bulk) -> None:
    await bulk.dead(5)
    number = await bulk.make(approval=True)
    await bulk.book.approve(number, "mai", "seen")
    await bulk.turn()
    assert await bulk.stands(number) == ("canary", {"waiting": 2, "acted": 3})
    await bulk.end()
    await bulk.turn()
    assert (await bulk.stands(number))[0] == "running"


async def test_paused_it_begins_nothing_and_cancelled_it_drops_the_rest(bulk: Bulk) -> None:
    await bulk.dead(6)
    number = await bulk.make()
    await bulk.turn()
    await bulk.book.pause(number, "lan", "wait")
    await bulk.end()
    await bulk.turn()
    assert await bulk.stands(number) == ("paused", {"waiting": 3, "passed": 3}), "what was on its way is followed"
    await bulk.book.resume(number, "lan", "go on")
    for _ in range(2):
        await bulk.turn()
    await bulk.book.cancel(number, "lan", "enough")
    assert (await bulk.stands(number))[0] == "cancelled"
    with pytest.raises(TaskRefused, match="ended"):
        await bulk.book.resume(number, "lan", "after all")
    with pytest.raises(TaskRefused, match="no such"):
        await bulk.book.pause(99, "lan", "why")


async def test_an_edit_of_what_had_changed_while_it_was_made_ends_when_it_is_approved(bulk: Bulk) -> None:
    await bulk.dead(1)
    rows = await bulk.desk.ledger.act(Action("cancel", Filter(), "", "", dry_run=True))
    new = NewTask("edit", "lan", "a wrong name", Filter(), "plain", 0, 1.0, needs_approval=True, body=b"{}")
    number = await bulk.book.make(new, rows, seen_at=1.0)
    await bulk.book.approve(number, "mai", "seen")
    assert (await bulk.turn()).edits == (number,)
    fence = await bulk.desk.ledger.take_duty("tasks", "here", 60)
    assert fence is not None
    assert await bulk.book.carry_out(fence, number, arrival(9)) == set()
    assert await bulk.stands(number) == ("done", {"refused": 1})
    assert await bulk.book.body(number) == b""


async def test_what_changed_since_the_preview_is_refused_and_says_so(bulk: Bulk) -> None:
    await bulk.dead(3)
    seen_at = bulk.desk.clock.now()
    bulk.desk.clock.advance(1)
    await bulk.desk.ledger.act(Action("resend", Filter(dossier="D-00000"), "mai", "I was faster"))
    await bulk.end(REFUSED)
    number = await bulk.make(seen_at=seen_at)
    bulk.desk.clock.advance(1)
    await bulk.desk.ledger.act(Action("skip", Filter(dossier="D-00001"), "mai", "not needed"))
    await bulk.turn()
    items = {item.dossier: (item.state, item.rule) for item in await bulk.book.items(number)}
    assert items == {
        "D-00000": ("refused", "changed"),
        "D-00001": ("refused", "changed"),
        "D-00002": ("acted", ""),
    }
    assert await bulk.desk.states("D-00001") == ["dead"]


async def test_a_canary_takes_heads_of_lanes_and_another_where_one_is_refused(bulk: Bulk) -> None:
    await bulk.desk.accept(arrival(1, dossier="D-1"), arrival(2, dossier="D-1"), arrival(1, dossier="D-2"))
    for job in (await bulk.desk.claim()).jobs:
        await bulk.desk.close(job, REFUSED)
    await bulk.desk.ledger.act(Action("skip", Filter(dossier="D-1"), "mai", "past it"))
    await bulk.desk.close(await bulk.desk.one(), REFUSED)
    number = await bulk.make(canary=1)
    states = {(item.dossier, item.rule): item.state for item in await bulk.book.items(number)}
    assert states == {("D-1", ""): "waiting", ("D-2", ""): "waiting"}
    await bulk.turn()
    assert sorted(await bulk.states(number)) == ["acted", "waiting", "waiting"]


async def test_what_later_ones_have_passed_goes_back_only_when_a_person_wants_it_all_the_same(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2))
    first = await desk.one()
    await desk.close(first, REFUSED)
    where = Filter(ids=(first.delivery,))
    await desk.ledger.act(Action("skip", where, "lan", "settled by letter"))
    second = await desk.one()
    (row,) = await desk.ledger.act(Action("resend", where, "lan", "after all", past=True))
    assert (row.done, row.rule) == (False, "unsettled"), "never beside one that is being sent"
    await desk.close(second)
    (row,) = await desk.ledger.act(Action("resend", where, "lan", "after all"))
    assert (row.done, row.rule) == (False, "passed")
    (row,) = await desk.ledger.act(Action("resend", where, "lan", "after all", past=True))
    assert (row.done, row.after) == (True, State.PENDING)
    assert (await desk.one()).delivery == first.delivery


async def test_an_old_full_state_never_goes_over_a_newer_one(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"))
    first = await desk.one()
    await desk.close(first, REFUSED)
    where = Filter(ids=(first.delivery,))
    await desk.ledger.act(Action("skip", where, "lan", "a newer one comes"))
    await desk.accept(arrival(2, "state"))
    await desk.close(await desk.one())
    for verb in ("resend", "reprocess"):
        (row,) = await desk.ledger.act(Action(verb, where, "lan", "after all", past=True))
        assert (row.done, row.rule) == (False, "newer")


async def test_skipping_many_is_done_when_it_is_done(bulk: Bulk) -> None:
    await bulk.dead(4)
    number = await bulk.make(verb="skip")
    for _ in range(4):
        await bulk.turn()
    assert await bulk.stands(number) == ("done", {"passed": 4})


async def test_only_who_holds_the_duty_turns_tasks(bulk: Bulk) -> None:
    await bulk.dead(2)
    await bulk.make()
    fence = await bulk.desk.ledger.take_duty("tasks", "here", 10)
    assert fence is not None
    assert await bulk.desk.ledger.take_duty("tasks", "there", 10) is None
    bulk.desk.clock.advance(11)
    assert await bulk.desk.ledger.take_duty("tasks", "there", 10) is not None
    with pytest.raises(FenceLost):
        await bulk.book.turn(fence)


async def test_a_task_whose_making_was_broken_off_is_closed_and_did_nothing(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bulk.dead(2)
    monkeypatch.setattr("bus.ledger.tasks._made", lambda _book, _number: None)
    number = await bulk.make()
    await bulk.turn()
    assert (await bulk.stands(number))[0] == "making"
    bulk.desk.clock.advance(301)
    await bulk.turn()
    assert await bulk.stands(number) == ("cancelled", {"dropped": 2})


@pytest.mark.slow
async def test_ten_thousand_go_one_by_one_through_kills_of_the_process_none_twice(
    sqlite_url: str, keys: Keyring, clock: HandClock
) -> None:
    ledger = open_ledger(sqlite_url, keys, clock=clock)
    bulk = Bulk(Desk(ledger, clock))
    for start in range(0, 10_000, 500):
        await ledger.accept([arrival(dossier=f"D-{number:05}") for number in range(start, start + 500)])
    await ledger.act(Action("skip", Filter(partner="plain", states=(State.PENDING,)), "lan", "made dead", limit=10_000))
    number = await bulk.make(verb="cancel", rate=200.0, canary=3)
    for turn in range(60):
        if turn % 20 == 10:  # the process is gone, whatever it was doing, and another begins
            await ledger.close()
            ledger = open_ledger(sqlite_url, keys, clock=clock)
            bulk = Bulk(Desk(ledger, clock))
        await bulk.turn()
        clock.advance(1)
    assert await bulk.stands(number) == ("done", {"passed": 10_000})
    totals = await ledger.totals()
    assert totals.counts == {("plain", State.CANCELLED, Cause.NONE): 10_000}
    await ledger.close()
