"""What goes when its term is over, what stays whatever its age, and that accounts, chain and stories hold after."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from bus.ledger.retention import DAY_S, SLICE, Terms
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import Action, Filter, Move, Result, State, Status
from bus.outcome import Cause
from bus.seal import Keyring
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import DELIVERED, Desk, arrival
from tests.bus.ledger.test_lookup import ASKED
from tests.bus.ledger.test_raw import bring
from tests.conftest import HandClock

PERSON = (("citizen", "084080000123"),)
YEAR = Terms(events=365)
DEAD = Move(State.DEAD, Cause.REFUSED)


async def lap(desk: Desk, terms: Terms) -> dict[str, int]:
    """One lap to its end; what went."""
    gone = Counter[str]()
    async for part in desk.ledger.retention(terms).lap():
        gone += part
    return dict(gone)


async def due(desk: Desk, terms: Terms) -> dict[str, int]:
    return {one.rule: one.count for one in await desk.ledger.retention(terms).preview() if one.count}


async def settled(desk: Desk, dossier: str = DOSSIER, number: int = 1) -> None:
    """An event of a dossier, delivered."""
    await desk.accept(arrival(number, dossier=dossier, finders=PERSON))
    await desk.close(await desk.one(), request=b"sent", reply=b"answered", words="well")


async def proven(desk: Desk) -> None:
    """The accounts agree and the chain verifies."""
    fence = await desk.ledger.take_duty("sealer", "me", 30)
    assert fence is not None
    await desk.ledger.seal_journal(fence)
    assert (await desk.ledger.verify()).holds
    assert (await desk.ledger.verify_chain())[1] == ""


async def test_contents_go_when_a_year_has_passed_since_the_last_that_happened_to_the_dossier(desk: Desk) -> None:
    await settled(desk)
    desk.clock.advance(300 * DAY_S)
    await settled(desk, number=2)
    desk.clock.advance(100 * DAY_S)
    assert await lap(desk, YEAR) == {}
    desk.clock.advance(266 * DAY_S)
    assert await due(desk, YEAR) == {"events": 1}
    assert await lap(desk, YEAR) == {"events": 2, "messages": 2}
    assert await due(desk, YEAR) == await lap(desk, YEAR) == {}
    await proven(desk)


async def test_the_story_goes_on_and_tells_what_was_removed_when_and_by_which_rule(desk: Desk) -> None:
    await settled(desk)
    desk.clock.advance(366 * DAY_S)
    await lap(desk, YEAR)
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    (event,), (delivery,), (attempt,), (note,) = story.events, story.deliveries, story.attempts, story.notes
    assert (event.body, event.erased_at) == (b'{"data": {}}', desk.clock.now())
    assert (delivery.state, attempt.outcome, attempt.secret) == (State.DELIVERED, "Test", {})
    assert (note.who, note.reason) == ("bus", "[retention] events_days = 365")
    assert note.after == "-1 events, -1 messages"


async def test_an_event_whose_contents_are_gone_is_known_when_it_comes_again(desk: Desk) -> None:
    await settled(desk)
    desk.clock.advance(366 * DAY_S)
    await lap(desk, YEAR)
    again, other = await desk.accept(arrival(1, finders=PERSON), arrival(1, data={"n": "other"}))
    assert (again.status, other.status) == (Status.DUPLICATE, Status.CONFLICT)


async def test_messages_may_go_before_their_events_and_never_after_them(desk: Desk) -> None:
    await settled(desk)
    desk.clock.advance(40 * DAY_S)
    terms = Terms(events=365, messages=30)
    assert await due(desk, terms) == {"messages": 1}
    assert await lap(desk, terms) == {"messages": 1}
    assert await due(desk, terms) == await lap(desk, terms) == {}
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert story.attempts[0].secret == {}
    assert story.events[0].erased_at is None
    assert story.notes[0].reason == "[retention] messages_days = 30"


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (State.WAITING, Cause.CODE_GAP),
        (State.WAITING, Cause.TAKEN),
        (State.IN_DOUBT, Cause.UNKNOWN),
        (State.DEAD, Cause.REFUSED),
        (State.PENDING, Cause.NONE),
    ],
)
async def test_nothing_goes_of_a_dossier_with_something_left_to_be_done(desk: Desk, state: State, cause: Cause) -> None:
    await settled(desk)
    await desk.accept(arrival(2, finders=PERSON))
    if state is not State.PENDING:
        await desk.close(await desk.one(), Move(state, cause), request=b"sent")
    desk.clock.advance(4000 * DAY_S)
    terms = Terms(events=365, messages=30, people=90)
    assert await due(desk, terms) == await lap(desk, terms) == {}
    assert await desk.ledger.find(*PERSON[0]) == [DOSSIER]


async def test_what_waits_for_an_earlier_number_stays(desk: Desk) -> None:
    await settled(desk)
    await desk.accept(arrival(3))
    desk.clock.advance(4000 * DAY_S)
    assert await lap(desk, YEAR) == {}


async def test_what_was_skipped_goes_and_cannot_be_sent_again(desk: Desk) -> None:
    await desk.accept(arrival(1))
    await desk.close(await desk.one(), DEAD)
    await desk.ledger.act(Action("skip", Filter(dossier=DOSSIER), "an officer", "because"))
    desk.clock.advance(366 * DAY_S)
    assert (await lap(desk, YEAR))["events"] == 1
    for verb in ("resend", "reprocess"):
        (row,) = await desk.ledger.act(Action(verb, Filter(dossier=DOSSIER), "an officer", "because"))
        assert not row.done
        assert "contents were removed" in row.refusal
    await proven(desk)


async def test_a_new_event_of_a_dossier_whose_contents_are_gone_goes_out_as_ever(desk: Desk) -> None:
    await settled(desk)
    desk.clock.advance(366 * DAY_S)
    await lap(desk, YEAR)
    await settled(desk, number=2)
    assert await desk.states() == ["delivered", "delivered"]
    assert [event.data for event in await desk.ledger.about(DOSSIER, arrival(2).type)] == [{"n": 2}]


async def test_nobody_is_found_by_what_has_served_its_term(desk: Desk) -> None:
    await settled(desk)
    await settled(desk, "000.00.17.H59-260106-2")
    desk.clock.advance(80 * DAY_S)
    await settled(desk, number=2)
    desk.clock.advance(20 * DAY_S)
    assert await due(desk, Terms(people=90)) == {"people": 1}
    assert await lap(desk, Terms(people=90)) == {"people": 1}
    assert await desk.ledger.find(*PERSON[0]) == [DOSSIER]


async def test_a_row_that_could_not_be_read_goes_after_somebody_dealt_with_it(desk: Desk) -> None:
    await bring(desk, "catalogue", b"one", b"two")
    desk.clock.advance(1000 * DAY_S)
    assert await lap(desk, Terms(raw=90)) == {}
    (row,) = [row for row in await desk.ledger.raw_rows() if row.body == b"one"]
    await desk.ledger.deal_with_raw([row.id], "an officer", "filed by hand")
    desk.clock.advance(91 * DAY_S)
    assert await due(desk, Terms(raw=90)) == await lap(desk, Terms(raw=90)) == {"raw": 1}
    assert [row.body for row in await desk.ledger.raw_rows(dealt=True)] == [b"two"]


async def test_old_look_ups_go_and_young_ones_stay(desk: Desk) -> None:
    book = desk.ledger.lookups()
    await book.keep(ASKED)
    desk.clock.advance(100 * DAY_S)
    await book.keep(ASKED)
    terms = Terms(lookups=90)
    assert await due(desk, terms) == await lap(desk, terms) == {"lookups": 1}
    views, _ = await book.page(about=ASKED.about[0])
    assert [view.at for view in views] == [desk.clock.now()]


async def test_old_records_go_and_the_chain_still_verifies_and_grows(desk: Desk) -> None:
    await settled(desk)
    await desk.ledger.remark("an officer", "search", "old")
    await proven(desk)
    old, _ = await desk.ledger.verify_chain()
    desk.clock.advance(400 * DAY_S)
    await settled(desk, number=2)
    await proven(desk)
    before, _ = await desk.ledger.verify_chain()
    assert await due(desk, Terms(audit=365)) == await lap(desk, Terms(audit=365)) == {"audit": 1 + old}
    await proven(desk)
    assert (await desk.ledger.verify_chain())[0] == before - old
    assert await lap(desk, Terms(audit=365)) == {}


async def test_the_end_of_the_chain_stays_whatever_its_age(desk: Desk) -> None:
    await settled(desk)
    await proven(desk)
    count, _ = await desk.ledger.verify_chain()
    desk.clock.advance(4000 * DAY_S)
    assert await due(desk, Terms(audit=365)) == await lap(desk, Terms(audit=365)) == {"audit": count - 1}
    await settled(desk, number=2)
    await proven(desk)


async def test_on_request_the_contents_of_closed_dossiers_go_at_once_and_open_ones_are_named(
    desk: Desk, keys: Keyring
) -> None:
    await settled(desk)
    waits = "000.00.17.H59-260106-2"
    await desk.accept(arrival(1, dossier=waits, finders=PERSON))
    found, digest = await desk.ledger.find(*PERSON[0]), keys.digest(*PERSON[0])
    retention = desk.ledger.retention(Terms())
    assert await retention.erase(found, digest, "hoa", "request 12", dry_run=True) == ([DOSSIER], [waits])
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert story.events[0].erased_at is None
    assert await retention.erase(found, digest, "hoa", "request 12", dry_run=False) == ([DOSSIER], [waits])
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert story.events[0].erased_at == desk.clock.now()
    assert [(note.who, note.reason) for note in story.notes] == [("hoa", "request 12")]
    assert await desk.ledger.find(*PERSON[0]) == [waits]
    await proven(desk)


async def test_more_than_a_page_goes_in_small_commits(desk: Desk) -> None:
    codes = [f"000.00.17.H59-260106-{number}" for number in range(600)]
    for start in range(0, len(codes), 50):
        await desk.accept(*(arrival(1, dossier=code) for code in codes[start : start + 50]))
        claimed = await desk.claim()
        await desk.ledger.record([Result(job, DELIVERED, "Test") for job in claimed.jobs])
    desk.clock.advance(366 * DAY_S)
    assert await due(desk, YEAR) == {"events": 600}
    parts = [part["events"] async for part in desk.ledger.retention(YEAR).lap()]
    assert sum(parts) == 600
    assert max(parts) <= SLICE
    await proven(desk)


CUTS = {
    "begins later by another's word": "UPDATE chain_start SET number = number + 1",
    "cut without a word": "DELETE FROM chain WHERE number <= (SELECT number + 1 FROM chain_start)",
    "the word taken away": "DELETE FROM chain_start",
}


@pytest.mark.parametrize("cut", CUTS)
async def test_only_the_bus_may_shorten_the_chain(tmp_path: Path, keys: Keyring, cut: str) -> None:
    clock = HandClock()
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys, clock=clock), clock)
    for number in range(1, 4):
        await settled(desk, number=number)
        await proven(desk)
        desk.clock.advance(200 * DAY_S)
    assert (await lap(desk, Terms(audit=365)))["audit"]
    assert (await desk.ledger.verify_chain())[1] == ""
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute(CUTS[cut])
    assert (await desk.ledger.verify_chain())[1]
    await desk.ledger.close()


async def test_what_was_changed_before_its_term_was_over_stays_to_be_seen(tmp_path: Path, keys: Keyring) -> None:
    clock = HandClock()
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys, clock=clock), clock)
    await settled(desk)
    await proven(desk)
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute("UPDATE journal SET entry = replace(entry, 'pending', 'dead')")
    clock.advance(400 * DAY_S)
    assert await lap(desk, Terms(audit=365)) == {}
    assert "was changed" in (await desk.ledger.verify_chain())[1]
    await desk.ledger.close()


async def test_what_is_removed_is_nowhere_in_the_database_file(tmp_path: Path, keys: Keyring) -> None:
    clock = HandClock()
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys, clock=clock), clock)
    await settled(desk)
    with sqlite3.connect(tmp_path / "l.db") as other:
        sealed = [
            bytes(row[0])[20:] for row in other.execute("SELECT body FROM event UNION ALL SELECT secret FROM attempt")
        ]
        (digest,) = other.execute("SELECT digest FROM finder").fetchone()
    clock.advance(366 * DAY_S)
    await lap(desk, Terms(events=365, people=365))
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(sealed) == 2
    assert not [part for part in (*sealed, digest) if part in stored]
    await desk.ledger.close()
