"""The life cycle: usual walks pass, the rest is flagged."""

from __future__ import annotations

from itertools import pairwise

import pytest

from contracts.lifecycle import USUAL, flag


@pytest.mark.parametrize(
    "walk",
    [
        (None, 1, 2, 4, 6, 4, 9, 10),
        (None, 2, 4, 5, 4, 9, 10),
        (None, 1, 6, 2, 4, 9, 4, 9, 10),
        (None, 1, 3, 1, 2, 7),
        (None, 2, 4, 4, 4, 8, 4, 3),
        (None, 1, 5, 2, 9, 10),
    ],
)
def test_a_usual_walk_has_no_flag(walk: tuple[int | None, ...]) -> None:
    for before, after in pairwise(walk):
        assert after is not None
        assert flag(before, after) == ""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (10, 4, "unusual:10>4"),
        (7, 2, "unusual:7>2"),
        (1, 9, "unusual:1>9"),
        (9, 6, "unusual:9>6"),
        (None, 4, "unusual:new>4"),
    ],
)
def test_an_unusual_step_is_flagged_with_both_ends(before: int | None, after: int, said: str) -> None:
    assert flag(before, after) == said


def test_the_table_covers_the_ten_statuses_and_names_no_other() -> None:
    assert set(USUAL) == set(range(1, 11))
    assert set().union(*USUAL.values()) <= set(USUAL)
    assert USUAL[7] == USUAL[10] == frozenset()


@pytest.mark.parametrize("status", sorted(USUAL))
def test_standing_still_is_never_flagged(status: int) -> None:
    assert flag(status, status) == ""
