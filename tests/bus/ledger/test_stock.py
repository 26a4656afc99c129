"""Numbers given beforehand: put in once, taken once, the same one again for the same delivery."""

from __future__ import annotations

import asyncio

from ops import queries
from tests.bus.ledger.conftest import Desk


async def test_each_delivery_gets_a_number_of_its_own_and_the_same_one_again(desk: Desk) -> None:
    stock = desk.ledger.stock("postal")
    await stock.fill(["B", "A", "C"])
    assert [await stock.take(key) for key in ("k1", "k2", "k1", "k3", "k4")] == ["B", "A", "B", "C", None]
    assert await stock.left() == 0
    assert await desk.ledger.stock("another").take("k1") is None


async def test_what_was_put_in_before_stays_taken(desk: Desk) -> None:
    stock = desk.ledger.stock("postal")
    await stock.fill(["A", "B"])
    assert await stock.take("k1") == "A"
    await stock.fill(["A", "B", "C"])
    assert await desk.ledger.stocks() == {"postal": (2, 3)}
    assert await stock.take("k1") == "A"
    assert await stock.take("k2") == "B"


async def test_takers_at_the_same_time_never_get_the_same_number(desk: Desk) -> None:
    stock = desk.ledger.stock("postal")
    await stock.fill([f"{number:04}" for number in range(1200)])
    taken = await asyncio.gather(*(stock.take(f"k{number}") for number in range(200)))
    assert len(set(taken)) == 200
    assert await stock.left() == 1000


async def test_the_level_is_told_with_the_status(desk: Desk) -> None:
    await desk.ledger.stock("postal").fill(["A", "B"])
    await desk.ledger.stock("postal").take("k")
    told = (await queries.status(desk.ledger))["partners"]["postal"]
    assert (told["numbers_left"], told["numbers"]) == (1, 2)
