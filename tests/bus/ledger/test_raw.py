"""Rows of a poll that could not be read: kept once each, sealed, counted when they come again, shown masked."""

from __future__ import annotations

import json

from ops import queries
from tests.bus.ledger.conftest import Desk

ROW = json.dumps({"why": "not a procedure", "row": {"name": "Nguyễn Văn An", "id": 84080000123}}).encode()


async def bring(desk: Desk, partner: str, *rows: bytes) -> None:
    """One turn of a poll that could not read these."""
    fence = await desk.ledger.take_duty(f"poll:{partner}", "one", 30)
    assert fence is not None
    await desk.ledger.accept_polled(f"poll:{partner}", fence, "cursor", [], rows)


async def test_a_row_that_comes_with_every_poll_is_kept_once_and_counted(desk: Desk) -> None:
    await bring(desk, "catalogue", ROW, ROW, b"another")
    first_at = desk.clock.now()
    desk.clock.advance(60)
    await bring(desk, "catalogue", ROW)
    rows = {row.body: row for row in await desk.ledger.raw_rows("catalogue")}
    assert {body: row.times for body, row in rows.items()} == {ROW: 2, b"another": 1}
    assert (rows[ROW].first_at, rows[ROW].last_at) == (first_at, first_at + 60)
    assert await desk.ledger.raw_counts() == {"catalogue": 2}


async def test_rows_are_listed_newest_first_by_partner(desk: Desk) -> None:
    await bring(desk, "catalogue", b"one", b"two")
    await bring(desk, "postal", b"three")
    assert [row.body for row in await desk.ledger.raw_rows()] == [b"three", b"two", b"one"]
    assert [row.body for row in await desk.ledger.raw_rows("catalogue", 1)] == [b"two"]
    assert await desk.ledger.raw_rows("nobody") == []


async def test_an_operator_sees_why_and_the_shape_and_no_value(desk: Desk) -> None:
    await bring(desk, "catalogue", ROW, b"\xff no JSON")
    told = await queries.kept_raw(desk.ledger, "catalogue", 10)
    assert [item["why"] for item in told] == ["", "not a procedure"]
    assert [item["size_bytes"] for item in told] == [9, len(ROW)]
    assert list(told[1]["row"]["row"]) == ["name", "id"]
    assert "Nguyễn" not in json.dumps(told, ensure_ascii=False)
    assert "84080000123" not in json.dumps(told)
    assert (await queries.status(desk.ledger))["partners"]["catalogue"]["kept_raw"] == 2


async def test_a_row_somebody_dealt_with_is_counted_no_more_and_stays_to_be_seen(desk: Desk) -> None:
    await bring(desk, "catalogue", ROW, b"another")
    row = next(row for row in await desk.ledger.raw_rows() if row.body == ROW)
    assert await desk.ledger.deal_with_raw([row.id, 10**6], "hoa", "filed by hand") == [row.id]
    assert await desk.ledger.deal_with_raw([row.id], "lan", "once more") == []
    assert await desk.ledger.raw_counts() == {"catalogue": 1}
    assert [row.body for row in await desk.ledger.raw_rows()] == [b"another"]
    kept = {item["id"]: item for item in await queries.kept_raw(desk.ledger, "catalogue", 10, dealt=True)}
    assert (kept[row.id]["dealt_by"], kept[row.id]["reason"]) == ("hoa", "filed by hand")
    (note,) = await desk.ledger._reader.ask(
        lambda c: c.rows("notes", {"id": 10**9, "who": "hoa", "verb": "", "limit": 9})
    )
    assert note[3:5] == ("kept raw: dealt with", "filed by hand")


async def test_a_row_that_comes_again_after_somebody_dealt_with_it_stays_dealt_with(desk: Desk) -> None:
    await bring(desk, "catalogue", ROW)
    (row,) = await desk.ledger.raw_rows()
    await desk.ledger.deal_with_raw([row.id], "hoa", "filed by hand")
    await bring(desk, "catalogue", ROW)
    assert await desk.ledger.raw_counts() == {}
