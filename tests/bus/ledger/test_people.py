"""People in the ledger, on both databases: accounts, sessions, tries, and what was revealed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bus.ledger.people import LastAdministrator, Person, wait_s
from tests.bus.ledger.conftest import Desk


def a_person(name: str, *roles: str) -> Person:
    return Person(name, frozenset(roles), "", 1.0, f"hash of {name}", must_change=True, until_at=9e9)


async def test_the_first_is_first_however_many_processes_start_at_once(desk: Desk) -> None:
    book = desk.ledger.people()
    tries = [book.add(a_person("admin", "administrator"), "bus", "start", first=True) for _ in range(5)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 4 + [True]
    assert not await book.add(a_person("lan", "viewer"), "bus", "start", first=True)


async def test_a_person_is_kept_whole_and_changes_are_on_record(desk: Desk) -> None:
    book, lan = desk.ledger.people(), a_person("lan", "viewer", "operator")
    assert await book.add(lan, "admin", "new")
    assert await book.person("lan") == lan
    changed = await book.change(
        "lan", lambda p: replace(p, code_key=b"\x00key", disabled=True), "admin", "disable person", "why"
    )
    assert changed == await book.person("lan")
    assert [(n.verb, n.who, n.reason, n.before, n.after) for n in await book.remarks(2**62, 9)] == [
        ("disable person", "admin", "why", "operator viewer", "lan: operator viewer (disabled)"),
        ("add person", "admin", "new", "", "lan: operator viewer"),
    ]
    assert await book.change("nobody", lambda p: p, "admin", "x", "y") is None


async def test_of_two_administrators_who_disable_each_other_at_once_one_stays(desk: Desk) -> None:
    book = desk.ledger.people()
    for name in ("chu", "pho"):
        await book.add(a_person(name, "administrator"), "bus", "start")
    said = await asyncio.gather(
        *(
            book.change(name, lambda p: replace(p, disabled=True), "x", "disable person", "y")
            for name in ("chu", "pho")
        ),
        return_exceptions=True,
    )
    assert [type(answer) for answer in said if isinstance(answer, Exception)] == [LastAdministrator]


async def test_a_session_is_known_by_its_word_until_it_ends(desk: Desk) -> None:
    book = desk.ledger.people()
    await book.add(a_person("lan", "viewer"), "bus", "start")
    await book.begin("first", "lan", proven=False)
    await book.begin("second", "lan", proven=True, old="first", began_at=desk.clock.now())
    assert await book.session("first", touch=True) is None
    found = await book.session("second", touch=True)
    assert found is not None
    assert (found.person.name, found.proven) == ("lan", True)
    await book.end("second", "lan")
    assert await book.session("second", touch=True) is None


async def test_tries_wait_longer_and_longer_and_those_at_once_are_counted_too(desk: Desk) -> None:
    book = desk.ledger.people()
    waits = await asyncio.gather(*(book.charge([("account", "lan")]) for _ in range(20)))
    assert sum(wait == 0 for wait in waits) == 5
    desk.clock.advance(1)
    assert await book.charge([("account", "lan")]) == 0
    assert await book.charge([("account", "lan")]) == pytest.approx(2)
    await book.forgive([("account", "lan")])
    assert await book.charge([("account", "lan")]) == 0


def test_the_wait_never_shrinks_and_has_an_end() -> None:
    waits = [wait_s("account", tries) for tries in range(2000)]
    assert waits == sorted(waits)
    assert max(waits) == 900


async def test_what_was_revealed_is_seen_by_one_person_in_its_time(desk: Desk) -> None:
    book = desk.ledger.people()
    await book.reveal("lan", "D-1", "name", "a call", 600)
    await book.reveal("lan", "D-1", "name", "another call", 600)
    assert list(await book.revealed("lan", "D-1")) == ["name"]
    assert await book.revealed("mai", "D-1") == await book.revealed("lan", "D-2") == {}
    desk.clock.advance(600)
    assert await book.revealed("lan", "D-1") == {}
