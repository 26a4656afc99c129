"""`make run` as a newcomer sees it: before long every outside system of the province has been at work, and somebody has signed in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters import discover
from tests.demo import demo

PATIENCE_S = 300.0


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_partner_is_seen_at_work_in_the_demo(tmp_path: Path) -> None:
    with demo(tmp_path, stream=True) as url, httpx.Client(base_url=url, trust_env=False) as bus:
        idle, until = set(discover()), time.monotonic() + PATIENCE_S
        while idle and time.monotonic() < until:
            time.sleep(1)
            idle = set(discover()) - at_work(bus)
        assert not idle
        assert bus.get("/v1/status", params={"verify": True}).json()["verified"]


def at_work(bus: httpx.Client) -> set[str]:
    """Partners that have given a good answer, and the sign-in providers once somebody has signed in."""
    partners: list[dict[str, Any]] = bus.get("/v1/partners").json()["items"]
    signed_in: dict[str, Any] = bus.get("/v1/sign-in/status").json()["last_day"]
    tried = any(entry["tries"] > entry["failed"] for entry in signed_in.values())
    return {one["partner"] for one in partners if one["last_success_at"]} | ({"single_sign_on"} if tried else set())
