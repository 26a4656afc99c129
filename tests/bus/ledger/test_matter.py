"""How watched matters stand: written with their events in one commit, whatever the order they come in, and read by an index."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bus.ledger.matter import Open
from bus.ledger.words import Matter
from tests.bus.ledger.conftest import Desk, arrival

DAY_S = 86_400.0


def a_matter(key: str, at: float, *, still: bool, place: int = 0, state: str = "") -> Matter:
    return Matter("post.late", key, f"D-{key}", at, place, state or f"{at:g}", still)


async def come(desk: Desk, *matters: Matter, number: int = 1) -> None:
    await desk.accept(replace(arrival(number, sequence=None), debts=(), matters=matters))


async def held(desk: Desk, before: float = 1e12) -> Open:
    return await desk.ledger.matters().open("post.late", before, 10)


def open_since(matters: Sequence[Matter]) -> list[tuple[str, float, str]]:
    """The rule in plain words: open with the newest state, since the first event behind the last that closed it."""
    found: dict[str, tuple[float, str]] = {}
    for one in sorted(matters, key=lambda m: (m.at, m.place)):
        since, _ = found.pop(one.key, (one.at, ""))
        if one.still:
            found[one.key] = (since, one.state)
    return sorted((key, since, state) for key, (since, state) in found.items())


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_open_is_open_since_it_was_opened_last(desk: Desk, seed: int) -> None:
    rng = random.Random(seed)
    matters = [a_matter(rng.choice("abc"), at, still=rng.random() < 0.6) for at in range(30)]
    for number, matter in enumerate(matters):
        await come(desk, matter, number=number)
    found = await held(desk)
    assert [(late.key, late.since, late.state) for late in sorted(found.first)] == open_since(matters)
    assert (found.still, found.late) == (len(found.first), len(found.first))


async def test_an_older_event_that_comes_late_changes_nothing_but_since_when(desk: Desk) -> None:
    await come(desk, a_matter("a", 20, still=True), a_matter("b", 20, still=False))
    await come(desk, a_matter("a", 10, still=True), a_matter("b", 10, still=True), number=2)
    await come(desk, a_matter("a", 5, still=False), number=3)
    assert [(one.key, one.since, one.state) for one in (await held(desk)).first] == [("a", 10, "20")]


async def test_of_one_instant_the_later_type_is_the_newer(desk: Desk) -> None:
    await come(desk, a_matter("a", 10, still=False, place=1), a_matter("a", 10, still=True, place=0))
    assert (await held(desk)).still == 0


async def test_only_what_is_older_than_asked_for_is_late(desk: Desk) -> None:
    await come(desk, a_matter("a", 10, still=True), a_matter("b", 20, still=True))
    found = await held(desk, before=20)
    assert (found.still, found.late, [one.key for one in found.first]) == (2, 1, ["a"])


async def test_a_watch_learns_once_how_its_matters_stood_before(desk: Desk) -> None:
    asked = 0

    async def earlier() -> list[Matter]:
        nonlocal asked
        asked += 1
        return [a_matter("a", 10, still=True)]

    await come(desk, a_matter("b", 20, still=True))
    for _ in range(3):
        await desk.ledger.matters().begin("post.late", earlier)
    assert asked == 1
    assert [one.key for one in (await held(desk)).first] == ["a", "b"]


async def test_what_ended_long_ago_is_forgotten_and_what_is_open_never(desk: Desk) -> None:
    now = desk.clock.now()
    await come(desk, a_matter("a", now, still=True), a_matter("b", now, still=False))
    desk.clock.advance(91 * DAY_S)
    await desk.ledger.sweep(lambda stale: pytest.fail(f"nothing is stale: {stale}"), dead_after_s=20)
    rows = await desk.ledger._reader.ask(lambda c: c.rows("SELECT key FROM matter", {}))
    assert rows == [("a",)]
