"""What the registry is sent, case by case, and what its rows become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts import civil_registry as contract
from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.civil_registry.messages import HoSoHoTich, KetQua, TraLoiKetQua
from contracts.codes import CodeGap
from contracts.envelope import judge
from contracts.fault import Refusal
from contracts.identifier import PartialDate
from mappings.civil_registry.form import dotted
from mappings.civil_registry.inbound import STATES, accepted, changed
from mappings.civil_registry.outbound import request
from mappings.routes import owed, still_open
from tests.partners.civil_registry.conftest import asked_for

EVERY_CASE = sorted(Path(str(files("mappings.civil_registry"))).joinpath("cases").glob("*.json"))
CASES = [case for case in EVERY_CASE if "a registration waits" not in case.stem]
EXAMPLES = Path(str(files(contract))).joinpath("examples")
NOW = datetime(2026, 7, 3, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    written = request(judge(told["given"]).message)
    HoSoHoTich.model_validate(written)
    assert written | {"data": json.loads(written["data"])} == told["expect"]


def test_there_is_a_case_for_every_kind_of_registration() -> None:
    modules = {json.loads(case.read_text(encoding="utf-8"))["expect"]["module"] for case in CASES}
    assert modules == set(contract.MODULES.values())


def test_the_examples_are_as_the_models_say() -> None:
    HoSoHoTich.model_validate_json((EXAMPLES / "nhanDKHT.json").read_bytes())
    answer = TraLoiKetQua.model_validate_json((EXAMPLES / "layKetQua.json").read_bytes())
    assert KetQua.model_validate(answer.value[0]).trangThai == "2"


def test_a_registration_that_waits_for_its_supplement_is_watched_aside() -> None:
    (case,) = set(EVERY_CASE) - set(CASES)
    told = json.loads(case.read_text(encoding="utf-8"))
    owes = [[debt.partner, debt.operation] for debt in owed(judge(told["given"]), {"civil_registry", "dossier_system"})]
    assert owes == told["expect"]["owes"]


@given(st.dates(min_value=datetime(1900, 1, 1).date()), st.sampled_from(("day", "month", "year")))
def test_a_date_is_written_as_far_as_it_is_known(day: Any, precision: str) -> None:
    known = {"day": 3, "month": 2, "year": 1}[precision]
    written = dotted().out(PartialDate(*(day.year, day.month, day.day)[:known]), None)
    assert written == day.strftime("%d.%m.%Y")[-len(written) :]
    assert written.count(".") == known - 1


def test_a_commune_that_was_not_there_on_the_day_waits_for_its_code() -> None:
    with pytest.raises(CodeGap) as gap:
        request(asked_for(unit="29999").message)
    assert gap.value.key == "code:ward:29999:2026-07-03"


def test_a_district_is_a_place_of_registration_as_long_as_there_were_districts() -> None:
    event = json.loads(asked_for(unit="842").to_json())
    event["data"]["dossier"] |= {"filed_at": "2025-06-30T08:10:00+07:00", "received_at": "2025-06-30T08:15:00+07:00"}
    assert request(judge(event).message)["maDonVi"] == "842"
    with pytest.raises(CodeGap) as gap:
        request(asked_for(unit="842").message)
    assert gap.value.key == "code:district:842:2026-07-03"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("JVBERi0xLjQKJSVFT0Y", "Base64"),
        ("PGh0bWw+PC9odG1sPg==", "a PDF, a JPEG or a PNG"),
        ("JVBERi0x" + "AAAA" * (MAX_FILE_BYTES // 3), "at most"),
    ],
)
def test_a_paper_that_cannot_travel_is_refused_at_the_door(content: str, rule: str) -> None:
    paper = {"id": 1, "kind": 1, "title": "Giấy chứng sinh", "file_name": "gcs.pdf", "content": content}
    with pytest.raises(Refusal) as refused:
        asked_for(attachments=[paper])
    (fault,) = refused.value.faults
    assert rule in fault.rule
    assert content not in str(fault.as_dict())


def test_a_birth_and_a_death_at_once_are_refused() -> None:
    with pytest.raises(Refusal, match="one birth, one death or one marriage"):
        asked_for(death={"deceased": {"name": "X"}, "died_on": "2026"})


@pytest.mark.parametrize(("theirs", "ours"), STATES.items())
def test_the_status_table_cell_by_cell(theirs: str, ours: tuple[str, int]) -> None:
    known = accepted(asked_for().message, "k", NOW).message
    event = changed(known, KetQua.model_validate({"maHoSoMCDT": "x", "trangThai": int(theirs)}), "k2", NOW)
    if ours[0] == "waiting":
        assert event is None
        return
    assert event is not None
    assert (event.data["state"], event.data["status"]) == ours
    assert still_open(event.message) == (ours[0] in ("processing", "registered"))


@pytest.mark.parametrize(
    ("file", "fault"),
    [("%%%", "not Base64"), ("PGh0bWw+", "not a PDF"), ("JVBE\nRi0x", "")],
    ids=["rubbish", "html", "pdf"],
)
def test_a_registration_with_a_bad_file_is_registered_all_the_same(file: str, fault: str) -> None:
    known = accepted(asked_for().message, "k", NOW).message
    row = {"maHoSoMCDT": "x", "trangThai": "4", "ketQuaXuLy": {"giayKhaiSinh": file, "ngayDangKy": "03/07/2026"}}
    event = changed(known, KetQua.model_validate(row), "k2", NOW)
    assert event is not None
    certificate = event.data["certificate"]
    assert fault in certificate["file_fault"]
    assert bool(certificate["file"]) == (fault == "") == bool(certificate["file_sha256"])
    assert certificate["registered_on"] == "2026-07-03"


def registered(**fields: Any) -> KetQua:
    return KetQua.model_validate({"maHoSoMCDT": "x", "trangThai": "4", "ketQuaXuLy": {"soDangKy": "17/2026"} | fields})


@pytest.mark.parametrize(
    ("row", "content"),
    [
        ({"errors": "Trùng số định danh của mẹ"}, "Trùng số định danh của mẹ"),
        ({"errors": ["Thiếu giấy chứng sinh"]}, '["Thiếu giấy chứng sinh"]'),
        ({"errors": None}, ""),
        ({"errors": "HT-09", "noiDungXuLy": "Không đúng thẩm quyền"}, "Không đúng thẩm quyền"),
    ],
)
def test_a_refusal_without_a_reason_says_what_the_registry_found_wrong(row: dict[str, Any], content: str) -> None:
    known = accepted(asked_for().message, "k", NOW).message
    event = changed(known, KetQua.model_validate({"maHoSoMCDT": "x", "trangThai": "6"} | row), "k2", NOW)
    assert event is not None
    assert event.data["content"] == content


def test_a_certificate_whose_file_comes_after_the_registration_is_told_once_more() -> None:
    known = accepted(asked_for().message, "k", NOW).message
    bare = changed(known, registered(), "k2", NOW)
    assert bare is not None
    assert changed(bare.message, registered(), "k3", NOW) is None
    named = changed(bare.message, registered(soDinhDanh="086226000123"), "k3", NOW)
    assert named is not None
    assert still_open(named.message)
    whole = registered(soDinhDanh="086226000123", giayKhaiSinh="JVBERi0xLjQKJSVFT0YK")
    complete = changed(named.message, whole, "k3", NOW)
    assert complete is not None
    assert not still_open(complete.message)
    assert complete.data["certificate"]["file"]
    assert changed(complete.message, whole, "k4", NOW) is None


def test_a_result_that_comes_as_text_is_read_like_one_that_comes_as_it_is() -> None:
    plain = {"soDinhDanh": "086226000123", "soDangKy": "17/2026"}
    rows = [
        KetQua.model_validate({"maHoSoMCDT": "x", "trangThai": "4", "ketQuaXuLy": said})
        for said in (plain, json.dumps(plain))
    ]
    assert rows[0] == rows[1]
    with pytest.raises(ValidationError):
        KetQua.model_validate({"maHoSoMCDT": "x", "trangThai": "4", "ketQuaXuLy": "không phải JSON"})
