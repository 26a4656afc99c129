"""Incidents: one opens once and closes once, over several processes and restarts, and what is owed of it is never lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bus.ledger.incidents import DUTY, Changed, Condition, IncidentBook, Patience, Telling
from bus.ledger.ledger import FenceLost
from bus.ledger.sql_ledger import open_ledger
from bus.seal import Keyring
from tests.bus.ledger.conftest import Desk, arrival
from tests.conftest import HandClock

KINDS = {"breaker": Patience(60, 120), "disk": Patience(0, 0)}
DOWN = Condition("breaker", "portal", dossiers=3, deliveries=5)
DUTY_OFFICER = Telling("duty", frozenset(KINDS))
CHIEF = Telling("chief", frozenset({"breaker"}), after_s=900)


async def look(desk: Desk, *found: Condition, holder: str = "a") -> Changed:
    """One look of a process that takes the duty."""
    fence = await desk.ledger.take_duty(DUTY, holder, 30)
    assert fence is not None
    return await book(desk).look(fence, found, KINDS, (DUTY_OFFICER, CHIEF))


def book(desk: Desk) -> IncidentBook:
    return desk.ledger.incidents()


async def opened(desk: Desk) -> int:
    """The number of an incident that has just opened."""
    await look(desk, DOWN)
    desk.clock.advance(60)
    ((event, number),) = await look(desk, DOWN)
    assert event == "opened"
    return number


async def test_it_opens_when_it_has_held_and_closes_when_it_has_been_gone(desk: Desk) -> None:
    assert await look(desk, DOWN) == []
    desk.clock.advance(59)
    assert await look(desk, DOWN) == []
    assert await book(desk).open() == []
    desk.clock.advance(1)
    number = (await look(desk, replace(DOWN, deliveries=7)))[0][1]
    assert await look(desk) == []
    desk.clock.advance(119)
    assert await look(desk) == []
    desk.clock.advance(1)
    assert await look(desk) == [("closed", number)]
    assert await look(desk) == []
    assert await book(desk).open() == []
    found = await book(desk).one(number)
    assert found is not None
    assert (found.first_deliveries, found.most_deliveries, found.lasted_s(desk.clock.now())) == (7, 7, 60)


async def test_one_that_comes_and_goes_stays_one(desk: Desk) -> None:
    number = await opened(desk)
    for _ in range(5):
        assert await look(desk) == []
        desk.clock.advance(100)
        assert await look(desk, DOWN) == []
    assert [one.id for one in await book(desk).open()] == [number]


async def test_a_mere_suspicion_leaves_nothing_behind(desk: Desk) -> None:
    await look(desk, DOWN)
    desk.clock.advance(30)
    await look(desk)
    desk.clock.advance(40)
    assert await look(desk, DOWN) == []
    assert await book(desk).all(2**62, 10) == []


async def test_what_began_earlier_opens_at_once_and_tells_so(desk: Desk) -> None:
    since = desk.clock.now() - 1000
    ((event, _),) = await look(desk, replace(DOWN, since=since))
    assert event == "opened"
    assert [one.began_at for one in await book(desk).open()] == [since]


async def test_it_grows_at_thresholds_alone(desk: Desk) -> None:
    number = await opened(desk)
    said = [await look(desk, replace(DOWN, deliveries=n)) for n in (9, 10, 50, 9, 60, 1000, 99)]
    assert said == [[], [("grown", number)], [], [], [], [("grown", number)], []]


async def test_two_looks_at_once_open_one(desk: Desk) -> None:
    fence = await desk.ledger.take_duty(DUTY, "a", 30)
    assert fence is not None
    now = replace(DOWN, since=0.0)
    said = await asyncio.gather(*(book(desk).look(fence, [now], KINDS, ()) for _ in range(5)))
    assert sorted(map(len, said)) == [0, 0, 0, 0, 1]


async def test_a_process_that_lost_the_duty_writes_nothing(desk: Desk) -> None:
    old = await desk.ledger.take_duty(DUTY, "a", 30)
    assert old is not None
    desk.clock.advance(31)
    await opened(desk)
    with pytest.raises(FenceLost):
        await book(desk).look(old, [], KINDS)
    assert len(await book(desk).open()) == 1


async def test_it_is_the_same_one_after_a_restart(ledger_url: str, keys: Keyring, clock: HandClock) -> None:
    before = Desk(open_ledger(ledger_url, keys, clock=clock), clock)
    number = await opened(before)
    await before.ledger.close()
    again = Desk(open_ledger(ledger_url, keys, clock=clock, process="another"), clock)
    clock.advance(40)
    assert await look(again, DOWN, holder="b") == []
    await look(again, holder="b")
    clock.advance(120)
    assert await look(again, holder="b") == [("closed", number)]
    await again.ledger.close()


async def test_the_notices_of_a_change_are_owed_in_its_commit(desk: Desk) -> None:
    number = await opened(desk)
    assert [(n.event, n.recipient) for n in await book(desk).owed()] == [("opened", "duty")]
    desk.clock.advance(900)
    owed = await book(desk).owed()
    assert [(n.recipient, n.escalated) for n in owed] == [("duty", False), ("chief", True)]
    await book(desk).settle({owed[0].id: "sent"}, {owed[1].id: (desk.clock.now() + 60, True)})
    assert await book(desk).owed() == []
    assert await book(desk).sent_since(0) == {"duty": 1}
    desk.clock.advance(60)
    assert [(n.recipient, n.tries) for n in await book(desk).owed()] == [("chief", 1)]
    assert [n.ending for n in await book(desk).notices(number)] == ["sent", ""]


async def test_who_takes_one_on_is_recorded(desk: Desk) -> None:
    number = await opened(desk)
    first = await book(desk).acknowledge(number, "lan", "called the ministry", "lan")
    desk.clock.advance(5)
    again = await book(desk).acknowledge(number, "mai", "handed over", "mai")
    assert first is not None
    assert again is not None
    assert (again.owner, again.acknowledged_by, again.acknowledged_at) == ("mai", "lan", first.acknowledged_at)
    notes = await desk.ledger.people().remarks(2**62, 10, verb="acknowledge incident")
    assert [(n.who, n.reason, n.before) for n in notes] == [
        ("mai", "handed over", "lan"),
        ("lan", "called the ministry", ""),
    ]
    await look(desk)
    desk.clock.advance(120)
    await look(desk)
    assert await book(desk).acknowledge(number, "lan", "too late", "lan") is None
    assert await book(desk).acknowledge(number + 1, "lan", "never was", "lan") is None


async def test_opening_and_closing_stand_in_the_record(desk: Desk) -> None:
    await opened(desk)
    await look(desk)
    desk.clock.advance(120)
    await look(desk)
    said = [(n.who, n.verb) for n in await desk.ledger.people().remarks(2**62, 10)]
    assert said == [("bus", "close incident"), ("bus", "open incident")]


async def test_kinds_that_were_not_judged_stay_as_they_are(desk: Desk) -> None:
    number = await opened(desk)
    fence = await desk.ledger.take_duty(DUTY, "a", 30)
    assert fence is not None
    desk.clock.advance(1000)
    fence = await desk.ledger.take_duty(DUTY, "a", 30)
    assert fence is not None
    assert await book(desk).look(fence, [], {"disk": KINDS["disk"]}) == []
    assert [one.clear_at for one in await book(desk).open()] == [None]
    assert number


async def test_what_waits_is_counted_by_partner(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(1, dossier="D-2"), arrival(1, dossier="D-3", partner="other"))
    counted = {partner: n for partner, (n, _since) in (await book(desk).waiting()).items()}
    assert counted == {"plain": 2, "other": 1}
    assert list((await book(desk).heard()).values()) == [3]


async def test_readings_are_kept_by_slot_and_forgotten(desk: Desk) -> None:
    await book(desk).keep("mismatch", {("portal", 1): 4, ("portal", 2): 5, ("post", 2): 6})
    await book(desk).keep("mismatch", {("portal", 2): 7}, forget_before=2)
    told = [(one.subject, one.slot, one.value) for one in await book(desk).readings("mismatch")]
    assert told == [("portal", 2, 7), ("post", 2, 6)]
