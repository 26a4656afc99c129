"""Dossiers by our account and by what the portal still knows: one it lost shows, and what it does not answer is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from adapters.national_portal.reconcile import AT_ONCE, TURNS, note, theirs
from bus.adapter import Account, Call, Entry
from bus.maintenance import VIETNAM
from bus.outcome import Delivered
from mappings.national_portal.inbound import synced
from ops.reconcile import reconcile, repair
from tests.partners.national_portal.conftest import Portal, Province, a_state, received


def today() -> date:
    return datetime.now(VIETNAM).date()


async def taken(portal: Portal, count: int) -> list[Entry]:
    """Our lines of so many dossiers that the portal took."""
    outcomes = [(await portal.send(a_state(number)))[0] for number in range(count)]
    return [note(reply) for outcome in outcomes if isinstance(outcome, Delivered) for reply in outcome.replies]


async def held(portal: Portal, ours: list[Entry], first: date | None = None, last: date | None = None) -> Account:
    """The portal's account of the days from the first to the last of our lines, unless other days are asked for."""
    days = [line.day for line in ours]
    return await theirs(portal.adapter, ours, first or min(days), last or max(days), Call("c", 5.0))


def asked(portal: Portal) -> list[str]:
    return [entry["MaHoSo"] for entry in portal.simulator.book.of("lookup")]


def test_a_line_stands_on_the_day_in_vietnam_on_which_the_portal_took_it() -> None:
    late = synced("000.00.00.H59-260703-0001", "k", datetime(2026, 7, 3, 17, 30, tzinfo=UTC))
    assert note(late) == Entry("000.00.00.H59-260703-0001", date(2026, 7, 4), 1)


async def test_a_dossier_the_portal_no_longer_knows_is_missing_in_its_account(portal: Portal) -> None:
    ours = await taken(portal, AT_ONCE + 2)
    assert await held(portal, ours) == Account(tuple(ours))
    del portal.simulator.dossiers[ours[1].key]
    assert await held(portal, ours) == Account((ours[0], *ours[2:]))


async def test_only_dossiers_of_the_days_are_asked_about_and_each_once_on_the_day_told_last(portal: Portal) -> None:
    first, *_ = ours = await taken(portal, 3)
    again = first._replace(day=first.day + timedelta(days=1))
    assert {line.key for line in (await held(portal, [*ours, again], last=first.day)).entries} == {
        line.key for line in ours[1:]
    }
    assert sorted(asked(portal)) == sorted(line.key for line in ours[1:])
    assert (await held(portal, [*ours, again], first=again.day)).entries == (again,)


async def test_during_an_outage_nothing_is_missing_and_the_portal_is_not_asked_to_the_end(portal: Portal) -> None:
    ours = await taken(portal, AT_ONCE + 2)
    portal.simulator.weather.left["500"] = TURNS * AT_ONCE
    assert await held(portal, ours) == Account((), tuple(line.key for line in ours))
    assert asked(portal) == []


async def test_what_was_not_answered_the_first_time_is_asked_again_and_nothing_else(portal: Portal) -> None:
    ours = await taken(portal, AT_ONCE + 2)
    portal.simulator.weather.left["500"] = 1
    assert await held(portal, ours) == Account(tuple(ours))
    assert sorted(asked(portal)) == sorted(line.key for line in ours)


async def test_a_dossier_deleted_behind_our_back_is_a_persons(province: Province) -> None:
    events = [received(number).model_copy(update={"sequence": 1}) for number in (0, 1)]
    at = (province.house, "national_portal", today())
    await province.house.intake.accept(events, client="test")
    await province.notices("portal.dossier_synced", 2)
    assert (await reconcile(*at, today()))["agrees"]
    del province.portal.dossiers[events[1].subject]
    (line,) = (await reconcile(*at, today()))["differences"]
    assert (line["key"], line["says"]) == (events[1].subject, "only_ours")
    planned = await repair(*at, today(), "hoa", "đối soát cuối ngày", dry_run=True)
    assert [row["does"] for row in planned["rows"]] == ["person"]


async def test_an_outage_is_no_difference_and_no_agreement(province: Province) -> None:
    event = received().model_copy(update={"sequence": 1})
    first = today()
    await province.house.intake.accept([event], client="test")
    await province.notices("portal.dossier_synced", 1)
    province.portal.weather.left["500"] = -1
    told = await reconcile(province.house, "national_portal", first, today())
    assert (told["agrees"], told["differences"], told["unanswered"]) == (False, [], [event.subject])
