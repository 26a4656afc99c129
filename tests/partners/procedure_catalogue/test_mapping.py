"""What the catalogue writes, and what can be counted of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import mappings.procedure_catalogue
from contracts.fault import Refusal
from contracts.procedure_catalogue.messages import DongTTHC, QuyetDinh, ThuTuc
from mappings.procedure_catalogue import words
from mappings.procedure_catalogue.inbound import changed, decision, version
from mappings.table import Unmappable

CASES = sorted((Path(mappings.procedure_catalogue.__file__).parent / "cases").glob("*.json"))
TODAY = date(2026, 7, 3)


def mapped(given_: dict[str, Any]) -> dict[str, Any]:
    line = DongTTHC.model_validate(given_.get("line", {"MATTHC": given_["procedure"]["MATTHC"]}))
    by = decision(QuyetDinh.model_validate(given_["decision"]), TODAY) if "decision" in given_ else None
    event = changed(version(ThuTuc.model_validate(given_["procedure"]), line, by), line, TODAY)
    return {"time": event.time.isoformat(), "subject": event.subject, **event.data["procedure"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_case(case: Path) -> None:
    told = json.loads(case.read_text(encoding="utf-8"))
    found = mapped(told["given"])
    assert {name: found.get(name) for name in told["expect"]} == told["expect"]


def test_there_are_cases() -> None:
    assert len(CASES) >= 3


@pytest.mark.parametrize(
    ("raw", "vnd"),
    [
        ("8000", 8000),
        ("8.000", 8000),
        ("15.000 đồng", 15000),
        ("1,500,000", 1_500_000),
        ("1.500.000,00 đ", 1_500_000),
        ("0", 0),
        (" 20 ", 20),
        ("Miễn phí", None),
        ("8.000 đồng/bản", None),
        ("", None),
        ("1.5", None),
    ],
)
def test_a_sum_is_a_sum_or_stays_in_its_words(raw: str, vnd: int | None) -> None:
    assert words.money(raw)[0] == vnd
    assert vnd is not None or words.money(raw)[1] == raw


@given(st.integers(0, 10**12))
def test_grouped_thousands_read_as_the_number_they_are(number: int) -> None:
    assert words.money(f"{number:,}") == words.money(f"{number:,}".replace(",", ".")) == (number, "")


@pytest.mark.parametrize(
    ("amount", "unit", "found"),
    [
        ("6.5", "WORKING_DAY", (6.5, "WORKING_DAY", "")),
        ("6,5", "Ngày làm việc", (6.5, "WORKING_DAY", "")),
        ("4", "Giờ", (4.0, "HOUR", "")),
        ("1", "Tuần", (1.0, "OTHER", "Tuần")),
        ("Trong ngày", "OTHER", (None, "OTHER", "Trong ngày")),
        ("", "DAY", (None, "DAY", "")),
    ],
)
def test_a_time_limit_is_a_number_and_a_unit_or_stays_in_its_words(
    amount: str, unit: str, found: tuple[float | None, str, str]
) -> None:
    assert words.duration(amount, unit) == found


@pytest.mark.parametrize(("published", "late"), [("09/07/2026", False), ("10/07/2026", True), ("", False)])
def test_a_decision_is_late_after_its_fifth_working_day(published: str, late: bool) -> None:
    told = {"IDQDCB": "QD1", "NGAYQUYETDINH": "02/07/2026", "NGAYCONGKHAI": published}
    assert decision(QuyetDinh.model_validate(told), TODAY).late is late


def test_the_five_days_of_a_decision_pass_over_holidays() -> None:
    told = {"IDQDCB": "QD1", "NGAYQUYETDINH": "24/04/2026", "NGAYCONGKHAI": "06/05/2026"}
    found = decision(QuyetDinh.model_validate(told), TODAY)
    assert (found.publish_by, found.late) == (date(2026, 5, 6), False)


@pytest.mark.parametrize("signed", ["02/07/2019", "29/12/2027"])
def test_a_decision_that_runs_into_a_year_without_holidays_is_kept_and_not_measured(signed: str) -> None:
    found = decision(QuyetDinh.model_validate({"IDQDCB": "QD1", "NGAYQUYETDINH": signed}), TODAY)
    assert (found.publish_by, found.late) == (None, False)


def test_the_same_version_is_the_same_event_whenever_it_is_pulled() -> None:
    given_ = json.loads(CASES[0].read_text(encoding="utf-8"))["given"]
    line = DongTTHC.model_validate(given_["line"])
    whole = version(ThuTuc.model_validate(given_["procedure"]), line, None)
    first, again = changed(whole, line, TODAY), changed(whole, line, date(2026, 9, 9))
    assert first.to_json() == again.to_json()
    renamed = whole.model_copy(update={"name": "Tên khác"})
    assert changed(renamed, line, TODAY).id != first.id


@given(st.dictionaries(st.sampled_from(["TENTTHC", "TRANGTHAI", "QUYETDINH", "MACOQUANCONGBO"]), st.text(max_size=60)))
def test_whatever_the_texts_say_the_row_is_mapped_or_refused_by_name(texts: dict[str, str]) -> None:
    try:
        found = mapped({"procedure": {"MATTHC": "1.001193", **texts}})
    except (Unmappable, Refusal, ValidationError):
        return
    assert found["code"] == "1.001193"
