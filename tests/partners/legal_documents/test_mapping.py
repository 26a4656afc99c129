"""A document on its way out, and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

import mappings.legal_documents
from contracts.envelope import judge
from contracts.identifier import LegalNumber
from contracts.legal_documents.messages import GuiVanBan
from mappings.legal_documents.inbound import changed, document
from mappings.legal_documents.outbound import posting

CASES = sorted((Path(mappings.legal_documents.__file__).parent / "cases").glob("*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_case(case: Path) -> None:
    told = json.loads(case.read_text(encoding="utf-8"))
    written = posting(judge(told["given"]).message)
    assert written == told["expect"]
    GuiVanBan.model_validate(written)


def test_what_was_posted_reads_back_as_the_same_document() -> None:
    told = json.loads(CASES[0].read_text(encoding="utf-8"))
    written = posting(judge(told["given"]).message)
    text = document({**written, "itemId": "VB1", "tinhTrangHieuLuc": 1})
    sent = told["given"]["data"]["document"]
    assert (text.title, text.agency, str(text.promulgated_on)) == (
        "Ban hành quy chế",
        sent["agency"]["name"],
        "2026-07-01",
    )
    assert text.related[0].relation == "replaces"


@given(
    st.integers(1, 99_999),
    st.sampled_from(["", "/2026"]),
    st.sampled_from(["NĐ-CP", "QĐ-UBND", "TT-BTC", "QĐ-TTg", "QH15"]),
)
def test_a_number_is_itself_however_its_letters_are_written(number: int, year: str, body: str) -> None:
    reader = TypeAdapter[str](LegalNumber)
    given_ = f"{number}{year}/{body}"
    for spelled in (given_, given_.lower(), given_.upper(), given_.replace("Đ", "Ð")):
        assert reader.validate_python(spelled) == given_


def test_the_same_change_is_the_same_event_and_another_content_another() -> None:
    row = {
        "itemId": "VB1",
        "soKyHieu": "1/2026/NĐ-CP",
        "tinhTrangHieuLuc": 1,
        "ngayCapNhat": "2026-07-01T08:00:00+07:00",
    }
    first, again = (changed(document(row), row) for _ in range(2))
    assert first.to_json() == again.to_json()
    later = row | {"tinhTrangHieuLuc": 3}
    assert changed(document(later), later).id != first.id


def test_a_subject_is_written_in_letters_a_subject_may_have() -> None:
    row = {
        "itemId": "vb đỏ",
        "soKyHieu": "1/2026/NĐ-CP",
        "tinhTrangHieuLuc": 1,
        "ngayCapNhat": "2026-07-01T08:00:00+07:00",
    }
    assert changed(document(row), row).subject == "vbpl-vb---"
