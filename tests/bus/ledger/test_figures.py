"""Figures on each database: counters that move with what dossiers count as, behind the journal's chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bus.ledger.figures import DUTY, Counted, Figures
from bus.ledger.ledger import FenceLost
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import Desk, arrival

OTHER = "000.00.17.H59-230425-0002"
KIND = "vn.lienthong.dossier.status_changed.v1"


async def _sealed(desk: Desk) -> Figures:
    fence = await desk.ledger.take_duty("sealer", "me", 60)
    assert fence is not None
    await desk.ledger.seal_journal(fence)
    return desk.ledger.figures()


async def _fence(desk: Desk, holder: str = "me") -> int:
    fence = await desk.ledger.take_duty(DUTY, holder, 60)
    assert fence is not None
    return fence


async def test_news_are_the_dossiers_of_new_events_each_once_and_none_after_that(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2), arrival(1, dossier=OTHER))
    book = await _sealed(desk)
    news = await book.news("")
    assert (set(news.dossiers), news.more) == ({DOSSIER, OTHER}, False)
    assert (await book.news(news.position)).dossiers == ()
    job = (await desk.claim()).jobs[0]
    await desk.close(job)
    later = await (await _sealed(desk)).news(news.position)
    assert later.dossiers == (), "what moves on is no news"
    assert int(later.position) > int(news.position)


async def test_an_event_that_is_owed_to_nobody_is_news_too(desk: Desk) -> None:
    silent = arrival(1)
    await desk.accept(replace(silent, debts=()))
    assert (await (await _sealed(desk)).news("")).dossiers == (DOSSIER,)


async def test_a_dossier_stands_as_the_last_event_of_its_sequence_says_whenever_that_came(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(3), arrival(2))
    told = await desk.ledger.figures().told([DOSSIER, OTHER], [KIND], [KIND, "another"])
    assert [(one.newest.sequence, one.heard) for one in told] == [(3, frozenset({KIND}))]


async def test_counters_move_with_what_a_dossier_counts_as(desk: Desk) -> None:
    book, fence = desk.ledger.figures(), await _fence(desk)
    one = Counted(DOSSIER, "2026-11", "land", "soil", ("received", "fee"))
    two = Counted(OTHER, "2026-11", "land", "water", ("received",))
    await book.count(fence, [one, two], {("agency", "land"): "Văn phòng đất đai"}, "7")
    assert await book.by_month("2026-01", "2026-12") == {"2026-11": {"received": 2, "fee": 1}}
    await book.count(fence, [one], {})
    assert await book.by_field("2026-11") == {"soil": {"received": 1, "fee": 1}, "water": {"received": 1}}
    await book.count(fence, [one._replace(agency="town", counters=("received", "done"))], {})
    assert await book.by_agency("2026-11", "soil") == {
        "land": {"received": 0, "fee": 0},
        "town": {"received": 1, "done": 1},
    }
    assert await book.by_month("2026-11", "2026-11", "town") == {"2026-11": {"received": 1, "done": 1}}
    assert await book.names() == {("agency", "land"): "Văn phòng đất đai"}
    assert (await book.months(), await desk.ledger.cursor(DUTY)) == (("2026-11", "2026-11"), "7")


async def test_what_a_dossier_becomes_by_the_clock_is_found_when_it_is_due(desk: Desk) -> None:
    book, fence, now = desk.ledger.figures(), await _fence(desk), desk.clock.now()
    waiting = Counted(DOSSIER, "2026-11", "land", "soil", ("received",), now + 60, ("received", "judged"))
    await book.count(fence, [waiting], {})
    assert await book.due(now + 59) == []
    (due,) = await book.due(now + 60)
    assert due == Counted(DOSSIER, "2026-11", "land", "soil", ("received", "judged"))
    await book.count(fence, [due], {})
    assert await book.due(now + 999) == []
    assert await book.by_month("2026-11", "2026-11") == {"2026-11": {"received": 1, "judged": 1}}


async def test_who_lost_the_duty_counts_nothing(desk: Desk) -> None:
    fence = await _fence(desk)
    desk.clock.advance(61)
    await _fence(desk, "another")
    with pytest.raises(FenceLost):
        await desk.ledger.figures().count(fence, [Counted(DOSSIER, "2026-11", "a", "f", ("received",))], {}, "9")
    assert await desk.ledger.figures().months() is None
