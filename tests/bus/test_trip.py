"""When a call left, was answered and read, and what the partner says it worked."""

from __future__ import annotations

import pytest

from bus.trip import Trip
from tests.conftest import HandClock


def test_the_last_request_of_a_call_is_the_one_that_counts() -> None:
    clock = HandClock(100.0)
    trip = Trip(clock.now)
    trip.leave()
    trip.answered({"server-timing": "total;dur=200"})
    clock.advance(1.0)
    assert trip.leave() == 101.0
    assert trip.facts(102.0) == {"left": "101.0000", "read": "102.0000"}, "a new request has no answer yet"
    clock.advance(0.5)
    trip.answered({})
    assert trip.facts(102.0) == {"left": "101.0000", "answered": "101.5000", "read": "102.0000"}


@pytest.mark.parametrize(
    ("said", "worked"),
    [
        ("total;dur=2720", 2.72),
        ('db;dur=5, total;desc="all of it";dur=12.5', 0.0125),
        ("total", None),
        ("cache;dur=3", None),
        ("total;dur=abc", None),
        ("subtotal;dur=3", None),
        ("", None),
    ],
)
def test_only_a_total_that_is_a_number_is_believed(said: str, worked: float | None) -> None:
    trip = Trip(HandClock().now)
    trip.answered({"server-timing": said})
    assert trip.worked_s == worked
