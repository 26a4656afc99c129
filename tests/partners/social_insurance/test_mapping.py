"""What the insurance is asked and what it tells, case by case; birthdays as far as they are known."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import social_insurance as contract
from contracts.canonical.insurance import CriteriaQuestion
from contracts.envelope import judge
from contracts.identifier import PartialDate
from contracts.social_insurance.messages import DangKyTheBHYT, HoiTheoTieuChi, TraLoi, TraLoiThongTin
from mappings.social_insurance.inbound import born_on, numbers, person
from mappings.social_insurance.outbound import birthday, card, criteria, precision
from mappings.table import Unmappable

CASES = sorted(Path(str(files("mappings.social_insurance"))).joinpath("cases").glob("*.json"))
EXAMPLES = Path(str(files(contract))).joinpath("examples")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    message: Any = judge(told["given"]).message
    if hasattr(message, "certificate"):
        written = card(message)
        DangKyTheBHYT.model_validate(written)
        assert written == told["expect"]
    else:
        assert {"maHoSoLT": message.linked_code} == told["expect"]


def test_the_examples_are_as_the_models_say() -> None:
    DangKyTheBHYT.model_validate_json((EXAMPLES / "dangKyTheBHYT.json").read_bytes())
    envelope = TraLoi.model_validate_json((EXAMPLES / "TraCuuThongTinHoGiaDinh.json").read_bytes())
    assert envelope.response is not None
    (part,) = envelope.response.values()
    (told,) = TraLoiThongTin.model_validate(part.successful).dataThongTinHgd
    assert person("8422123456", told).name == "Nguyễn Văn An"


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)), st.sampled_from((1, 2, 3)))
def test_a_birthday_comes_back_as_far_as_it_was_known(day: date, parts: int) -> None:
    known = PartialDate(*(day.year, day.month, day.day)[:parts])
    asked = CriteriaQuestion.model_validate({"name": "X", "born_on": str(known), "sex": "other"})
    written = birthday().out(known, None)
    assert len(written) == 8
    assert born_on(written, precision(asked)) == str(known)


@pytest.mark.parametrize("said", ["12/08/1989", "1989081", "abcdefgh"])
def test_a_birthday_in_another_form_is_not_guessed_at(said: str) -> None:
    with pytest.raises(Unmappable, match="ngaySinh"):
        born_on(said, "0")


def test_a_question_is_as_the_contract_says() -> None:
    asked = {"name": "Nguyễn Văn An", "born_on": "1957", "sex": "female", "birth_province": "84"}
    written = criteria(CriteriaQuestion.model_validate(asked))
    HoiTheoTieuChi.model_validate(written)
    assert (written["ngaySinh"], written["loaiNgaySinh"], written["gioiTinh"]) == ("19570101", "1", "2")
    assert (written["maTinhKs"], written["maHuyenKs"]) == ("84", "")


def test_a_number_told_twice_is_one_match() -> None:
    assert [one.number for one in numbers(["8422123456", "8422123457", "8422123456"])] == ["8422123456", "8422123457"]
