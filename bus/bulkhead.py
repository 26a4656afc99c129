"""One partner's bulkhead inside one process: how many calls at once, and when to stop calling altogether.

The limit rises by one call per limit of successes and halves on overload (AIMD). The breaker counts failures in a row; after
the first one only one call at a time begins until a good answer, so that a partner gone silent costs a handful of calls. What
must hold over all processes (breaker, Retry-After, rate, pause) is written to the ledger as a `PartnerChange`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bus.ledger.words import PartnerChange
from bus.outcome import Cause, Delivered, Held, Outcome, Transient, Unknown
from bus.policy import BreakerPolicy, RetryPolicy
from bus.retry import told


class Limit:
    """Adaptive concurrency: `value` calls may be in flight, between 1 and `ceiling`."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.value = float(ceiling)
        self.in_flight = 0
        self._spared = 0

    def free(self) -> int:
        """Calls that may begin now."""
        return max(0, int(min(self.value, self.ceiling)) - self.in_flight)

    def begin(self) -> None:
        self.in_flight += 1

    def end(self, *, overload: bool) -> None:
        """A call ended. One overload halves the limit once for all calls that were in flight with it."""
        self.in_flight -= 1
        if overload and self._spared <= 0:
            self.value = max(1.0, self.value / 2)
            self._spared = self.in_flight
            return
        self._spared -= 1
        if not overload:
            self.value = min(float(self.ceiling), self.value + 1.0 / self.value)


class Health:
    """Failures in a row, and what they mean for the partner as a whole."""

    def __init__(self, partner: str, breaker: BreakerPolicy, retry: RetryPolicy) -> None:
        self.partner = partner
        self.failures = 0
        self.closed_until = 0.0
        self._breaker = breaker
        self._retry = retry
        self._trips = 0

    def wary(self) -> bool:
        """True after a failure: begin one call at a time until a good answer."""
        return self.failures > 0

    def shut(self, now: float) -> bool:
        """True while this process knows that nobody may call (breaker open, or told to wait)."""
        return now < self.closed_until

    def judge(
        self, outcomes: Sequence[Outcome], now: float, *, probe: bool, extra_calls: int = 0
    ) -> PartnerChange | None:
        """Learn from one call's outcomes; what the other processes must know of it, or None."""
        if not (probe or extra_calls or self._trips) and all(isinstance(outcome, Delivered) for outcome in outcomes):
            self.failures = 0
            return None
        change = PartnerChange(self.partner, extra_calls=extra_calls)
        worst = next((o for o in outcomes if _failure(o)), None)
        if worst is None:
            if self._trips or probe:
                change = replace(change, close=True)
            self.failures = self._trips = 0
            self.closed_until = min(self.closed_until, now) if probe else self.closed_until
        else:
            self.failures += 1
            if probe or self.failures >= self._breaker.failures:
                change = replace(change, open_until=self._open(now))
        busy = max((told(_retry_after(o), self._retry) for o in outcomes), default=0.0)
        if busy:
            self.closed_until = max(self.closed_until, now + busy)
            change = replace(change, not_before=now + busy)
        held = next((o for o in outcomes if isinstance(o, Held) and not o.key), None)
        if held is not None:
            change = replace(change, pause=held.cause)
        return change if change != PartnerChange(self.partner) else None

    def _open(self, now: float) -> float:
        wait_s = min(self._breaker.cap_s, self._breaker.open_s * 2.0**self._trips)
        self._trips = min(self._trips + 1, 20)
        self.failures = 0
        self.closed_until = now + wait_s
        return self.closed_until


def _failure(outcome: Outcome) -> bool:
    """Counts towards the breaker: it could not be reached, or answered nothing we can read."""
    return isinstance(outcome, Unknown) or (
        isinstance(outcome, Transient) and outcome.cause in (Cause.NOT_SENT, Cause.EXPIRED)
    )


def _retry_after(outcome: Outcome) -> float | None:
    """The Retry-After of a busy partner in seconds; None when it told nothing."""
    return outcome.retry_after_s if isinstance(outcome, Transient) and outcome.cause is Cause.BUSY else None


def overload(outcomes: Sequence[Outcome]) -> bool:
    """True when the partner had too much: busy, or no readable answer."""
    return any(o.cause is Cause.BUSY or isinstance(o, Unknown) for o in outcomes)
