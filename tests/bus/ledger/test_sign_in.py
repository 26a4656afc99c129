"""Sign-in in the ledger: once is once, links by keys, and nothing personal in clear."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from bus.ledger import schema
from bus.ledger.migrations import HEAD
from bus.ledger.sign_in import ACCOUNT, Kept, Line, Linked
from bus.ledger.sql_ledger import open_ledger
from bus.seal import Keyring
from tests.bus.ledger.conftest import Desk, take_back

CLIENT = "dossier-system"
LINE = Line(CLIENT, "vnconnect", "signed_in")
AN = ((ACCOUNT, "tech-1"), ("citizen", "084080000123"))
AN_AGAIN = ((ACCOUNT, "tech-2"), ("citizen", "084080000123"))


async def signs_in(desk: Desk, keys: tuple[tuple[str, str], ...], client: str = CLIENT) -> Linked:
    told: list[Linked] = []

    def keep(linked: Linked) -> list[Kept]:
        told.append(linked)
        return [Kept("ticket", "t", b"body", 60)]

    await desk.ledger.sign_ins().conclude(Line(client, "vnconnect", "signed_in"), keys, keep)
    return told[-1]


async def test_a_word_is_spent_once_however_many_ask_at_once(desk: Desk) -> None:
    book = desk.ledger.sign_ins()
    answers = await asyncio.gather(*(book.spend("state", "s", 600) for _ in range(20)))
    assert sorted(answers) == [False] * 19 + [True]
    assert await book.spend("ticket", "s", 600), "the same word of another kind is another thing"


async def test_what_is_kept_is_taken_once_and_only_in_its_time(desk: Desk) -> None:
    book = desk.ledger.sign_ins()
    await signs_in(desk, AN)
    assert await book.peek("ticket", "t") == b"body"
    assert [await book.take("ticket", "t"), await book.take("ticket", "t")] == [b"body", None]
    await signs_in(desk, AN)
    desk.clock.advance(61)
    assert await book.peek("ticket", "t") is None
    assert await book.take("ticket", "t") is None


async def test_an_account_is_found_by_who_signs_in_else_suggested_else_made(desk: Desk) -> None:
    book = desk.ledger.sign_ins()
    assert await signs_in(desk, AN) == Linked("create")
    await book.know(CLIENT, {"A-17": (("citizen", "084080000123"),)})
    assert await signs_in(desk, AN) == Linked("mapping", ("A-17",))
    await book.link(CLIENT, "A-17", AN)
    assert await signs_in(desk, AN) == Linked("linked", ("A-17",))
    assert await signs_in(desk, AN_AGAIN) == Linked("mapping", ("A-17",)), (
        "the same person's second account is asked about"
    )
    assert await signs_in(desk, AN, client="another") == Linked("create"), "clients do not see each other's accounts"


async def test_a_linked_account_is_learned_to_be_found_by_what_a_later_sign_in_tells(desk: Desk) -> None:
    await desk.ledger.sign_ins().link(CLIENT, "A-17", AN)
    by_old_card = ((ACCOUNT, "tech-2"), ("old", "334123456"))
    assert await signs_in(desk, by_old_card) == Linked("create")
    await signs_in(desk, (*AN, ("old", "334123456")))
    assert await signs_in(desk, by_old_card) == Linked("mapping", ("A-17",))


async def test_one_who_is_linked_anew_leaves_the_account_before(desk: Desk) -> None:
    book = desk.ledger.sign_ins()
    await book.link(CLIENT, "A-17", AN)
    await book.link(CLIENT, "A-18", AN)
    assert await signs_in(desk, AN) == Linked("linked", ("A-18",))
    assert await book.forget(CLIENT, "A-18") == 2
    assert await book.forget(CLIENT, "A-18") == 0
    assert await signs_in(desk, AN) == Linked("mapping", ("A-17",))


async def test_people_wait_once_until_their_account_is_linked(desk: Desk) -> None:
    book = desk.ledger.sign_ins()
    began = desk.clock.now()
    for keys in (AN, AN, ((ACCOUNT, "tech-9"),)):
        await signs_in(desk, keys)
        desk.clock.advance(5)
    await book.failed(Line(CLIENT, "vneid", "clock"))
    (waiting,) = await book.waiting()
    assert (waiting.client, waiting.provider, waiting.link) == (CLIENT, "vnconnect", "create")
    assert (waiting.people, waiting.oldest_at) == (2, began)
    assert await book.counts(began) == {("vnconnect", "signed_in", "create"): 3, ("vneid", "clock", ""): 1}
    assert await book.counts(desk.clock.now() + 1) == {}, "what was before is not counted"
    await book.link(CLIENT, "A-17", AN)
    (waiting,) = await book.waiting()
    assert waiting.people == 1


async def test_every_sign_in_and_link_stands_in_the_chained_journal(desk: Desk) -> None:
    await signs_in(desk, AN)
    await desk.ledger.sign_ins().link(CLIENT, "A-17", AN)
    fence = await desk.ledger.take_duty("sealer", "me", 60)
    assert fence is not None
    assert await desk.ledger.seal_journal(fence) >= 2
    assert (await desk.ledger.verify_chain())[1] == ""


async def test_nothing_personal_lies_in_the_file_in_clear(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.db", keys)
    book = ledger.sign_ins()
    await book.link(CLIENT, "account-of-an", AN)
    await book.conclude(LINE, AN, lambda linked: [Kept("session", "word", b"084080000123", 60)])
    await ledger.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in (b"084080000123", b"tech-1", b"account-of-an", b"word"):
        assert canary not in held


def test_a_ledger_of_the_schema_before_is_brought_forward_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    url = f"sqlite:///{path}"
    schema.upgrade(url)
    take_back(path, "0002")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO worker (name, partners, seen_at) VALUES ('w', '', 1)")
    assert schema.upgrade(url) == HEAD
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM worker").fetchall() == [("w",)]
        assert connection.execute("SELECT COUNT(*) FROM sign_in").fetchone() == (0,)
