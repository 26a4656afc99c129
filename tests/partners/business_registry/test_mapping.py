"""Records read and registrations told, case by case; words, days and codes of the register."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.business_registry.register import FIRMS
from contracts import business_registry as contract
from contracts.business_registry.messages import HoSoHKD, TraLoiTraCuu
from contracts.canonical.enterprise import Enterprise
from contracts.envelope import judge
from contracts.marks import cut, fields_of
from mappings.business_registry.inbound import STANDINGS, day, enterprises, identity, seat, standing_now, standing_of
from mappings.business_registry.outbound import request
from mappings.routes import owed
from mappings.table import Unmappable

CASES = sorted(Path(str(files("mappings.business_registry"))).joinpath("cases").glob("*.json"))
EXAMPLES = Path(str(files(contract))).joinpath("examples")
ON = date(2026, 7, 6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    if "specversion" in told["given"]:
        written = request(judge(told["given"]).message)
        HoSoHKD.model_validate(written)
        assert written == told["expect"]
    else:
        (firm,) = enterprises(TraLoiTraCuu.model_validate(told["given"]), ON)
        assert firm.model_dump(mode="json", exclude_defaults=True) == told["expect"]


def test_the_examples_are_as_the_models_say() -> None:
    TraLoiTraCuu.model_validate_json((EXAMPLES / "chiTietDoanhNghiep.json").read_bytes())
    HoSoHKD.model_validate_json((EXAMPLES / "dongBoHoSoHKD.json").read_bytes())


@pytest.mark.parametrize("answer", ["{}", '{"error": "x"}', "[]", '{"GetEntCert": {"TenTiengViet": "X"}}'])
def test_an_answer_without_either_shape_is_not_read_as_not_found(answer: str) -> None:
    with pytest.raises(ValidationError):
        TraLoiTraCuu.model_validate_json(answer)


@pytest.mark.parametrize("answer", ['{"GetEntCert": null}', '{"GetEntCert": []}', '{"MainInformation": null}'])
def test_nothing_in_either_shape_is_not_found(answer: str) -> None:
    assert enterprises(TraLoiTraCuu.model_validate_json(answer), ON) == ()


@pytest.mark.parametrize(("words", "standing"), STANDINGS)
def test_every_word_of_a_legal_status_is_known_however_it_is_written(words: str, standing: str) -> None:
    assert standing_of(f"NNT {words.upper()}.") == standing


def test_a_word_nobody_knows_stays_unknown() -> None:
    assert standing_of("Đang chờ") == "unknown"


def test_the_gravest_status_counts_and_a_suspension_only_on_its_days() -> None:
    ahead = {"standing": "suspended", "suspended_from": date(2026, 7, 7), "suspended_until": date(2026, 12, 31)}
    assert [standing_now([ahead], on) for on in (ON, date(2026, 7, 7), date(2027, 1, 1))] == [
        "active",
        "suspended",
        "active",
    ]
    over = {"standing": "suspended", "suspended_until": date(2026, 7, 5)}
    assert standing_now([over], ON) == "active"
    assert standing_now([{**over, "suspended_until": ON}], ON) == "suspended"
    assert standing_now([{"standing": "suspended"}, {"standing": "active"}], ON) == "suspended"
    assert standing_now([], ON) == "unknown"


@given(st.from_regex(r"[0-9]{1,14}(-[0-9]{3})?", fullmatch=True))
def test_a_branch_or_a_person_is_never_kept_as_a_firms_tax_code(code: str) -> None:
    told = identity(code, "")
    if told["unit"] == "branch":
        assert told["code"] == f"{told['parent_code']}-{told['code'][-3:]}"
    assert not re.fullmatch(r"\d{12}", told.get("code", ""))
    assert len(told.get("parent_code", "0123456789")) == 10


@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_day_is_read_in_each_of_its_forms(on: date) -> None:
    back = day().back
    assert back is not None
    assert [back(text) for text in (f"{on}", f"{on}T00:00:00", f"{on}T07:00:00+07:00", f"{on:%d/%m}/{on.year:04}")] == [
        on
    ] * 4


def test_an_old_commune_that_was_split_names_its_heirs_and_chooses_none() -> None:
    told = seat({"address": {"province": "86", "district": "861", "ward": "29770"}, "detail": ""}, date(2020, 1, 1), ON)
    assert "ward_now" not in told
    assert len(told["ward_heirs"]) > 1


def test_a_code_without_a_district_is_of_after_the_reform_whenever_it_was_written() -> None:
    told = seat({"address": {"province": "86", "ward": "28858"}}, date(2019, 1, 1), ON)
    assert (told["address"]["as_of"], told["ward_now_name"]) == (date(2025, 7, 1), "Phường Phú Tân")


def test_a_commune_elsewhere_keeps_its_code_and_is_carried_nowhere() -> None:
    told = seat({"address": {"province": "01", "district": "001", "ward": "00001"}}, date(2020, 1, 1), ON)
    assert (told["address"]["ward"], "ward_now" in told) == ("00001", False)


@pytest.mark.parametrize("firm", FIRMS, ids=lambda firm: firm.get("MaSoDoanhNghiep", "older"))
def test_what_is_told_without_being_asked_for_says_nothing_about_a_person(firm: dict[str, Any]) -> None:
    told = TraLoiTraCuu.model_validate(firm if "MainInformation" in firm else {"GetEntCert": firm})
    (one,) = enterprises(told, ON)
    plain = json.dumps(cut(one.model_dump(mode="json"), Enterprise), ensure_ascii=False)
    for canary in ("084080000123", "NGUYỄN VĂN MẪU", "LÊ THỊ HAI", "TRẦN VĂN CŨ", "083175000456", "320123456"):
        assert canary not in plain
    assert cut(one.model_dump(mode="json"), Enterprise, tuple(fields_of(Enterprise))) == one.model_dump(mode="json")


def a_registration(**changes: Any) -> Any:
    (case,) = [case for case in CASES if "capital" in case.stem]
    event = json.loads(case.read_text(encoding="utf-8"))["given"]
    event["data"]["dossier"] |= changes
    return judge(event)


def test_without_an_owners_id_the_registration_cannot_be_told() -> None:
    applicant = {"kind": "citizen", "name": "Nguyễn Văn An"}
    with pytest.raises(Unmappable, match="soDinhDanhChuHo"):
        request(a_registration(applicant=applicant, business=None).message)


def test_only_procedures_of_household_businesses_are_owed() -> None:
    partners = {"business_registry"}
    assert [debt.operation for debt in owed(a_registration(), partners)] == ["dongBoHoSoHKD", "traCuuKetQuaHKD"]
    other = json.loads(a_registration().to_json())["data"]["dossier"]["procedure"] | {"code": "2.001610"}
    assert owed(a_registration(procedure=other), partners) == ()


@pytest.mark.parametrize(
    ("event", "status"),
    [
        *(("received", 2), ("refused", 3), ("status_changed", 4), ("supplement_requested", 5), ("supplemented", 4)),
        *(("fee_requested", 6), ("withdrawn", 7), ("stopped", 8), ("result_issued", 9), ("returned", 10)),
        ("corrected", 4),
    ],
)
def test_the_register_is_told_every_status_the_household_comes_to(event: str, status: int) -> None:
    given = json.loads(a_registration().to_json()) | {"type": f"vn.lienthong.dossier.{event}.v1"}
    given["data"]["dossier"]["status"] = given["data"]["change"]["to_status"] = status
    told = judge(given)
    assert owed(told, {"business_registry"})[0].operation == "dongBoHoSoHKD"
    assert request(told.message)["trangThai"] == str(status)
