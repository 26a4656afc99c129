"""Which row is news, and what rows and units become."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts import budget_unit_codes as contract
from contracts.budget_unit_codes.messages import DonVi, HoSoBTC, TraLoi, XacNhan
from contracts.canonical.budget import BudgetUnitSearch
from contracts.contract import ContractDocument
from mappings.budget_unit_codes.inbound import code_issued, dossier_changed, unit
from mappings.budget_unit_codes.outbound import request
from mappings.budget_unit_codes.progress import LATER, Progress, news, registered_twice
from mappings.routes import BUDGET, CONFIRM_SEEN, HOME, owed
from ops.events_doc.budget import AT, PDF, a_row, a_unit, budget_events

EXAMPLES = files(contract).joinpath("examples")
ORDER = ("1", "2", "4", "5", "4", "9")
"""A usual way, with one supplement."""


def taken(rows: list[HoSoBTC]) -> tuple[list[str], Progress]:
    """The states that were news, one row after the other, and what is known at the end."""
    known = Progress()
    states: list[str] = []
    for row in rows:
        added = news(known, row)
        if added is not None:
            known = added.progress
            if added.moved:
                states.append(row.trangThai)
    return states, known


def test_the_examples_are_of_the_contract_and_the_contract_is_marked_proposed() -> None:
    listed = TraLoi.model_validate_json(EXAMPLES.joinpath("danhSachHoSo.json").read_bytes())
    HoSoBTC.model_validate(listed.duLieu[0])
    DonVi.model_validate(TraLoi.model_validate_json(EXAMPLES.joinpath("traCuu.json").read_bytes()).duLieu)
    document: ContractDocument = contract.CONTRACT
    assert not document.verified


def test_a_dossier_told_in_order_is_told_in_full() -> None:
    states, known = taken([a_row(state) for state in ORDER])
    assert states == list(ORDER)
    assert (known.changes, known.code) == (6, "1061234")


@given(st.lists(st.sampled_from("123459"), max_size=12))
def test_whatever_windows_repeat_a_state_never_goes_back_and_an_end_is_an_end(seen: list[str]) -> None:
    states, known = taken([a_row(state) for state in seen])
    for before, after in pairwise(states):
        assert after in LATER[before]
    assert known.changes >= len(states)
    if "3" in states:
        assert states[-1] == "3"
    if "9" in states:
        assert states[-1] == "9"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_rows_of_overlapping_windows_add_nothing_to_the_way_they_repeat(echoes: list[int]) -> None:
    rows = []
    for place, state in enumerate(ORDER):
        rows.append(a_row(state))
        rows += [a_row(ORDER[echo]) for echo in echoes if echo <= place and ORDER[echo] not in ("4", "5")]
    assert taken(rows)[0] == list(ORDER)


def test_a_certificate_that_comes_later_is_news_once() -> None:
    _, known = taken([a_row("4"), a_row("9")])
    late = news(known, a_row(fileGiayChungNhan=PDF))
    assert late is not None
    assert (late.moved, late.issued) == (False, True)
    assert news(late.progress, a_row(fileGiayChungNhan=PDF)) is None
    assert news(late.progress, a_row()) is None


def test_progress_is_read_back_as_it_was_kept() -> None:
    _, known = taken([a_row("4"), a_row("9", fileGiayChungNhan=PDF)])
    assert Progress.from_json(known.to_json()) == known
    assert "Bình" not in known.to_json()  # public facts alone are kept


def test_a_unit_that_filed_twice_is_seen_whatever_the_accents_and_a_refused_one_is_none() -> None:
    after = news(Progress(), a_row("1", tenDonVi="PHÒNG KINH TẾ  XÃ LONG HỮU"))
    other = news(Progress(), a_row("1"))
    assert after is not None
    assert other is not None
    assert registered_twice("new", after.progress, {"old": other.progress, "new": after.progress})
    assert not registered_twice("new", after.progress, {"new": after.progress})
    refused = news(Progress(), a_row("3"))
    assert refused is not None
    assert not registered_twice("new", after.progress, {"old": refused.progress})


@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        ({}, ()),
        ({"trangThai": "2"}, ("closed",)),
        ({"ngayQuyetDinh": "04/07/2026"}, ("before_decision",)),
        ({"maDVQHNSCapTren": ""}, ("superior_missing",)),
        ({"maDVQHNSCapTren": "", "capDuToan": "1"}, ()),
        ({"ngayCap": "", "ngayQuyetDinh": "04/07/2026"}, ()),
    ],
)
def test_a_unit_says_what_a_user_of_its_code_has_to_know(fields: dict[str, Any], warnings: tuple[str, ...]) -> None:
    found = unit(a_unit(**fields))
    assert found.warnings == warnings
    assert found.state == ("closed" if "closed" in warnings else "active")


def test_a_units_days_are_read_day_first() -> None:
    found = unit(a_unit(ngayQuyetDinh="03/12/2025"))
    assert found.decided_on == date(2025, 12, 3)
    assert unit(a_unit(ngayQuyetDinh="")).decided_on is None
    with pytest.raises(ValidationError):
        unit(a_unit(ngayCap="31/02/2026"))


def test_a_code_without_a_readable_certificate_is_a_code_all_the_same() -> None:
    for file, fault in (("", ""), ("%%%", "not Base64"), ("PGh0bWw+", "not a PDF")):
        row = a_row(fileGiayChungNhan=file)
        added = news(Progress(state="4"), row)
        assert added is not None
        data = code_issued(row, added, None, AT).data
        assert (data["unit_code"], data["certificate"], data["warnings"]) == ("1061234", None, ["not_looked_up"])
        assert fault in data["file_fault"]


def test_each_change_has_an_id_of_its_own_and_owes_the_desk_a_notice_and_the_ministry_our_word() -> None:
    changed, issued = budget_events()
    assert (changed.id, issued.id) == ("btc-BTC-2026-000001-4", "btc-BTC-2026-000001-4-code")
    assert (changed.data["status"], changed.data["state"], changed.data["service"]) == (9, "issued", "unit")
    assert changed.data["filed_at"] == "2026-07-02T01:15:00+00:00"
    assert [debt.operation for debt in owed(changed, {BUDGET, HOME})] == ["notify", CONFIRM_SEEN]
    assert [debt.operation for debt in owed(issued, {BUDGET, HOME})] == ["notify"]
    assert XacNhan.model_validate(request(changed.message)).trangThai == "9"


@pytest.mark.parametrize("state", contract.STATES)
def test_every_state_is_the_dossiers_status_of_the_same_number_and_said_back(state: str) -> None:
    row = a_row(state)
    added = news(Progress(), row)
    assert added is not None
    event = dossier_changed(row, added, twice=True, at=AT)
    assert event.data["status"] == int(state)
    assert event.data["warnings"] == ["registered_twice"]
    assert request(event.message) == {"maHoSoBTC": "BTC-2026-000001", "trangThai": state}


@pytest.mark.parametrize("asked", [{}, {"tax_code": "0100109106", "name": "Sở Tài chính"}])
def test_units_are_looked_for_by_one_thing(asked: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="tax code or by name"):
        BudgetUnitSearch.model_validate(asked)
