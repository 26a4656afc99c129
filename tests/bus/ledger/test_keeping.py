"""What is kept, and how: sealed, counted, chained, durable; what may not be opened."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from bus.ledger import migrations, schema
from bus.ledger.ledger import LedgerBusy, LedgerUnfit
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.sqlite import SqliteDatabase
from bus.ledger.words import Filter, Move, PartnerChange, State
from bus.outcome import Cause
from bus.seal import Keyring, SealError
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import Desk, arrival
from tests.conftest import HandClock
from tests.ledgers import new_ledger

NAME = "Nguyễn Thị Canary"
DEAD = Move(State.DEAD, Cause.REFUSED)


async def test_what_is_personal_never_lies_open_in_the_database_file(tmp_path: Path, keys: Keyring) -> None:
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys), HandClock())
    await desk.accept(arrival(1, data={"name": NAME}, finders=(("citizen", "084080999123"),)))
    job = await desk.one()
    await desk.close(job, request=NAME.encode(), reply=NAME.encode(), words=NAME, memo={"who": NAME})
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in (NAME.encode(), json.dumps(NAME)[1:-1].encode(), b"Canary", b"084080999123"):
        assert canary not in stored
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert story.attempts[0].secret == {"request": NAME, "reply": NAME, "words": NAME}
    await desk.ledger.close()


async def test_the_open_attempt_stands_in_the_story_once_and_closed_as_it_was_opened(desk: Desk) -> None:
    await desk.accept(arrival(1))
    opened_at = desk.clock.now()
    job = await desk.one()
    opened = await desk.ledger.story(DOSSIER)
    desk.clock.advance(5)
    await desk.close(job)
    closed = await desk.ledger.story(DOSSIER)
    assert opened is not None
    assert closed is not None
    for story, closed_at in ((opened, None), (closed, opened_at + 5)):
        (attempt,) = story.attempts
        assert (attempt.number, attempt.worker) == (1, desk.ledger.process)
        assert (attempt.opened_at, attempt.closed_at) == (opened_at, closed_at)


async def test_an_event_whose_commit_failed_is_not_remembered_under_its_number(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = desk.ledger._database
    with monkeypatch.context() as broken:
        broken.setattr(database, "commit", Mock(side_effect=LedgerUnfit("the disk went away")))
        with pytest.raises(LedgerUnfit):
            await desk.accept(arrival(1, data={"n": "lost"}))
    monkeypatch.setattr(database, "ids", lambda _table, count: list(range(1, count + 1)))
    await desk.accept(replace(arrival(1, data={"n": "kept"}), envelope=None))
    assert (await desk.one()).envelope.data == {"n": "kept"}


async def test_a_new_key_writes_and_the_old_one_still_reads(tmp_path: Path) -> None:
    old = Keyring.generate()
    url = f"sqlite:///{tmp_path}/l.db"
    desk = Desk(open_ledger(url, Keyring.parse(old)), HandClock())
    await desk.accept(arrival(1))
    await desk.ledger.close()
    rotated = Desk(open_ledger(url, Keyring.parse(Keyring.rotated(old))), HandClock())
    await rotated.accept(arrival(2))
    assert [v.status for v in await rotated.accept(arrival(1))] == ["duplicate"]
    story = await rotated.ledger.story(DOSSIER)
    assert story is not None
    assert [json.loads(event.body)["data"]["n"] for event in story.events] == [1, 2]
    await rotated.ledger.close()


def test_a_sealed_value_opens_only_for_its_own_record_and_key() -> None:
    text = Keyring.generate()
    keys = Keyring.parse(text)
    sealed = keys.seal(b"secret", "event|a|1")
    assert keys.open(sealed, "event|a|1") == b"secret"
    with pytest.raises(SealError, match="was not sealed for it"):
        keys.open(sealed, "event|a|2")
    with pytest.raises(SealError, match="not in the keyring"):
        Keyring.parse(Keyring.generate()).open(sealed, "event|a|1")


async def test_the_tally_always_agrees_with_a_full_count_and_a_lie_is_found(tmp_path: Path, keys: Keyring) -> None:
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys), HandClock())
    await desk.accept(arrival(1, "state", "row"), arrival(3))
    await desk.close(await desk.one(), DEAD)
    assert (await desk.ledger.verify()).holds
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute("UPDATE delivery SET state = 'delivered' WHERE state = 'dead'")
    proof = await desk.ledger.verify()
    assert not proof.holds
    assert any("dead" in difference for difference in proof.differences)
    await desk.ledger.close()


TAMPERINGS = {
    "change": "UPDATE journal SET entry = replace(entry, 'delivered', 'dead') WHERE id = 3",
    "delete": "DELETE FROM journal WHERE id = 2",
    "insert": "INSERT INTO journal (id, at, process, entry) VALUES (0, 1, 'x', '[]')",
    "reorder": "UPDATE chain SET journal = CASE number WHEN 1 THEN -2 ELSE -1 END WHERE number < 3",
    "cut": "DELETE FROM chain WHERE number = 2",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_the_chain_names_what_was_tampered_with(tmp_path: Path, keys: Keyring, tampering: str) -> None:
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys), HandClock())
    for number in range(1, 4):
        await desk.accept(arrival(number))
        await desk.close(await desk.one())
    fence = await desk.ledger.take_duty("sealer", "me", 30)
    assert fence is not None
    sealed = await desk.ledger.seal_journal(fence)
    assert sealed >= 6
    assert await desk.ledger.verify_chain() == (sealed, "")
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute(TAMPERINGS[tampering])
        if tampering == "reorder":
            other.execute("UPDATE chain SET journal = -journal WHERE journal < 0")
    assert (await desk.ledger.verify_chain())[1]
    await desk.ledger.close()


async def test_a_list_no_index_leads_to_looks_through_so_many_at_a_time_and_comes_to_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.accept(*(arrival(number) for number in range(1, 10)))
    everything, _ = await desk.ledger.deliveries(Filter(), limit=1000)
    newest = everything[0].id
    monkeypatch.setattr("bus.ledger.reading.WALK", 4)
    where = Filter(operation=everything[-1].operation)
    seen: list[int] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        views, cursor = await desk.ledger.deliveries(where, cursor=cursor, limit=3)
        seen += [view.id for view in views]
        pages += 1
    assert seen == [view.id for view in everything if view.operation == where.operation]
    assert pages >= newest // 4
    pending, _ = await desk.ledger.deliveries(Filter(states=(State.PENDING,)), limit=1000)
    assert [view.id for view in pending] == [view.id for view in everything], "what is under way has an index"
    nobody, onward = await desk.ledger.deliveries(Filter(operation="none such"), limit=3)
    assert (nobody, onward) == ([], str(newest + 1 - 4))


async def test_pages_follow_their_cursor_to_the_end(desk: Desk) -> None:
    await desk.accept(*(arrival(n) for n in range(1, 8)))
    seen: list[int] = []
    cursor = ""
    while True:
        views, cursor = await desk.ledger.deliveries(Filter(partner="plain"), cursor=cursor, limit=3)
        seen += [view.id for view in views]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


async def test_a_locked_database_is_busy_and_nothing_is_stored_until_it_opens(
    tmp_path: Path, keys: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.ledger.sqlite.BUSY_TIMEOUT_S", 0.1)
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/l.db", keys), HandClock())
    with sqlite3.connect(tmp_path / "l.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy):
            await desk.accept(arrival(1))
        other.execute("ROLLBACK")
    assert [v.status for v in await desk.accept(arrival(1))] == ["accepted"]
    await desk.ledger.close()


async def test_a_full_disk_is_busy_and_goes_on_once_there_is_room(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.db", keys)
    desk = Desk(ledger, HandClock())

    database = ledger._database
    assert isinstance(database, SqliteDatabase)

    def limit(pages: int) -> None:
        database._open.execute(f"PRAGMA max_page_count = {pages}")

    async def fill_up() -> None:
        for number in range(2, 200):
            await desk.accept(arrival(number, data={"n": "x" * 3000}))

    await desk.accept(arrival(1))
    pages = await ledger._other(lambda book: database._open.execute("PRAGMA page_count").fetchone()[0])
    await ledger._other(lambda book: limit(pages + 2))
    with pytest.raises(LedgerBusy):
        await fill_up()
    await ledger._other(lambda book: limit(10**6))
    assert (await desk.accept(arrival(300, sequence=None)))[0].status == "accepted"
    assert (await ledger.verify()).holds
    await ledger.close()


async def test_a_full_queue_turns_callers_away_before_anything_is_lost(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.db", keys, queue_limit=100)
    batch = [arrival(n, sequence=None) for n in range(1, 61)]
    answers = await asyncio.gather(*(ledger.accept(batch) for _ in range(6)), return_exceptions=True)
    assert any(isinstance(answer, LedgerBusy) for answer in answers)
    assert (await ledger.totals()).events == 60
    await ledger.close()


async def test_one_bad_member_of_a_group_spoils_no_other(desk: Desk) -> None:
    bad = arrival(1)
    poisoned = type(bad)(
        **{f: getattr(bad, f) for f in bad.__slots__} | {"subject": None, "sequence": None, "id": "bad"}
    )
    answers = await asyncio.gather(
        desk.accept(poisoned), *(desk.accept(arrival(n)) for n in (1, 2)), return_exceptions=True
    )
    assert isinstance(answers[0], Exception)
    assert not any(isinstance(answer, BaseException) for answer in answers[1:])
    assert (await desk.ledger.verify()).holds


def test_a_second_process_on_one_sqlite_ledger_is_refused_in_one_sentence(tmp_path: Path, keys: Keyring) -> None:
    code = (
        "from bus.ledger.sql_ledger import open_ledger; from bus.seal import Keyring; import sys\n"
        f"open_ledger('sqlite:///{tmp_path}/l.db', Keyring.parse(Keyring.generate())); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        with pytest.raises(LedgerUnfit, match=rf"in use by process {holder.pid}"):
            open_ledger(f"sqlite:///{tmp_path}/l.db", keys)
        holder.stdin.close()


def test_a_newer_schema_a_foreign_file_and_a_damaged_one_are_refused_and_left_alone(
    tmp_path: Path, keys: Keyring
) -> None:
    newer = tmp_path / "newer.db"
    schema.upgrade(f"sqlite:///{newer}")
    with sqlite3.connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE mine (x)")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database at all, not even close to one" * 100)
    for path, says in ((newer, "newer than this program"), (foreign, "not a ledger"), (damaged, "damaged")):
        before = path.read_bytes()
        with pytest.raises(LedgerUnfit, match=says):
            open_ledger(f"sqlite:///{path}", keys)
        assert path.read_bytes() == before


def test_upgrading_twice_changes_nothing(ledger_url: str) -> None:
    assert schema.upgrade(ledger_url) == schema.upgrade(ledger_url)
    assert schema.check(ledger_url) == migrations.HEAD


@pytest.mark.slow
def test_a_postgresql_that_does_not_keep_what_it_commits_is_refused(postgres_url: str, keys: Keyring) -> None:
    unsafe = postgres_url + "?options=-csynchronous_commit%3Doff"
    with pytest.raises(LedgerUnfit, match=re.escape("synchronous_commit = off")):
        open_ledger(unsafe, keys)


async def test_a_clock_set_back_before_a_restart_makes_nothing_wait_longer(
    ledger_url: str, keys: Keyring, clock: HandClock
) -> None:
    first = Desk(open_ledger(ledger_url, keys, clock=clock), clock)
    await first.accept(arrival(1))
    later = Move(State.WAITING, Cause.NOT_SENT, due_at=clock.now() + 30)
    await first.close(await first.one(), later)
    waits = PartnerChange("plain", not_before=clock.now() + 20, open_until=clock.now() + 25)
    await first.ledger.record([], [waits])
    await first.ledger.take_duty("sweep", "one", 30)
    await first.ledger.beat("one", ["plain"])
    await first.ledger.close()

    clock.advance(-86400)
    second = Desk(open_ledger(ledger_url, keys, clock=clock), clock)
    assert (await second.claim()).next_at == clock.now() + 20
    clock.advance(30)
    assert await second.ledger.take_duty("sweep", "two", 30) is not None
    assert len((await second.claim(rate_per_s=1.0)).jobs) == 1
    await second.ledger.close()


@pytest.mark.slow
async def test_who_comes_after_the_clock_was_set_back_keeps_the_time_of_those_at_work(
    postgres_url: str, keys: Keyring, clock: HandClock
) -> None:
    clock.advance(
        time.time() + 86400 - clock.now()
    )  # the server's clock has been set back a day since this one started
    first = Desk(open_ledger(postgres_url, keys, clock=clock), clock)
    await first.ledger.beat("one", ["plain"])
    await first.ledger.take_duty("sweep", "one", 30)
    second = open_ledger(postgres_url, keys)
    assert abs(second.clock.now() - clock.now()) < 30
    assert await second.take_duty("sweep", "two", 30) is None
    await second.close()
    await first.ledger.close()
    alone = open_ledger(postgres_url, keys)
    assert abs(alone.clock.now() - time.time()) < 30
    assert await alone.take_duty("sweep", "two", 30) is not None
    await alone.close()


class Leaving(asyncio.SelectorEventLoop):
    """A loop that closes just after it was asked whether it is."""

    def is_closed(self) -> bool:
        return False


async def test_a_caller_whose_loop_has_gone_is_written_once_and_stops_nobody(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(new_ledger(tmp_path), keys)

    def ask_and_go() -> None:
        loop = Leaving()
        task = loop.create_task(ledger.remark("lan", "look", "before she left", "D-1"))
        loop.run_until_complete(asyncio.sleep(0))
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()

    with sqlite3.connect(tmp_path / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # the writer waits meanwhile
        await asyncio.to_thread(ask_and_go)
        other.execute("ROLLBACK")
    await ledger.remark("mai", "look", "later", "D-1")
    assert [note.who for note in await ledger.people().remarks(2**62, 10)] == ["mai", "lan"]
    await ledger.close()
