"""What the portal is told, case by case."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import judge
from contracts.national_portal.messages import CauHoi, HoiDap, HoSo, KetQuaHoiDap, TienDo, TraCuu, TrangThaiHoSo
from contracts.portal_envelope import Message
from mappings.national_portal.inbound import asked
from mappings.national_portal.outbound import request
from mappings.routes import PORTAL, owed
from ops.events_doc.question import answered

CASES = sorted(Path(str(files("mappings.national_portal"))).joinpath("cases").glob("*.json"))
MODELS: dict[str, type[Message]] = {
    "DongBoHoSoMC": HoSo,
    "CapNhatTienDoHoSoMC": TienDo,
    "DongBoTrangThaiHoSo": TrangThaiHoSo,
    "DongBoHoiDap": HoiDap,
    "DongBoKetQuaHoiDapGuiTuDVCQG": KetQuaHoiDap,
    "TraCuuTechID": TraCuu,
}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    operation, event = told.get("operation", "DongBoHoSoMC"), judge(told["given"])
    assert operation in [debt.operation for debt in owed(event, {PORTAL})]
    written = request(operation, event.message)
    assert written == told["expect"]
    assert set(written) == set(MODELS[operation].model_fields)
    MODELS[operation].model_validate(written)


def test_there_is_a_case_for_every_operation() -> None:
    told = [json.loads(path.read_text(encoding="utf-8")) for path in CASES]
    assert {case.get("operation", "DongBoHoSoMC") for case in told} == set(MODELS)


def test_a_filing_with_its_account_asks_nobody() -> None:
    (path,) = (path for path in CASES if "without an account" in path.stem)
    given = json.loads(path.read_text(encoding="utf-8"))["given"]
    given["data"]["filing"]["account"] = "7c2f"
    assert owed(judge(given), {PORTAL}) == ()


words = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Cf", "Mn", "Cn", "Co"]), min_size=1, max_size=50)


@given(words, words, st.datetimes().filter(lambda at: 1901 < at.year < 2199))
def test_a_question_comes_back_to_the_portal_under_its_number_with_its_answer(
    title: str, content: str, at: object
) -> None:
    number = "HD-1"
    row = {"MaHoiDap": number, "TieuDe": title, "NoiDung": content, "NgayHoi": f"{at:%Y%m%d%H%M%S}"}
    event = asked(CauHoi.model_validate(row))
    assert event.message.model_dump()["question"]["content"]
    written = request("DongBoKetQuaHoiDapGuiTuDVCQG", answered(event).message)
    assert (written["MaHoiDap"], written["NguoiTraLoi"]) == (number, "Trần Thị Bình")
