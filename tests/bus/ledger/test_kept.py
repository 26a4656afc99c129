"""What pollers keep: the latest of each kind and key, written with the cursor or not at all, read on from a number."""

from __future__ import annotations

import pytest

from bus.adapter import Kept
from bus.ledger.ledger import FenceLost
from tests.bus.ledger.conftest import Desk

DUTY = "poll:catalogue"


async def keep(desk: Desk, *facts: Kept, fence: int | None = None) -> None:
    held = await desk.ledger.take_duty(DUTY, "one", 30) if fence is None else fence
    assert held is not None
    await desk.ledger.accept_polled(DUTY, held, "cursor", [], [], facts)


async def test_the_latest_body_stands_and_readers_go_on_from_the_number_they_saw(desk: Desk) -> None:
    await keep(desk, Kept("procedure", "1.001193", "old"), Kept("procedure", "1.004884", "other"))
    first = await desk.ledger.kept("catalogue")
    assert [(fact.key, fact.body, fact.number) for fact in first] == [("1.001193", "old", 1), ("1.004884", "other", 2)]
    await keep(desk, Kept("procedure", "1.001193", "new"))
    assert await desk.ledger.kept("catalogue", after=2) == [Kept("procedure", "1.001193", "new", 3)]
    assert [fact.number for fact in await desk.ledger.kept("catalogue")] == [2, 3]
    assert await desk.ledger.kept("another") == []


async def test_of_two_facts_of_one_key_the_later_is_kept(desk: Desk) -> None:
    await keep(desk, Kept("field", "1", "first"), Kept("field", "2", "x"), Kept("field", "1", "second"))
    assert {fact.key: fact.body for fact in await desk.ledger.kept("catalogue")} == {"1": "second", "2": "x"}


async def test_a_lost_duty_keeps_nothing(desk: Desk) -> None:
    fence = await desk.ledger.take_duty(DUTY, "one", 30)
    desk.clock.advance(31)
    assert await desk.ledger.take_duty(DUTY, "two", 30)
    with pytest.raises(FenceLost):
        await keep(desk, Kept("field", "1", "x"), fence=fence)
    assert await desk.ledger.kept("catalogue") == []


async def test_more_than_one_reading_brings_is_read_in_turns(desk: Desk) -> None:
    await keep(desk, *(Kept("procedure", f"{number}", "{}") for number in range(2500)))
    seen = 0
    while page := await desk.ledger.kept("catalogue", seen):
        seen = page[-1].number
    assert seen == 2500
