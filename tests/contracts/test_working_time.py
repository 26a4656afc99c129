"""Working time: office hours, holidays by year, limits of four kinds, pauses, and the birth rule (domain notes, 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import every
from contracts.codes.lists import table
from contracts.working_time import (
    ANSWER_ONLINE,
    VIETNAM,
    VIETNAMESE,
    Calendar,
    Limit,
    Unit,
    YearMissing,
    read_calendar,
)

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """`2026-04-29 16:00` in Vietnam."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("received", "amount", "unit", "due"),
    [
        ("2026-03-02 09:30", 1, "WORKING_DAY", "2026-03-03 09:30"),
        ("2026-03-02 09:30", 5, "WORKING_DAY", "2026-03-09 09:30"),
        ("2026-03-02 17:01", 1, "WORKING_DAY", "2026-03-03 17:00"),
        ("2026-03-02 12:00", 1, "HOUR", "2026-03-02 14:30"),
        ("2026-03-02 11:00", 1, "HOUR", "2026-03-02 14:00"),
        ("2026-03-02 07:00", 8, "HOUR", "2026-03-02 17:00"),
        ("2026-03-06 16:00", 2, "HOUR", "2026-03-09 08:00"),
        ("2026-03-07 10:00", 1, "HOUR", "2026-03-09 08:00"),
        ("2026-04-29 16:00", 1, "WORKING_DAY", "2026-05-04 16:00"),
        ("2026-02-13 16:00", 1, "WORKING_DAY", "2026-02-23 16:00"),
        ("2026-01-09 08:00", 1, "WORKING_DAY", "2026-01-10 08:00"),
        ("2026-03-02 09:30", 5, "DAY", "2026-03-09 09:30"),
        ("2026-03-02 09:30", 4, "DAY", "2026-03-06 09:30"),
        ("2026-04-27 09:30", 3, "DAY", "2026-05-04 07:00"),
        ("2026-01-31 09:30", 1, "MONTH", "2026-03-02 07:00"),
        ("2026-03-16 09:30", 1, "MONTH", "2026-04-16 09:30"),
        ("2026-10-30 09:30", 4, "MONTH", "2027-03-01 09:30"),
    ],
)
def test_a_due_time_follows_from_reception_and_limit(received: str, amount: int, unit: Unit, due: str) -> None:
    assert VIETNAMESE.due(at(received), Limit(amount, unit)) == at(due)


def test_a_dossier_filed_online_is_answered_within_eight_working_hours() -> None:
    assert VIETNAMESE.due(at("2026-03-06 10:00"), ANSWER_ONLINE) == at("2026-03-09 10:00")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-02 06:00", "2026-03-02 17:00"),
        ("2026-03-02 14:59", "2026-03-02 17:00"),
        ("2026-03-02 15:00", "2026-03-03 17:00"),
        ("2026-03-06 15:30", "2026-03-09 17:00"),
        ("2026-03-07 09:00", "2026-03-09 17:00"),
        ("2026-04-29 16:00", "2026-05-04 17:00"),
    ],
)
def test_a_birth_received_before_three_is_due_the_same_day(received: str, due: str) -> None:
    assert VIETNAMESE.birth_due(at(received)) == at(due)


@pytest.mark.parametrize(
    ("due", "paused", "resumed", "moved"),
    [
        ("2026-03-10 09:30", "2026-03-03 10:00", "2026-03-05 10:00", "2026-03-12 09:30"),
        ("2026-03-10 09:30", "2026-03-03 16:00", "2026-03-04 08:00", "2026-03-10 11:30"),
        ("2026-03-10 09:30", "2026-03-06 17:00", "2026-03-09 07:00", "2026-03-10 09:30"),
        ("2026-03-10 17:00", "2026-03-06 17:00", "2026-03-07 12:00", "2026-03-10 17:00"),
        ("2026-04-29 16:00", "2026-04-28 07:00", "2026-04-28 09:00", "2026-05-04 08:00"),
    ],
)
def test_a_pause_moves_the_due_time_by_its_working_time_alone(due: str, paused: str, resumed: str, moved: str) -> None:
    assert VIETNAMESE.due_after_pause(at(due), at(paused), at(resumed)) == at(moved)


def test_a_year_without_holidays_is_an_error_and_not_a_year_without_rest() -> None:
    with pytest.raises(YearMissing, match="the public holidays of 2023 are not known"):
        VIETNAMESE.due(at("2023-12-28 09:00"), Limit(1, "HOUR"))
    last = max(VIETNAMESE.years)
    with pytest.raises(YearMissing) as missing:
        VIETNAMESE.due(at(f"{last}-12-30 09:00"), Limit(20, "WORKING_DAY"))
    assert missing.value.year == last + 1


def test_working_days_after_a_day_pass_over_weekends_and_holidays_and_count_the_saturday_worked_instead() -> None:
    assert VIETNAMESE.days_after(date(2026, 7, 2), 5) == date(2026, 7, 9)
    assert VIETNAMESE.days_after(date(2026, 7, 4), 1) == date(2026, 7, 6)
    assert VIETNAMESE.days_after(date(2026, 4, 24), 5) == date(2026, 5, 6)
    assert VIETNAMESE.days_after(date(2026, 8, 21), 1) == date(2026, 8, 22)
    with pytest.raises(YearMissing):
        VIETNAMESE.days_after(date(max(VIETNAMESE.years), 12, 30), 5)


def test_the_known_years_have_their_holidays_with_a_source_each() -> None:
    rows = list(table("holidays.csv"))
    assert set(VIETNAMESE.years) == {2024, 2025, 2026, 2027}
    assert all(row["source"] and row["certainty"] in ("known", "probable", "expected") for row in rows)
    for year in VIETNAMESE.years:
        assert not VIETNAMESE.is_working(date(year, 1, 1))
        assert not VIETNAMESE.is_working(date(year, 9, 2))
        tet = [row for row in rows if row["day"].startswith(str(year)) and "Tết Nguyên đán" in row["name_vi"]]
        assert len(tet) >= 5
    assert all(day.weekday() == 5 for day in VIETNAMESE.worked)


def test_units_are_those_of_the_catalogue() -> None:
    assert {row.code for row in every("tthc.time_unit")} == {"HOUR", "DAY", "WORKING_DAY", "MONTH", "OTHER"}


@pytest.mark.parametrize(
    "rows",
    [
        [{"day": "2026-01-01", "kind": "off"}, {"day": "2026-01-01", "kind": "work"}],
        [{"day": "2026-01-01", "kind": "maybe"}],
        [{"day": "2026-02-30", "kind": "off"}],
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rows: list[dict[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"holidays|day"):
        read_calendar(rows)


def test_other_office_hours_make_other_days() -> None:
    office = Calendar(
        VIETNAMESE.years, VIETNAMESE.off, VIETNAMESE.worked, ((time(7, 30), time(11, 30)), (time(13, 0), time(16, 30)))
    )
    assert office.day_length == 7.5 * HOUR
    assert office.due(at("2026-03-02 16:30"), Limit(1, "WORKING_DAY")) == at("2026-03-03 16:30")


@pytest.mark.parametrize("wrong", [datetime(2026, 3, 2, 9, 0)])
def test_a_time_without_its_offset_is_refused(wrong: datetime) -> None:
    with pytest.raises(ValueError, match="a time has its offset"):
        VIETNAMESE.next_open(wrong)


instants = st.datetimes(datetime(2024, 2, 1), datetime(2027, 3, 1)).map(lambda found: found.replace(tzinfo=VIETNAM))
amounts = st.timedeltas(timedelta(minutes=1), timedelta(hours=400))
limits = st.builds(Limit, st.integers(1, 40), st.sampled_from(["HOUR", "WORKING_DAY", "DAY"]))


def is_open(moment: datetime) -> bool:
    """Within office hours, both ends included, of a working day."""
    local = moment.astimezone(VIETNAM)
    return VIETNAMESE.is_working(local.date()) and any(a <= local.time() <= b for a, b in VIETNAMESE.hours)


@given(instants, amounts)
def test_what_was_added_is_what_lies_between(start: datetime, amount: timedelta) -> None:
    end = VIETNAMESE.add(start, amount)
    assert VIETNAMESE.between(start, end) == amount
    assert is_open(end)


@given(instants, amounts, amounts)
def test_time_may_be_added_in_parts(start: datetime, one: timedelta, other: timedelta) -> None:
    assert VIETNAMESE.add(VIETNAMESE.add(start, one), other) == VIETNAMESE.add(start, one + other)


@given(instants, instants, limits)
def test_who_comes_later_is_never_due_earlier(one: datetime, other: datetime, limit: Limit) -> None:
    first, second = sorted((one, other))
    assert VIETNAMESE.due(first, limit) <= VIETNAMESE.due(second, limit)


@given(instants, limits)
def test_a_due_time_is_a_moment_at_which_the_office_works_whatever_zone_it_was_given_in(
    start: datetime, limit: Limit
) -> None:
    due = VIETNAMESE.due(start, limit)
    assert is_open(due)
    assert due > start
    assert VIETNAMESE.due(start.astimezone(UTC), limit) == due


@given(instants, amounts, amounts, amounts)
def test_two_pauses_move_as_much_as_their_sum(
    due: datetime, before: timedelta, one: timedelta, other: timedelta
) -> None:
    start = VIETNAMESE.add(due, before)
    middle, end = VIETNAMESE.add(start, one), VIETNAMESE.add(start, one + other)
    twice = VIETNAMESE.due_after_pause(VIETNAMESE.due_after_pause(due, start, middle), middle, end)
    assert twice == VIETNAMESE.due_after_pause(due, start, end)


@given(instants)
def test_a_birth_is_due_at_a_close_within_working_hours_of_two_days(received: datetime) -> None:
    due = VIETNAMESE.birth_due(received)
    assert due.time() == time(17, 0)
    assert VIETNAMESE.is_working(due.date())
    assert VIETNAMESE.between(received, due) <= 2 * VIETNAMESE.day_length
