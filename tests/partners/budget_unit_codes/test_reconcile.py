"""Dossiers by our account and by the ministry's list: one we missed shows, whatever has become of it since."""

from __future__ import annotations

from datetime import timedelta

from adapters.budget_unit_codes.reconcile import note, theirs
from bus.adapter import Account, Call
from bus.clock import instant
from contracts.budget_unit_codes import PAGE
from mappings.convert import as_day
from tests.partners.budget_unit_codes.conftest import Ministry


async def held(ministry: Ministry, days_ago: int = 0) -> Account:
    """The ministry's account of a day."""
    on = as_day(instant(ministry.clock.now())) - timedelta(days=days_ago)
    return await theirs(ministry.adapter, (), on, on, Call("c", 5.0))


async def test_a_dossier_we_missed_is_seen_on_the_day_it_was_filed(ministry: Ministry) -> None:
    codes = [ministry.simulator.file(f"Phòng {number}") for number in range(PAGE + 2)]
    told = await ministry.adapter.poll("", Call("c", 5.0))
    ours = {note(event) for event in getattr(told, "events", ())}
    assert len(ours) == PAGE
    account = await held(ministry)
    assert {line.key for line in account.entries} == set(codes)
    assert ours < set(account.entries)
    polled = {event.id for event in getattr(told, "events", ())}
    assert polled < {event.id for events in account.events.values() for event in events}
    ministry.clock.advance(2 * 86400.0)
    ministry.simulator.decide(codes[0], "2")
    assert {line.key for line in (await held(ministry, 2)).entries} == set(codes)
    assert (await held(ministry)).entries == ()


async def test_what_the_ministry_does_not_answer_is_said(ministry: Ministry) -> None:
    ministry.simulator.file("Phòng 1")
    ministry.simulator.weather.left["500"] = -1
    assert len((await held(ministry)).unanswered) == 1


async def test_a_row_that_cannot_be_read_hides_no_other(ministry: Ministry) -> None:
    bad = ministry.simulator.file("Phòng 1", ngayNop="hôm nay")
    empty = ministry.simulator.file("Phòng 2", ngayNop="")
    good = ministry.simulator.file("Phòng 3")
    assert [line.key for line in (await held(ministry)).entries] == [good]
    assert {bad, empty} & {good} == set()
