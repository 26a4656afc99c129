"""Answers to look-ups in memory: for their time, under their own question, the newest change, and not too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from bus.adapter import Found
from bus.lookup import Answers, masked_words


class Question(BaseModel):
    """Asked by a name."""

    name: str


def found(version: int | None = None) -> Found:
    return Found((), version=version)


def test_an_answer_is_told_again_until_its_time_is_over_and_says_when_it_was_given() -> None:
    answers = Answers(10)
    answers.keep("person", "q", found(), 100.0, 60.0)
    assert answers.find("person", "q", 159.9, None) == (found(), 100.0)
    assert answers.find("person", "q", 160.0, None) is None
    assert answers.find("numbers", "q", 101.0, None) is None
    assert answers.find("person", "other", 101.0, None) is None


def test_what_may_not_be_told_again_is_not_kept() -> None:
    answers = Answers(10)
    answers.keep("person", "q", found(), 100.0, 0.0)
    assert len(answers) == 0


def test_an_older_change_replaces_a_newer_one_only_once_that_is_out_of_date() -> None:
    answers = Answers(10)
    answers.keep("firm", "q", found(4), 100.0, 60.0)
    answers.keep("firm", "q", found(3), 110.0, 60.0)
    assert answers.find("firm", "q", 120.0, None) == (found(4), 100.0)
    assert answers.find("firm", "q", 120.0, 5) is None
    answers.keep("firm", "q", found(3), 170.0, 60.0)
    assert answers.find("firm", "q", 171.0, None) == (found(3), 170.0)


@given(st.lists(st.integers(0, 20)), st.integers(1, 5))
def test_never_more_than_the_limit_are_kept_and_the_last_asked_for_is_among_them(asked: list[int], limit: int) -> None:
    answers = Answers(limit)
    for number in asked:
        if answers.find("person", str(number), 1.0, None) is None:
            answers.keep("person", str(number), found(), 1.0, 60.0)
        assert answers.find("person", str(number), 1.0, None) is not None
        assert len(answers) <= limit


def test_a_partners_words_name_nobody_it_was_asked_about_whatever_the_case() -> None:
    said = masked_words("KHÔNG CÓ NGUYỄN VĂN AN, số 084080000123", Question(name="Nguyễn Văn An"))
    assert said == "KHÔNG CÓ Ngu******* An, số 084******123"
