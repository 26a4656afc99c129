"""The search box: any number finds its dossier, people only who may, and each search for somebody is in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import State
from bus.seal import Keyring
from ops.search import PERSON, Found, search, told
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import Desk, arrival
from tests.conftest import HandClock

CITIZEN = "084080000123"
OTHERS = [f"000.00.17.H59-230425-{number:04}" for number in range(2, 5)]


async def noted(desk: Desk) -> list[tuple[str, str]]:
    return [(note.reason, note.dossier) for note in await desk.ledger.people().remarks(2**62, 50, verb="search")]


@pytest.fixture
async def books(sqlite_url: str, keys: Keyring, clock: HandClock) -> AsyncIterator[Desk]:
    """One dossier with a tracking number; two more of the same citizen."""
    ledger = open_ledger(sqlite_url, keys, clock=clock)
    desk = Desk(ledger, clock)
    tracked = replace(arrival(1), references=(("tracking", "EV123VN"),), finders=(("tax", "0100109106-001"),))
    await desk.accept(tracked, *(arrival(1, dossier=code, finders=(("citizen", CITIZEN),)) for code in OTHERS[:2]))
    yield desk
    await ledger.close()


async def ask(desk: Desk, typed: str, *, may_find: bool = True, only: str = "") -> Found:
    return await search(desk.ledger, typed, "lan", may_find=may_find, only=only)


async def test_one_number_leads_to_its_dossier_and_the_log_keeps_the_kind_not_the_number(books: Desk) -> None:
    found = await ask(books, " ev 123 vn")
    assert [(line.dossier, line.kinds) for line in found.lines] == [(DOSSIER, ("tracking",))]
    by_delivery = await ask(books, "1")
    assert (by_delivery.lines[0].dossier, by_delivery.delivery) == (DOSSIER, 1)
    assert await noted(books) == [
        ("1 dossiers found by delivery", DOSSIER),
        ("1 dossiers found by tracking", DOSSIER),
    ]


@pytest.mark.parametrize("typed", [CITIZEN, "084 080 000 123", "084.080.000.123"])
async def test_a_citizen_is_found_by_who_may_and_others_learn_only_that_there_is_something(
    books: Desk, typed: str
) -> None:
    found = await ask(books, typed)
    assert [line.dossier for line in found.lines] == OTHERS[:2]
    assert all(line.kinds == (PERSON,) for line in found.lines)
    assert found.lines[0].standing is not None
    assert found.lines[0].standing.states == {State.PENDING: 1}
    assert await ask(books, typed, may_find=False) == Found(hidden=True)
    assert await ask(books, typed, only="another") == Found()
    reasons = [f"{n} dossiers found by a person's identifier" for n in (0, 0, 2)]
    assert await noted(books) == [(reason, "") for reason in reasons]


async def test_a_search_for_somebody_unknown_is_in_the_log_too(books: Desk) -> None:
    assert await ask(books, "084080000999", may_find=False) == Found()
    assert await noted(books) == [("0 dossiers found by a person's identifier", "")]


async def test_a_branch_is_found_with_and_without_its_dash(books: Desk) -> None:
    for typed in ("0100109106-001", "0100109106001"):
        assert [line.dossier for line in (await ask(books, typed)).lines] == [DOSSIER]


async def test_half_a_code_suggests_and_nonsense_finds_nothing(books: Desk) -> None:
    near = await ask(books, "230425-000")
    assert (near.total, near.suggestions) == (0, (DOSSIER, *OTHERS[:2]))
    assert told(near)["suggestions"] == [DOSSIER, *OTHERS[:2]]
    for typed in ("", "   ", "\x00", "😀", "%", "' OR 1=1 --", "x" * 5000):
        assert await ask(books, typed) == Found()
