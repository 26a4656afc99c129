"""Code lists: a code means something on a day, a gap is named, the province may add rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import codes
from contracts.codes import REFORM_ON, Code, CodeGap, every, gap_of, load_extra, lookup

EVE = REFORM_ON - timedelta(days=1)
LISTS = ("procedure", "ward", "province", "field")


@pytest.fixture
def own_rows(tmp_path: Path) -> Iterator[Path]:
    """A folder for the province's rows; forgotten afterwards."""
    yield tmp_path
    load_extra(tmp_path / "none")


def test_a_ward_code_means_another_place_after_the_reform() -> None:
    assert lookup("ward", "28858", EVE).name_vi == "Xã Hữu Định"
    assert lookup("ward", "28858", REFORM_ON).name_vi == "Phường Phú Tân"


def test_a_commune_became_a_ward_on_its_own_day() -> None:
    became_on = date(2026, 6, 9)
    assert lookup("ward", "29602", became_on - timedelta(days=1)).name_vi == "Xã Long Hồ"
    assert lookup("ward", "29602", became_on).name_vi == "Phường Long Hồ"


def test_a_merged_province_is_a_gap_from_the_day_of_the_reform() -> None:
    assert lookup("province", "84", EVE).name_vi == "Tỉnh Trà Vinh"
    assert lookup("province", "86", REFORM_ON).name_vi == "Tỉnh Vĩnh Long"
    with pytest.raises(CodeGap, match="list province has no row for 84 on 2025-07-01") as gap:
        lookup("province", "84", REFORM_ON)
    assert (gap.value.code_list, gap.value.code, gap.value.on) == ("province", "84", REFORM_ON)


def test_the_lists_have_all_their_rows() -> None:
    assert len(list(every("procedure"))) == 4577
    assert len([row for row in every("ward") if row.holds(EVE)]) == 354
    assert len([row for row in every("ward") if row.holds(REFORM_ON)]) == 124
    assert len([row for row in every("province") if row.holds(EVE)]) == 63
    assert len([row for row in every("province") if row.holds(REFORM_ON)]) == 34


@given(name=st.sampled_from(LISTS), on=st.dates(date(2010, 1, 1), date(2040, 1, 1)))
def test_on_any_day_a_code_has_one_meaning_at_most(name: str, on: date) -> None:
    holding = [row.code for row in every(name) if row.holds(on)]
    assert len(set(holding)) == len(holding)


def test_both_ends_of_a_row_are_included() -> None:
    row = Code("1", "một", valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 31))
    assert row.holds(date(2026, 1, 1))
    assert row.holds(date(2026, 1, 31))
    assert not row.holds(date(2025, 12, 31))
    assert not row.holds(date(2026, 2, 1))


def test_a_list_we_do_not_have_is_a_mistake_not_a_gap() -> None:
    with pytest.raises(KeyError):
        lookup("colour", "red", REFORM_ON)


def test_a_gap_is_closed_by_a_row_of_the_provinces_own(own_rows: Path) -> None:
    with pytest.raises(CodeGap) as gap:
        lookup("procedure", "9.999999", REFORM_ON)
    (own_rows / "procedure.csv").write_text(
        "\ufeffcode,name_vi,name_en,valid_from,valid_to,source\n9.999999,Thủ tục riêng,Our own,2025-07-01,,QĐ 1/QĐ-UBND\n",
        encoding="utf-8",
    )
    load_extra(own_rows)
    found = lookup("procedure", "9.999999", gap.value.on)
    assert (found.name_vi, found.name_en, found.source) == ("Thủ tục riêng", "Our own", "QĐ 1/QĐ-UBND")
    assert found in set(every("procedure"))
    with pytest.raises(CodeGap):
        lookup("procedure", "9.999999", EVE)


def test_rows_taken_away_are_gone_after_the_next_reading(own_rows: Path) -> None:
    file = own_rows / "ward.csv"
    file.write_text("code,name_vi\n99999,Xã Mới\n", encoding="utf-8")
    load_extra(own_rows)
    assert lookup("ward", "99999", REFORM_ON).name_vi == "Xã Mới"
    file.unlink()
    load_extra(own_rows)
    with pytest.raises(CodeGap):
        lookup("ward", "99999", REFORM_ON)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("code,name_vi,valid_from\n1,Một,2026-13-01\n", "line 2"),
        ("code\n1\n", "line 2"),
        ("code,name_vi\n1,Một\n2\n", "line 3"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(own_rows: Path, text: str, named: str) -> None:
    (own_rows / "ward.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"ward.csv, {named}"):
        load_extra(own_rows)


def test_a_file_for_no_list_of_ours_is_named(own_rows: Path) -> None:
    (own_rows / "colour.csv").write_text("code,name_vi\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"no code list is called colour; there are .*procedure.*ward"):
        load_extra(own_rows)


def test_a_bad_file_leaves_the_rows_of_before(own_rows: Path) -> None:
    (own_rows / "ward.csv").write_text("code,name_vi\n99999,Xã Mới\n", encoding="utf-8")
    load_extra(own_rows)
    (own_rows / "province.csv").write_text("code\n1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"province\.csv"):
        load_extra(own_rows)
    assert lookup("ward", "99999", REFORM_ON).name_vi == "Xã Mới"


@given(st.sampled_from(LISTS), st.from_regex(r"[0-9.]{1,12}", fullmatch=True), st.dates())
def test_a_gap_survives_the_key_of_its_hold(name: str, code: str, on: date) -> None:
    gap = CodeGap(name, code, on)
    again = gap_of(gap.key)
    assert again is not None
    assert (again.code_list, again.code, again.on) == (name, code, on)


@pytest.mark.parametrize("key", ["", "partner:iso", "code:ward:1", "code:ward:1:not-a-day", "code:ward:1:2026-01-01:x"])
def test_a_key_of_another_kind_is_no_gap(key: str) -> None:
    assert gap_of(key) is None


def test_the_lists_are_read_once() -> None:
    assert codes._rows("procedure") is codes._rows("procedure")
