"""How patient the bus is with one partner: the settings every partner has, and their meaning.

The budgets are the province's, not a process's: concurrency is divided by live workers, rate tokens lie in the ledger.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Seconds = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RetryPolicy(_Settings):
    """Exponential backoff with full jitter: wait a random time in (0, min(cap_s, base_s * 2^n)], at least `floor_s`."""

    base_s: Seconds = 2.0
    cap_s: Seconds = 1800.0
    floor_s: float = Field(default=0.2, ge=0)
    max_attempts: int = Field(default=60, ge=1, description="counted attempts; then dead, given up")
    max_age_s: Seconds = 14 * 86400.0
    retry_after_cap_s: Seconds = 3600.0


class BreakerPolicy(_Settings):
    """Open after `failures` in a row; one probe every `open_s`, doubling to `cap_s` while it keeps failing."""

    failures: int = Field(default=5, ge=1, le=8)
    open_s: Seconds = 5.0
    cap_s: Seconds = 60.0


class LookupPolicy(_Settings):
    """Look-ups have calls of their own, so that a flood of questions holds up no delivery; an answer may be told again for `cache_s`
    (None: as the look-up declares, 0: never)."""

    at_once: int = Field(default=4, ge=1, le=100)
    cache_s: float | None = Field(default=None, ge=0, le=7 * 86400)
    cached: int = Field(default=1000, ge=1, le=100_000, description="answers kept in memory at most")


class MaintenanceWindow(_Settings):
    """A recurring closed time of the partner, in Asia/Ho_Chi_Minh; `until` before `since` crosses midnight."""

    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    since: time
    until: time


class PartnerSettings(_Settings):
    """`[partners.NAME]`: what every partner has. A partner's own settings class extends this one."""

    enabled: bool = True
    base_url: str = ""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 30.0
    concurrency: int = Field(default=16, ge=1, le=1000)
    rate_per_s: Seconds | None = None
    burst: int | None = Field(default=None, ge=1)
    batch: int | None = Field(
        default=None, ge=1, le=1000, description="rows a call at most; empty: as the contract says"
    )
    retry: RetryPolicy = RetryPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    lookups: LookupPolicy = LookupPolicy()
    maintenance: tuple[MaintenanceWindow, ...] = ()
    credentials: dict[str, SecretStr] = Field(default_factory=dict)
    ca_file: str | None = None

    def credential(self, name: str) -> str:
        """The credential of that name; empty where there is none."""
        found = self.credentials.get(name)
        return "" if found is None else found.get_secret_value()
