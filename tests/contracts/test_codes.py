"""Code lists: a code means something on a day, a gap is named, the province may add rows."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import codes
from contracts.codes import REFORM_ON, Code, CodeGap, agency, every, gap_of, load_extra, lookup, own

EVE = REFORM_ON - timedelta(days=1)
LISTS = tuple(sorted(codes.LISTS))


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


def test_every_list_is_read_by_its_name() -> None:
    assert lookup("dvcqg.TrangThaiHoSo", "9", REFORM_ON).name_vi == "Đã xử lý xong"
    row = lookup("emc.FormsReception", "1", REFORM_ON)
    assert (row.name_en, row.extra[0]) != ("", "")
    small = [name for name in LISTS if "." in name]
    assert sum(len(list(every(name))) for name in small) == 167
    assert all(row.source and row.extra[0] for name in small for row in every(name))


def test_there_are_districts_until_the_reform_and_none_after_it() -> None:
    assert len([row for row in every("district") if row.holds(EVE)]) == 26
    assert lookup("district", "842", EVE).extra == ("84",)
    assert not [row for row in every("district") if row.holds(REFORM_ON)]


@pytest.mark.parametrize("code", ["000.00.17.H59", "H59.17"])
def test_an_agency_is_known_by_both_forms_of_its_id(code: str) -> None:
    found = lookup("agency", code, date(2026, 1, 5))
    assert (found.code, found.extra) == ("000.00.17.H59", ("invented",))


@pytest.mark.parametrize("code", ["000.00.00.H59", "000.00.00.H07", "H59", "H07"])
def test_ids_of_merged_provinces_stay_alive_for_open_dossiers(code: str) -> None:
    assert lookup("agency", code, date(2024, 1, 1)) == lookup("agency", code, date(2027, 1, 1))


def test_an_alias_holds_on_its_own_days_alone() -> None:
    assert lookup("agency", "000.00.17.H86", date(2025, 8, 1)).code == "000.00.17.H61"
    for on in (EVE, date(2026, 1, 1)):
        with pytest.raises(CodeGap):
            lookup("agency", "000.00.17.H86", on)


def test_song_phu_has_two_codes_after_the_reform_and_before_it_they_were_two_communes() -> None:
    assert lookup("ward", "29752", REFORM_ON) == lookup("ward", "29740", REFORM_ON)
    assert lookup("ward", "29752", EVE).name_vi == "Xã Long Phú"


@given(st.integers(0, 999), st.integers(0, 99), st.integers(0, 99), st.from_regex(r"[A-Z][0-9]{2}", fullmatch=True))
def test_an_agency_id_comes_back_from_its_other_form(unit: int, office: int, department: int, letter: str) -> None:
    old = f"{unit:03}.{office:02}.{department:02}.{letter}"
    new = agency.new_form(old)
    assert new is not None
    assert agency.old_form(new) == old


@pytest.mark.parametrize("code", ["H55.242", "H59.1.2.3.4", "", "G15-TP07", "000.00.17"])
def test_what_has_no_old_form_is_not_given_one(code: str) -> None:
    assert agency.old_form(code) is None


def test_names_resemble_with_accents_optional_and_only_on_their_day() -> None:
    assert codes.alike("ward", "phuong phu tan", REFORM_ON)[0].code == "28858"
    assert codes.alike("ward", "phuong phu tan", EVE)[0].code == "28757"
    assert codes.alike("ward", "nowhere at all", EVE) == []


def test_a_row_written_by_another_process_is_seen_by_the_next_who_misses_it(own_rows: Path) -> None:
    load_extra(own_rows)
    with pytest.raises(CodeGap):
        lookup("ward", "99999", REFORM_ON)
    assert own.write(own_rows, "ward", Code("99999", "Xã Mới", valid_from=REFORM_ON, source="NQ 1"))
    assert lookup("ward", "99999", REFORM_ON).source == "NQ 1"


def test_a_row_is_written_once_and_no_code_gets_a_second_meaning_on_a_day(own_rows: Path) -> None:
    row = Code("99999", "Xã Mới", valid_from=REFORM_ON, valid_to=date(2026, 1, 1), source="NQ 1")
    assert own.write(own_rows, "ward", row)
    assert not own.write(own_rows, "ward", row)
    with pytest.raises(ValueError, match="has 99999 already"):
        own.write(own_rows, "ward", Code("99999", "Xã Khác", valid_from=date(2026, 1, 1), source="NQ 2"))
    with pytest.raises(ValueError, match="has 28858 already, 'Phường Phú Tân'"):
        own.write(own_rows, "ward", Code("28858", "Xã Khác", valid_from=REFORM_ON, source="NQ 2"))
    assert own.write(own_rows, "ward", Code("99999", "Xã Khác", valid_from=date(2026, 1, 2), source="NQ 2"))
    load_extra(own_rows)
    assert [lookup("ward", "99999", on).name_vi for on in (date(2026, 1, 1), date(2026, 1, 2))] == ["Xã Mới", "Xã Khác"]


days = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(st.lists(st.tuples(st.none() | days, st.none() | days), max_size=6), days)
def test_rows_that_were_taken_never_give_a_code_two_meanings(
    spans: list[tuple[date | None, date | None]], on: date
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, (since, until) in enumerate(spans):
            with contextlib.suppress(ValueError):
                own.write(Path(folder), "ward", Code("99999", f"Xã {number}", valid_from=since, valid_to=until))
        load_extra(Path(folder))
        assert sum(row.code == "99999" and row.holds(on) for row in every("ward")) <= 1
    load_extra(Path(folder))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("code,name_vi,valid_from,valid_to\n1,Một,2026-02-01,2026-01-01\n", "does not end before it begins"),
        ("code,name_vi\n1,Một\n1,Hai\n", "line 3: 1 has another row that holds on the same day"),
        ("code,name_vi\n1,\n", "has a code, a name"),
    ],
)
def test_rows_that_contradict_are_named(own_rows: Path, text: str, says: str) -> None:
    (own_rows / "ward.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        load_extra(own_rows)


def test_a_local_code_is_the_portals_by_the_map_on_its_days() -> None:
    assert lookup("procedure", "2.000488", date(2026, 7, 1)).code == "3.000333"


def test_what_was_pulled_stands_above_our_row_of_the_code_and_beside_all_others() -> None:
    ended = Code("1.001193", "Khai sinh", valid_to=date(2026, 6, 30))
    codes.load_pulled("procedure", [ended, Code("9.999999", "Thủ tục mới")])
    try:
        assert lookup("procedure", "1.001193", date(2026, 6, 30)).name_vi == "Khai sinh"
        with pytest.raises(CodeGap):
            lookup("procedure", "1.001193", date(2026, 7, 1))
        assert lookup("procedure", "9.999999", date(2026, 7, 1)).name_vi == "Thủ tục mới"
        assert lookup("procedure", "1.004884", date(2026, 7, 1)).code == "1.004884"
        assert len(list(codes.every("procedure"))) == 4578
    finally:
        codes.load_pulled("procedure", [])
