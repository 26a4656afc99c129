"""When to try again: exponential backoff with full jitter, never earlier than the partner said (reliability G10). Pure."""

from __future__ import annotations

import random

from bus.policy import RetryPolicy


def backoff_s(number: int, policy: RetryPolicy, rng: random.Random) -> float:
    """A random wait in seconds for the `number`-th counted attempt (1 is the first), between floor and min(cap, base * 2^n)."""
    ceiling = min(policy.cap_s, policy.base_s * 2.0 ** min(number - 1, 40))
    return max(policy.floor_s, rng.uniform(0.0, ceiling))


def next_attempt(
    number: int, accepted_at: float, policy: RetryPolicy, now: float, rng: random.Random, *, told_s: float | None = None
) -> float | None:
    """The instant of the next attempt after `number` counted ones, None when patience is at an end.

    `told_s` is the partner's Retry-After in seconds: never undercut, but capped by the policy. Instants are seconds since the epoch.
    """
    if number >= policy.max_attempts or now - accepted_at >= policy.max_age_s:
        return None
    return now + max(backoff_s(max(number, 1), policy, rng), told(told_s, policy))


def told(told_s: float | None, policy: RetryPolicy) -> float:
    """The partner's Retry-After as the bus keeps it: 0 when it said nothing, at most the policy's cap."""
    return min(told_s or 0.0, policy.retry_after_cap_s)
