"""Registrations by our account and by the registry's answers: one it has no row for shows, and what is not answered is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.civil_registry import reconcile
from adapters.civil_registry.reconcile import note, theirs
from adapters.civil_registry.simulator import a_certificate
from adapters.transport import http
from bus.adapter import Account, Call, Entry
from mappings.civil_registry.inbound import accepted
from tests.partners.civil_registry.conftest import Registry, asked_for

LATE = datetime(2026, 7, 3, 17, 30, tzinfo=UTC)


async def taken(registry: Registry, count: int) -> list[Entry]:
    """Our lines of so many registrations that the registry took."""
    return [note(await registry.taken(number)) for number in range(1, count + 1)]


async def held(registry: Registry, ours: list[Entry], later: int = 0) -> Account:
    """The registry's account of the day of our first line, or of a later one."""
    on = ours[0].day + timedelta(days=later)
    return await theirs(registry.adapter, ours, on, on, Call("c", 5.0))


def asked(registry: Registry) -> list[list[str]]:
    return [entry["codes"] for entry in registry.simulator.book.of("question")]


def code_of(line: Entry) -> str:
    return line.key.partition("/")[0]


def test_a_line_stands_on_the_day_in_vietnam_and_names_what_it_is_asked_by() -> None:
    told = note(accepted(asked_for().message, "k", LATE))
    assert (told.key, told.day.isoformat()) == ("000.07.31.H59-260703-0003/LTKS/86", "2026-07-04")


async def test_a_registration_the_registry_has_no_row_for_is_missing_in_its_account(registry: Registry) -> None:
    ours = await taken(registry, 3)
    registry.simulator.decide(code_of(ours[0]), "6")
    assert await held(registry, ours) == Account(tuple(ours))
    del registry.simulator.dossiers[code_of(ours[1])]
    assert await held(registry, ours) == Account((ours[0], ours[2]))
    assert len(asked(registry)) == 2


async def test_a_question_is_about_one_kind_and_province_and_about_so_many(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [*await taken(registry, 3), note(await registry.taken(4, province="83"))]
    monkeypatch.setattr(reconcile, "MOST", 2)
    assert {line.key for line in (await held(registry, ours)).entries} == {line.key for line in ours}
    assert [len(codes) for codes in asked(registry)] == [2, 1, 1]


async def test_only_registrations_of_the_days_are_asked_about_each_on_the_day_told_last(registry: Registry) -> None:
    first, other = ours = await taken(registry, 2)
    again = first._replace(day=first.day + timedelta(days=1))
    assert (await held(registry, [*ours, again])).entries == (other,)
    assert asked(registry) == [[code_of(other)]]
    assert (await held(registry, [*ours, again], later=1)).entries == (again,)


async def test_where_the_answer_is_too_large_half_is_asked_about(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = await taken(registry, 3)
    for line in ours:
        registry.simulator.decide(code_of(line), "4", ghiChu="x" * len(a_certificate("1")) * 20)
    monkeypatch.setattr(http, "REPLY_LIMIT_BYTES", 10_000)
    assert {line.key for line in (await held(registry, ours)).entries} == {line.key for line in ours}
    assert [len(codes) for codes in asked(registry)] == [3, 1, 2, 1, 1]


@pytest.mark.parametrize("trouble", ["500", "says"])
async def test_during_an_outage_nothing_is_missing(registry: Registry, trouble: str) -> None:
    ours = await taken(registry, 2)
    registry.simulator.weather.left[trouble] = -1
    assert await held(registry, ours) == Account((), tuple(line.key for line in ours))
