"""The adaptive limit and the breaker of one process."""

from __future__ import annotations

from bus.bulkhead import Health, Limit, overload
from bus.outcome import Cause, Delivered, Held, Permanent, Transient, Unknown
from bus.policy import BreakerPolicy, RetryPolicy

NOW = 1000.0


def a_health(failures: int = 3) -> Health:
    return Health("plain", BreakerPolicy(failures=failures, open_s=5, cap_s=20), RetryPolicy(retry_after_cap_s=3600))


def test_overload_halves_the_limit_once_for_the_calls_that_were_in_flight_together() -> None:
    limit = Limit(16)
    for _ in range(16):
        limit.begin()
    for _ in range(16):
        limit.end(overload=True)
    assert limit.value == 8.0


def test_success_raises_the_limit_back_to_its_ceiling() -> None:
    limit = Limit(16)
    limit.value = 1.0
    for _ in range(300):
        limit.begin()
        limit.end(overload=False)
    assert limit.value == 16.0


def test_the_limit_never_falls_below_one() -> None:
    limit = Limit(4)
    for _ in range(50):
        limit.begin()
        limit.end(overload=True)
    assert limit.free() == 1


def test_the_breaker_opens_after_failures_in_a_row_and_a_good_answer_starts_the_count_again() -> None:
    health = a_health()
    assert health.judge([Unknown()], NOW, probe=False) is None
    assert health.wary()
    assert health.judge([Delivered()], NOW, probe=False) is None
    for _ in range(2):
        assert health.judge([Transient()], NOW, probe=False) is None
    change = health.judge([Transient()], NOW, probe=False)
    assert change is not None
    assert change.open_until == NOW + 5
    assert health.shut(NOW + 4.9)


def test_a_failed_probe_opens_again_for_longer_and_a_good_one_closes() -> None:
    health = a_health(failures=1)
    waits = []
    for _ in range(4):
        change = health.judge([Unknown()], NOW, probe=True)
        assert change is not None
        assert change.open_until is not None
        waits.append(change.open_until - NOW)
    assert waits == [5, 10, 20, 20]
    closed = health.judge([Delivered()], NOW, probe=True)
    assert closed is not None
    assert closed.close
    assert not health.shut(NOW)


def test_a_business_refusal_is_a_good_answer_for_the_breaker() -> None:
    health = a_health(failures=1)
    assert health.judge([Permanent()], NOW, probe=False) is None


def test_retry_after_shuts_the_whole_partner_and_is_capped() -> None:
    health = a_health()
    change = health.judge([Transient(cause=Cause.BUSY, retry_after_s=86400)], NOW, probe=False)
    assert change is not None
    assert change.not_before == NOW + 3600
    assert health.shut(NOW + 3599)
    assert not health.wary()


def test_refused_credentials_pause_the_partner() -> None:
    change = a_health().judge([Held(cause=Cause.FORBIDDEN)], NOW, probe=False)
    assert change is not None
    assert change.pause is Cause.FORBIDDEN


def test_only_busy_and_unreadable_answers_are_overload() -> None:
    assert overload([Delivered(), Unknown()])
    assert overload([Transient(cause=Cause.BUSY)])
    assert not overload([Transient(), Permanent()])
