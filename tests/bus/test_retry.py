"""Retry manners (reliability G10) and the partner's closed hours."""

from __future__ import annotations

import random
from datetime import datetime, time

from hypothesis import given
from hypothesis import strategies as st

from bus.maintenance import VIETNAM, closed_until
from bus.policy import MaintenanceWindow, RetryPolicy
from bus.retry import backoff_s, next_attempt

POLICY = RetryPolicy(base_s=2, cap_s=60, floor_s=0.2, max_attempts=5, max_age_s=1000)


@given(number=st.integers(1, 10_000), seed=st.integers())
def test_backoff_stays_between_floor_and_cap(number: int, seed: int) -> None:
    assert POLICY.floor_s <= backoff_s(number, POLICY, random.Random(seed)) <= POLICY.cap_s


def test_full_jitter_spreads_over_the_whole_ceiling() -> None:
    rng = random.Random(7)
    waits = [backoff_s(4, POLICY, rng) for _ in range(400)]
    assert min(waits) < 1.0
    assert max(waits) > 15.0


def test_attempts_and_age_are_limited() -> None:
    rng = random.Random(1)
    assert next_attempt(4, 0.0, POLICY, 10.0, rng) is not None
    assert next_attempt(5, 0.0, POLICY, 10.0, rng) is None
    assert next_attempt(1, 0.0, POLICY, 1000.0, rng) is None


@given(told_s=st.floats(0, 1e6), number=st.integers(1, 4), seed=st.integers())
def test_a_retry_after_is_never_undercut_below_the_cap(told_s: float, number: int, seed: int) -> None:
    at = next_attempt(number, 0.0, POLICY, 100.0, random.Random(seed), told_s=told_s)
    assert at is not None
    assert at - 100.0 >= min(told_s, POLICY.retry_after_cap_s) - 1e-6


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp()


def test_a_window_closes_on_its_days_in_vietnamese_time() -> None:
    window = MaintenanceWindow(days=("sat",), since=time(12), until=time(13, 30))
    assert closed_until([window], at("2026-11-21T12:15")) == at("2026-11-21T13:30")
    assert closed_until([window], at("2026-11-21T13:30")) == 0.0
    assert closed_until([window], at("2026-11-20T12:15")) == 0.0


def test_a_window_may_cross_midnight() -> None:
    window = MaintenanceWindow(days=("fri",), since=time(23), until=time(4))
    assert closed_until([window], at("2026-11-21T03:59")) == at("2026-11-21T04:00")
    assert closed_until([window], at("2026-11-21T23:30")) == 0.0
