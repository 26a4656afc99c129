"""Communes across the reform: by date, and never by guessing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import REFORM_ON, CodeGap, every
from contracts.codes.lists import table
from contracts.codes.place import Split, carried, heirs

EVE = REFORM_ON - timedelta(days=1)
OLD = sorted({row["old_ward_code"] for row in table("ward_map_2025.csv")})
NEW = sorted({row["new_ward_code"] for row in table("ward_map_2025.csv")})
SPLIT = {row["old_ward_code"] for row in table("ward_map_2025.csv") if row["kind"] == "split"}
SUSPECT = {(row["old_ward_code"], row["new_ward_code"]) for row in table("ward_map_2025.csv") if row["suspect"] == "1"}
after = st.dates(REFORM_ON, date(2040, 1, 1))
before = st.dates(date(2010, 1, 1), EVE)


def test_a_code_used_again_is_followed_to_the_place_and_not_to_the_number() -> None:
    assert carried("28757", EVE, REFORM_ON).code == "28858"
    assert carried("28858", REFORM_ON, REFORM_ON).name_vi == "Phường Phú Tân"


def test_a_later_change_of_name_is_followed_too() -> None:
    assert carried("29602", EVE, date(2026, 6, 8)).name_vi == "Xã Long Hồ"
    assert carried("29602", EVE, date(2026, 6, 9)).name_vi == "Phường Long Hồ"


def test_cai_von_is_a_real_split_and_needs_the_address() -> None:
    with pytest.raises(Split, match="29771 Phường Bình Minh, 29770 Phường Cái Vồn; the address must tell") as split:
        carried("29770", EVE, REFORM_ON)
    assert [(heir.code, heir.suspect) for heir in split.value.heirs] == [("29771", False), ("29770", False)]


def test_a_suspect_heir_is_named_as_such() -> None:
    with pytest.raises(Split, match=r"29836 Xã Trà Côn \(suspect\)"):
        carried("29719", EVE, REFORM_ON)


@given(st.sampled_from(OLD), before, after)
def test_an_old_commune_has_one_heir_that_holds_or_a_person_decides(code: str, then: date, now: date) -> None:
    if code in SPLIT:
        with pytest.raises(Split):
            carried(code, then, now)
        return
    found = carried(code, then, now)
    assert found.holds(now)
    assert (code, found.code) not in SUSPECT
    assert found.code in {heir.code for heir in heirs(code)}


@given(st.sampled_from(NEW), after, before)
def test_a_new_commune_is_never_turned_into_one_old_one(code: str, now: date, then: date) -> None:
    with pytest.raises(Split) as split:
        carried(code, now, then)
    assert code in {heir.code for old in split.value.heirs for heir in heirs(old.code)}


@given(st.sampled_from(OLD), before, before)
def test_within_one_era_a_commune_is_itself(code: str, one: date, other: date) -> None:
    assert carried(code, one, other).code == code


def test_every_commune_of_before_is_in_the_map_and_every_heir_exists() -> None:
    assert {row.code for row in every("ward") if row.holds(EVE)} == set(OLD)
    assert {row.code for row in every("ward") if row.holds(REFORM_ON)} == set(NEW)
    assert len(SPLIT) == 8


def test_a_code_that_was_none_is_a_gap() -> None:
    with pytest.raises(CodeGap):
        carried("00001", EVE, REFORM_ON)
