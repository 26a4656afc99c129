"""Every partner that is polled, by the poller itself and a real ledger: one holds the right, cursor and results are one
commit, what comes again changes nothing, a row nobody can read spoils no other.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from lxml import etree

from adapters.transport import xml
from bus.adapter import Adapter, Call, Partner, Poll
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Arrival
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.canonical.events import PREFIX
from contracts.envelope import Envelope
from mappings.replies import POLLED as REPLY_TO_POLL
from mappings.replies import becomes
from ops.poller import Poller
from tests.conftest import HandClock
from tests.partners.rooms import PARTNERS, Room, good_thread, room_of, settings_of, wiring

POLLED = [partner for partner in PARTNERS.values() if partner.polls_every_s is not None]
EVERY_S = 1000.0
each_polled = pytest.mark.parametrize("partner", POLLED, ids=[partner.name for partner in POLLED])


async def _a_step_inside(room: Room) -> None:
    for step in await good_thread(room.partner, room.partner.operation("TiepNhanHoSo")):
        await room.go(step)
    simulator: Any = room.simulator
    simulator.change(next(iter(simulator.slips)))


async def _two_questions(room: Room) -> None:
    simulator: Any = room.simulator
    simulator.ask_something()
    simulator.ask_something()


async def _a_parcel(room: Room) -> None:
    for step in await good_thread(room.partner, room.partner.operation("order")):
        await room.go(step)


NEWS: dict[str, Callable[[Room], Awaitable[None]]] = {
    "electronic_iso": _a_step_inside,
    "national_portal": _two_questions,
    "postal": _a_parcel,
}
"""Simulators that have nothing to tell by themselves, and what makes them."""


@dataclass
class Watched:
    """An adapter whose polls are counted; before its answer is handed back, `meanwhile` happens, and `spoilt` changes it."""

    adapter: Adapter
    meanwhile: Callable[[], Awaitable[None]] | None = None
    spoilt: Callable[[Poll], Poll] = lambda polled: polled
    polls: int = 0

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        self.polls += 1
        answer = await self.adapter.poll(cursor, call)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return self.spoilt(answer) if isinstance(answer, Poll) else answer


@dataclass
class Office:
    """A partner with something to tell, a ledger, and processes that would poll."""

    room: Room
    ledger: SqlLedger
    clock: HandClock
    adapter: Adapter
    told: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """What polls brought, by source and id."""
    kinds: set[str] = field(default_factory=set)

    @property
    def duty(self) -> str:
        return f"poll:{self.room.partner.name}"

    async def turn(self, holder: str, adapter: Watched) -> None:
        """What a process does until it rests."""
        settings = settings_of(self.room.partner, self.room.server.url)

        async def rested() -> None:
            pass

        poller = Poller(
            partner=self.room.partner.name,
            every_s=EVERY_S,
            holder=holder,
            adapter=adapter,  # type: ignore[arg-type]
            settings=settings,
            ledger=self.ledger,
            clock=self.clock,
            arrival=self.arrival,
            ready=lambda _partners: None,
            rested=rested,
        )
        asyncio.get_running_loop().call_soon(poller.stop)
        await poller.run()

    def arrival(self, event: Envelope) -> Arrival:
        self.kinds.add(event.type.removeprefix(PREFIX))
        self.told[event.source, event.id] = json.dumps([event.type, event.data], sort_keys=True).encode()
        at, body = event.time.timestamp(), event.to_json()
        return Arrival(event.source, event.id, event.type, event.subject, None, at, body, event.content(), (), "test")

    def watched(self, **changes: Any) -> Watched:
        return Watched(self.adapter, **changes)

    async def events(self) -> int:
        return (await self.ledger.totals()).events

    async def raw(self) -> list[bytes]:
        return [row.body for row in await self.ledger.raw_rows(self.room.partner.name)]


@asynccontextmanager
async def office_of(partner: Partner, url: str, keys: Keyring) -> AsyncIterator[Office]:
    clock = HandClock(time.time())
    ledger = open_ledger(url, keys, clock=clock)
    async with room_of(partner) as room:
        await NEWS.get(partner.name, _nothing)(room)
        clock.at = time.time() + 20.0  # what partners have to tell lies behind us, also on a slow machine
        wired = replace(wiring(settings_of(partner, room.server.url), room.vault), shelf=ledger)
        adapter = partner.open(wired)
        try:
            yield Office(room, ledger, clock, adapter)
        finally:
            await adapter.close()
            await ledger.close()


async def _nothing(_room: Room) -> None:
    pass


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def ledger_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@each_polled
async def test_while_one_process_polls_no_other_does(partner: Partner, sqlite_url: str, keys: Keyring) -> None:
    async with office_of(partner, sqlite_url, keys) as office:
        second = office.watched()
        await office.turn("one", office.watched(meanwhile=lambda: office.turn("two", second)))
        assert second.polls == 0
        assert await office.events()


@each_polled
async def test_a_process_that_lost_the_right_commits_nothing_of_what_it_brought(
    partner: Partner, ledger_url: str, keys: Keyring
) -> None:
    def as_it_was(polled: Poll) -> Poll:
        return replace(polled, cursor="of the old holder", bad_rows=(b"of the old holder",), more=False)

    async with office_of(partner, ledger_url, keys) as office:
        second = office.watched()

        async def lost() -> None:
            office.clock.advance(EVERY_S + 1000)
            await office.turn("two", second)

        await office.turn("one", office.watched(meanwhile=lost, spoilt=as_it_was))
        assert second.polls
        assert await office.ledger.cursor(office.duty) != "of the old holder"
        assert await office.raw() == []
        assert await office.events()


@each_polled
async def test_what_is_polled_again_from_the_beginning_is_known(
    partner: Partner, sqlite_url: str, keys: Keyring
) -> None:
    """Overlap is absorbed by the source's ids, or by what was kept in the same commit: nothing is told under two ids."""
    async with office_of(partner, sqlite_url, keys) as office:
        await office.turn("one", office.watched())
        assert office.told
        fence = await office.ledger.take_duty(office.duty, "one", EVERY_S)
        assert fence is not None
        await office.ledger.accept_polled(office.duty, fence, "", [], [])
        again = office.watched()
        await office.turn("one", again)
        assert again.polls
        assert office.kinds <= set(becomes(partner.name, REPLY_TO_POLL))
        assert len(set(office.told.values())) == len(office.told) == await office.events()


@each_polled
async def test_a_row_nobody_can_read_is_kept_as_it_came_and_spoils_no_other(
    partner: Partner, sqlite_url: str, keys: Keyring
) -> None:
    async with office_of(partner, sqlite_url, keys) as office:
        office.room.server.spoils = one_more_row
        await office.turn("one", office.watched())
        assert office.told, "the row hid the others"
        kept = await office.raw()
        assert len(kept) == 1
        assert MARK in kept[0].decode()


MARK = "khong-doc-duoc"


def one_more_row(body: bytes) -> bytes:
    """The answer with a copy of its first row before it, every value of which is rubbish."""
    if body.lstrip().startswith(b"<"):
        root = xml.parse(body)
        rows = (one for one in root.iter() if len(one) > 2 and not any(len(inner) for inner in one))
        for row in itertools.islice(rows, 1):
            rubbish = copy.deepcopy(row)
            for leaf in rubbish:
                leaf.text = MARK
            row.addprevious(rubbish)
        return etree.tostring(root)
    told = json.loads(body)
    for found in itertools.islice(lists(told), 1):
        found.insert(0, dict.fromkeys(found[0], MARK))
    return json.dumps(told).encode()


def lists(value: Any) -> Iterator[list[Any]]:
    """Every list of objects in a JSON document, the outer ones first."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from lists(inner)
