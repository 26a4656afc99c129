"""The search: by code and by words, with or without accents; quick over all that comes with the bus."""

from __future__ import annotations

import time
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.procedure_catalogue import ADAPTER
from adapters.procedure_catalogue.catalogue import Catalogue, FoundProcedure, _bundled, spread
from adapters.procedure_catalogue.invented import Invented
from bus.adapter import Call, Found
from contracts import codes
from tests.partners.procedure_catalogue.conftest import Night

CATALOGUE = Catalogue()


def test_all_procedures_load_in_seconds_and_a_search_takes_milliseconds() -> None:
    _bundled.cache_clear()
    began = time.perf_counter()
    fresh = Catalogue()
    assert time.perf_counter() - began < 5
    assert len(fresh.entries) >= 4577
    began = time.perf_counter()
    for _ in range(10):
        fresh.search("dang ky khai sinh")
    assert (time.perf_counter() - began) / 10 < 0.2


@pytest.mark.parametrize("asked", ["đăng ký khai sinh", "DANG KY KHAI SINH", "khai sinh  đăng ký", "Đăng ký khai sinh"])
def test_words_are_found_with_or_without_accents_in_any_order(asked: str) -> None:
    found = CATALOGUE.search(unicodedata.normalize("NFC", asked))
    assert "1.001193" in [one.code for one in found]
    told = [spread(f"{one.name} {one.field_name}") for one in found]
    assert all(word in text for text in told for word in ("dang", "ky", "khai", "sinh"))


def test_accents_that_are_written_come_first() -> None:
    assert "đất đai" in CATALOGUE.search("đất đai")[0].name.casefold()


@pytest.mark.parametrize(
    "asked", ["1.001193", "1.001193.000.00.00.H59", "1.001193.02", "1.001193.000.00.00.H59.02", "1.001193-Xoa"]
)
def test_a_code_is_found_by_its_base_whatever_hangs_behind_it(asked: str) -> None:
    assert [one.code for one in CATALOGUE.search(asked)] == ["1.001193"]


def test_a_longer_code_is_not_found_by_the_shorter_one_it_begins_with() -> None:
    assert [one.code for one in CATALOGUE.search("1.0133611")] == ["1.0133611"]
    assert CATALOGUE.search("1.013361") == CATALOGUE.search("1.013361.01")


def test_the_beginning_of_a_code_finds_all_that_begin_so() -> None:
    found = CATALOGUE.search("1.0011")
    assert found
    assert all(one.code.startswith("1.0011") for one in found)


@pytest.mark.parametrize("asked", ["---", "không có thủ tục nào như vậy", "9.999999"])
def test_what_is_not_there_is_no_match_and_no_error(asked: str) -> None:
    assert CATALOGUE.search(asked) == []


@given(st.sampled_from(list(codes.every("procedure"))))
def test_every_procedure_is_found_by_its_own_name_without_accents(row: codes.Code) -> None:
    assert row.code in [one.code for one in CATALOGUE.search(spread(row.name_vi), limit=5000)]


@given(st.text(min_size=1, max_size=60))
def test_no_question_is_an_error(asked: str) -> None:
    CATALOGUE.search(asked)


def test_the_invented_catalogue_has_the_size_of_the_province_and_is_the_same_each_time() -> None:
    made = Invented()
    assert (len(made.codes), len(made.decisions)) == (1844, 183)
    whole = [made.procedure(code) for code in made.codes]
    online = [one for one in whole if any(channel["KENH"] == "2" for channel in one["CACHTHUCTHUCHIEN"])]
    assert len(online) == 923
    assert sum(1 for one in whole if not one["COQUANTHUCHIEN"]) == 75
    assert all("không có thật" in one["TENQUYETDINH"] for one in made.decisions.values())
    again = Invented()
    assert whole == [again.procedure(code) for code in again.codes]


async def test_the_look_up_answers_from_what_was_pulled_and_asks_nobody(night: Night) -> None:
    await night.pull()
    readings = len(night.simulator.book.entries)
    (lookup,) = ADAPTER.lookups
    found = await lookup.ask(night.adapter, lookup.question.model_validate({"words": " 1.001193 "}), Call("c", 5.0))
    assert isinstance(found, Found)
    (match,) = found.matches
    assert isinstance(match, FoundProcedure)
    assert (match.code, match.origin, match.online) == ("1.001193", "catalogue", True)
    assert match.effective_on
    assert match.effective_on >= date(2025, 7, 1)
    assert len(night.simulator.book.entries) == readings
