"""The track's geometry: whatever happened, marks stand in the order of their times and never on top of each other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ops.console.track import FOLD_S, MARK_GAP, Lane, Mark, draw

NOW = 1_780_000_000.0
TIMES = st.lists(st.floats(0, 40 * 86400), max_size=12)


def a_lane(times: list[float]) -> Lane:
    marks = [Mark(NOW - back, "m-event", "idle", "", note="Chuyển trạng thái") for back in sorted(times, reverse=True)]
    return Lane("p", "P", "m-delivered", "ok", "", marks)


@given(st.lists(TIMES, min_size=1, max_size=6))
def test_marks_follow_their_times_and_two_of_one_lane_never_touch(lanes: list[list[float]]) -> None:
    track = draw([a_lane(times) for times in lanes], NOW)
    everywhere = sorted((p.mark.at, p.x) for row in track.rows for p in row.placed)
    assert [x for _, x in everywhere] == sorted(x for _, x in everywhere)
    for row in track.rows:
        assert all(after.x - before.x >= MARK_GAP - 0.001 for before, after in pairwise(row.placed))
    assert all(x < track.now_x < track.width for _, x in everywhere)


@given(TIMES)
def test_words_of_neighbours_never_overlap(times: list[float]) -> None:
    (row,) = draw([a_lane(times)], NOW).rows
    shown = [p for p in row.placed if p.note_y is not None]
    assert shown or not row.placed
    for side in {p.note_y for p in shown}:
        xs = [p.x for p in shown if p.note_y == side]
        assert all(after - before > 100 for before, after in pairwise(xs))


def test_a_long_idle_time_is_folded_and_says_how_long_it_was() -> None:
    track = draw([a_lane([3 * 86400.0, 60.0])], NOW)
    assert [round(fold.seconds) for fold in track.folds] == [3 * 86400 - 60]
    assert track.width < 1000


def test_a_short_pause_is_not_folded() -> None:
    assert draw([a_lane([FOLD_S, 60.0])], NOW).folds == ()


def test_what_holds_a_lane_is_a_line_from_its_mark_and_what_is_due_stands_behind_now() -> None:
    lane = a_lane([600.0])
    lane.held_from = NOW - 600.0
    lane.due = Mark(NOW + 300, "m-expected", "idle", "", note="09:47")
    track = draw([lane], NOW)
    (row,) = track.rows
    assert row.held_from == row.placed[0].x
    assert row.due is not None
    assert row.due.x > track.now_x
