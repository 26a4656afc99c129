"""Enterprises looked up by code over both faces: all kinds of units, all that callers must tell apart (domain notes 3.7, 7c)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.business_registry import ADAPTER
from bus.adapter import Found
from bus.outcome import Cause, Held, Transient, Unknown
from contracts.canonical.enterprise import EnterpriseQuestion, HouseholdQuestion
from contracts.marks import cut
from tests.partners.business_registry.conftest import Register

FIRM = "0100109106"
only_rest = pytest.mark.parametrize("face", ["rest"], indirect=True)


async def test_an_enterprise_is_told_with_its_name_in_single_blanks_and_its_commune_of_today(
    register: Register,
) -> None:
    firm = await register.one(FIRM)
    assert (firm.unit, firm.code, firm.standing, firm.change) == ("enterprise", FIRM, "active", 4)
    assert firm.name == "CÔNG TY TNHH MỘT THÀNH VIÊN MẪU SỐ MỘT"
    assert firm.representatives[0].name == "NGUYỄN VĂN MẪU"
    assert firm.changed_on == date(2024, 2, 19)
    assert firm.seat is not None
    assert firm.seat.address is not None
    assert (firm.seat.address.ward, firm.seat.address.as_of) == ("29236", date(2024, 2, 19))
    assert (firm.seat.ward_now, firm.seat.ward_now_name) == ("29263", "Phường Long Đức")
    assert [(line.code, line.main) for line in firm.activities] == [("4711", True)]


async def test_null_is_not_found_and_no_outage(register: Register) -> None:
    found = await register.ask("0100109107")
    assert found == Found(())


async def test_a_suspended_firm_says_so_with_its_days_and_lists_may_be_their_only_member(register: Register) -> None:
    firm = await register.one("0300588569")
    assert firm.standing == "suspended"
    (status,) = firm.legal_statuses
    assert (status.suspended_from, status.suspended_until) == (date(2026, 3, 10), date(2027, 3, 9))
    assert status.words == "Tạm ngừng kinh doanh"
    assert [person.name for person in firm.representatives] == ["LÊ THỊ HAI"]
    assert firm.activities == ()
    assert firm.seat is not None
    assert firm.seat.ward_now == "29557"


async def test_a_branch_is_kept_apart_from_its_firms_tax_code(register: Register) -> None:
    branch = await register.one(f"{FIRM}-001")
    assert (branch.unit, branch.code, branch.parent_code) == ("branch", f"{FIRM}-001", FIRM)
    assert branch.standing == "moved"
    assert branch.seat is None


async def test_a_place_of_business_has_a_counter_and_no_tax_code(register: Register) -> None:
    place = await register.one("00001")
    assert (place.unit, place.code, place.parent_code) == ("place", "00001", "")


async def test_a_dissolved_firm_is_still_found(register: Register) -> None:
    assert (await register.one("1500000017")).standing == "dissolved"


async def test_a_households_code_is_its_owners_id_and_told_only_when_asked_for(register: Register) -> None:
    household = await register.one("084080000123")
    assert (household.unit, household.code, household.owner_id) == ("household", "", "084080000123")
    plain = cut(household.model_dump(mode="json"), ADAPTER.lookup("household").answer)
    assert "084080000123" not in str(plain)
    assert plain["name"] == "HỘ KINH DOANH MẪU"


@only_rest
async def test_the_older_shape_is_read_too(register: Register) -> None:
    firm = await register.one("2100000014")
    assert (firm.name, firm.standing, firm.register_number) == ("CÔNG TY TNHH MẪU KIỂU CŨ", "active", "5000321")
    assert firm.registered_on == date(2008, 5, 30)
    assert [person.name for person in firm.representatives] == ["TRẦN VĂN CŨ"]
    assert firm.seat is not None
    assert (firm.seat.ward, firm.seat.address) == ("Xã Hữu Định", None)
    assert firm.change is None


async def test_the_answer_carries_the_number_of_the_last_change(register: Register) -> None:
    found = await register.ask(FIRM)
    assert isinstance(found, Found)
    assert found.version == 4


@only_rest
async def test_a_quota_that_is_used_up_says_when_to_ask_again(register: Register) -> None:
    register.simulator.quota = 1
    register.simulator.weather.retry_after = "3600"
    await register.one(FIRM)
    busy = await register.ask(FIRM)
    assert isinstance(busy, Transient)
    assert (busy.cause, busy.retry_after_s) == (Cause.BUSY, 3600.0)


@only_rest
@pytest.mark.parametrize(
    "firm",
    [
        {"MaSoDoanhNghiep": FIRM, "TenTiengViet": "X", "NgayDangKyLanDau": "last year"},
        {"MaSoDoanhNghiep": FIRM, "TenTiengViet": ""},
        {"MaSoDoanhNghiep": FIRM, "TenTiengViet": "X", "SoLanDangKyThayDoi": "-3"},
        {"MaSoDoanhNghiep": FIRM, "TenTiengViet": "X", "DaiDienPhapLuat": "nobody"},
    ],
)
async def test_a_record_out_of_shape_is_no_answer(register: Register, firm: dict[str, Any]) -> None:
    register.simulator.firms[FIRM] = firm
    told = await register.ask(FIRM)
    assert isinstance(told, Unknown), told
    assert "last year" not in told.words


@pytest.mark.parametrize("mode", ["html", "empty", "500", "502_page"])
async def test_no_trouble_is_taken_for_not_found(register: Register, mode: str) -> None:
    await register.one(FIRM)
    register.simulator.weather.left[mode] = 1
    assert isinstance(await register.ask(FIRM), Unknown)


@pytest.mark.parametrize("face", ["soap"], indirect=True)
async def test_a_fault_of_the_soap_face_is_no_answer(register: Register) -> None:
    register.simulator.user = ("sim", "changed")
    told = await register.ask(FIRM)
    assert isinstance(told, Unknown)
    assert told.code == "FailedAuthentication"


@only_rest
async def test_an_account_that_is_not_entitled_holds_the_partner(register: Register) -> None:
    register.simulator.account = ("sim", "changed")
    assert isinstance(await register.ask(FIRM), Held)


@pytest.mark.parametrize(
    ("code", "says"), [("0100109107", "check digit"), ("084080000123", "by its owner"), ("00001", "10 digits")]
)
def test_a_code_that_is_none_is_refused_before_the_registry_is_asked(code: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        EnterpriseQuestion(code=code)


def test_the_two_questions_are_asked_by_what_they_say() -> None:
    assert EnterpriseQuestion(code="0100109106001").code == "0100109106-001"
    assert HouseholdQuestion(owner_id="084080000123").owner_id == "084080000123"
