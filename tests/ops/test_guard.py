"""The pace of callers: each bucket by itself, and no more of them remembered than the limit."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from ops.api.guard import BUCKETS, Guard, Problem
from ops.settings import HttpSettings


def browser(address: str) -> Request:
    return Request({"type": "http", "client": (address, 1), "headers": []})


def test_addresses_have_a_pace_each_and_only_so_many_are_remembered() -> None:
    guard = Guard({}, HttpSettings(), anonymous=False)
    guard.meet(browser("10.0.0.1"), 0.001)
    with pytest.raises(Problem, match=r"0\.001 requests a second from an address"):
        guard.meet(browser("10.0.0.1"), 0.001)
    guard.meet(browser("10.0.0.2"), 0.001)
    for number in range(BUCKETS + 10):
        guard.meet(browser(f"2001:db8::{number:x}"), 5.0)
    assert len(guard._buckets) == BUCKETS
