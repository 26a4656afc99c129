"""Insured people looked up by number and by criteria (domain notes 3.9)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.social_insurance import ADAPTER
from adapters.social_insurance.faults import until_tomorrow_s
from bus.adapter import Found
from bus.outcome import Cause, Permanent, Transient, Unknown
from contracts.canonical.insurance import InsuredPerson, NumberQuestion
from contracts.marks import cut, fields_of
from tests.partners.social_insurance.conftest import AT, Insurance


async def one(insurance: Insurance, number: str) -> InsuredPerson:
    found = await insurance.person(number)
    assert isinstance(found, Found), found
    (match,) = found.matches
    assert isinstance(match, InsuredPerson)
    return match


async def test_a_person_is_found_by_number_and_the_correlation_id_comes_along(insurance: Insurance) -> None:
    found = await insurance.person("8422123456")
    assert isinstance(found, Found)
    assert len(found.reference) == 36
    person = await one(insurance, "8422123456")
    assert (person.name, str(person.born_on), person.sex) == ("Nguyễn Văn An", "1989-08-12", "male")
    assert person.birth_place is not None
    assert (person.birth_place.ward, person.birth_place.as_of) == ("29236", date(1989, 8, 12))


async def test_of_a_birthday_only_what_is_known_is_told_and_the_third_sex_is_a_sex(insurance: Insurance) -> None:
    assert str((await one(insurance, "8321000001")).born_on) == "1957"
    tu = await one(insurance, "8621000002")
    assert (str(tu.born_on), tu.sex) == ("1999-04", "other")


async def test_nobody_is_an_answer(insurance: Insurance) -> None:
    for found in (
        await insurance.person("8400000000"),
        await insurance.numbers(name="Nguyễn Văn Không", born_on="1989", sex="male"),
    ):
        assert isinstance(found, Found), found
        assert found.matches == ()


async def test_of_several_people_who_fit_none_is_chosen(insurance: Insurance) -> None:
    found = await insurance.numbers(name="nguyen van an", born_on="1989-08-12", sex="male")
    assert isinstance(found, Found)
    assert [match.model_dump()["number"] for match in found.matches] == ["8422123456", "8422123457"]


async def test_one_more_criterion_tells_them_apart(insurance: Insurance) -> None:
    found = await insurance.numbers(
        name="Nguyễn Văn An", born_on="1989-08-12", sex="male", birth_province="84", birth_ward="29239"
    )
    assert isinstance(found, Found)
    assert [match.model_dump() for match in found.matches] == [{"number": "8422123457"}]


async def test_a_year_alone_is_asked_for_as_such(insurance: Insurance) -> None:
    found = await insurance.numbers(name="Trần Thị Năm", born_on="1957", sex="female")
    assert isinstance(found, Found)
    assert len(found.matches) == 1


async def test_a_days_quota_that_is_used_up_waits_for_the_next_day(insurance: Insurance) -> None:
    await insurance.person("8422123456")
    insurance.simulator.weather.left["says"] = 1
    insurance.simulator.weather.code = "BHXH-04"
    busy = await insurance.person("8422123456")
    assert isinstance(busy, Transient)
    assert (busy.cause, busy.retry_after_s) == (Cause.BUSY, until_tomorrow_s(AT))
    assert until_tomorrow_s(AT) == 14 * 3600  # ten in the morning in Vietnam
    insurance.simulator.quota = 0
    assert isinstance(await insurance.person("8422123456"), Transient)


@pytest.mark.parametrize(
    ("code", "kind"), [("BHXH-01", Permanent), ("BHXH-99", Transient), ("BHXH-77", Unknown), ("BHXH-02", Found)]
)
async def test_an_error_code_decides(insurance: Insurance, code: str, kind: type[Any]) -> None:
    await insurance.person("8422123456")
    insurance.simulator.weather.left["says"] = 1
    insurance.simulator.weather.code = code
    assert isinstance(await insurance.person("8422123456"), kind)


@pytest.mark.parametrize(
    "changed",
    [
        {"ngaySinh": "12/08/1989"},
        {"gioiTinh": "9"},
        {"hoTen": ""},
        {"ngaySinh": "19891340"},
        {"maTinhKs": "Trà Vinh"},
    ],
)
async def test_a_person_out_of_shape_is_no_answer_and_is_not_told_in_the_error(
    insurance: Insurance, changed: dict[str, str]
) -> None:
    insurance.simulator.people["8422123456"] |= changed
    told = await insurance.person("8422123456")
    assert isinstance(told, Unknown), told
    for value in ("Nguyễn Văn An", *filter(None, changed.values())):
        assert value not in told.words


def test_everything_about_an_insured_person_is_personal_but_the_status() -> None:
    lookup = ADAPTER.lookup("person")
    assert [name for name, personal in fields_of(lookup.answer).items() if not personal] == ["status"]
    assert all(fields_of(ADAPTER.lookup("numbers").question).values())
    assert cut({"number": "8422123456", "status": "x"}, lookup.answer) == {"status": "x"}


def test_a_number_that_is_none_is_refused_before_the_insurance_is_asked() -> None:
    with pytest.raises(ValidationError, match="10 digits"):
        NumberQuestion(number="123")
