"""More of what a partner, a caller or a clock can do: silence, Retry-After in all forms, sessions that end, poison, wrong time."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.oracle import Run, at_once, undercuts
from tests.chaos.partner import BADLY_FRAMED, MALFORMED
from tests.chaos.trial import Stack, Trial, size

pytestmark = pytest.mark.slow

DAY_S = 86_400.0
CAP_S = 2.5
"""The longest Retry-After these trials keep; more than a date two seconds ahead can ask for."""
TAKEN_OVER_S = 45.0
"""On PostgreSQL a dead process's attempts wait until it was not seen for 20 s and a sweep comes by."""
OPEN_S = 0.5
"""The breaker's first interval in these trials."""


def states(run: Run) -> set[str]:
    return {delivery["state"] for delivery in run.deliveries}


@pytest.mark.timed
@pytest.mark.parametrize("form", ["1", "date:2", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "86400"])
def test_f17_a_retry_after_is_never_undercut_and_a_day_is_capped(form: str, stack: Stack) -> None:
    patience = {"retry": {"base_s": 0.2, "cap_s": 1.0, "retry_after_cap_s": CAP_S}, "concurrency": 4}
    with Trial(**stack, modes=("key",), partner=patience) as trial:
        trial.weather(faults={"busy": 0.1}, retry_after=form, latency_s=0.01)
        trial.feed(trial.events(size(40, 2000)))
        trial.wait_idle(size(90, 900))
        run = trial.verdict()
        assert run.of("told"), "nobody was told to wait"
        if form == "86400":
            for told in run.of("told"):
                told["told_s"] = CAP_S
        assert undercuts(run) == []


@pytest.mark.timed
@pytest.mark.parametrize("how", ["refused", "silent"])
def test_f22_a_partner_that_is_down_costs_a_handful_of_calls(how: str, stack: Stack) -> None:
    """Refused: its process is gone, and comes back with its book. Silent: it accepts and says nothing."""
    with Trial(**stack, modes=("key", "query"), partner={"timeout_s": 0.5}) as trial:
        if how == "refused":
            trial.kill("partner")
        else:
            trial.weather(always=True, faults={"timeout_before": 1.0}, hang_s=5.0)
        trial.feed(trial.events(size(150, 10_000)))
        time.sleep(size(4, 120))
        if how == "silent":
            for mode in trial.modes:
                few_calls(trial.evidence(), mode)
        else:
            assert trial.status()["partners"]["plain_key"]["breaker"] == "open"
            trial.start_partner()
        trial.weather()
        trial.wait_idle(size(60, 600))
        assert states(trial.verdict()) == {"delivered"}


def few_calls(run: Run, mode: str) -> None:
    """At most ten calls begin after the first failure was seen, then one an interval."""
    numbers = {request["number"] for request in run.of("request") if request["mode"] == mode}
    seen_at = min(end["at"] for end in run.of("end") if end["number"] in numbers)
    begun = [r["at"] for r in run.of("request") if r["mode"] == mode and r["at"] > seen_at + 0.05]
    soon = [at for at in begun if at < seen_at + OPEN_S]
    assert len(soon) <= 10
    probes = begun[len(soon) :]
    assert all(later - earlier > 0.8 * OPEN_S for earlier, later in pairwise(probes))


def test_f19_no_malformed_answer_counts_as_delivered(stack: Stack) -> None:
    with Trial(**stack, modes=("key", "query")) as trial:
        share = 0.9 / len(MALFORMED | BADLY_FRAMED)
        trial.weather(faults=dict.fromkeys(MALFORMED | BADLY_FRAMED, share))
        trial.feed(trial.shuffled(trial.events(size(100, 10_000))))
        trial.wait_idle(size(120, 1800))
        run = trial.verdict()
        assert {fault["fault"] for fault in run.of("fault")} >= MALFORMED.keys()
        assert states(run) == {"delivered"}


def test_f24_a_session_that_ends_mid_run_is_renewed_once_for_all(stack: Stack) -> None:
    with Trial(**stack, modes=("key", "query"), environment={"TRIAL_SESSION": "1"}) as trial:
        trial.weather(token_lives_s=0.7, token_delay_s=0.2, token_failures=2, latency_s=0.02)
        trial.feed(trial.shuffled(trial.events(size(200, 1000))))
        trial.wait_idle(size(60, 600))
        run = trial.verdict()
        assert states(run) == {"delivered"}
        assert len(run.of("token")) > 2
        assert at_once(run, "token") == []


def test_f27_a_409_for_what_it_has_is_looked_into_and_delivered(stack: Stack) -> None:
    with Trial(**stack, modes=("key",)) as trial:
        trial.weather(faults={"after_500": 0.3}, duplicate=True)
        trial.feed(trial.events(size(100, 2000)))
        trial.wait_idle(size(60, 600))
        run = trial.verdict()
        assert run.of("repeat")
        assert states(run) == {"delivered"}


def test_f28_the_same_body_posted_by_many_at_once_is_accepted_once(stack: Stack) -> None:
    with Trial(**stack, modes=("key",)) as trial:
        event = trial.events(1)[0]

        def post(_place: int) -> tuple[int, Any]:
            headers = {"Content-Type": "application/cloudevents+json"}
            answer = httpx.post(f"{trial.url}/v1/events", content=json.dumps(event), headers=headers, trust_env=False)
            return answer.status_code, answer.json()["status"]

        with ThreadPoolExecutor(size(20, 100)) as callers:
            told = list(callers.map(post, range(size(40, 400))))
        assert [status for _, status in told].count("accepted") == 1
        assert set(told) == {(202, "accepted"), (202, "duplicate")}
        trial.feed([event])
        trial.wait_idle()
        trial.verdict()


def test_f29_a_gap_that_is_never_filled_is_closed_by_a_person(stack: Stack) -> None:
    with Trial(**stack, modes=("key",)) as trial:
        events = trial.events(60)
        lost = next(event for event in events if event["sequence"] == 2)
        trial.feed(event for event in events if event is not lost)
        waiting = [e for e in events if e["subject"] == lost["subject"] and e["sequence"] > 2]
        assert waiting
        wait_until(lambda: trial.status()["open"] == len(waiting))
        assert {d["cause"] for d in trial.deliveries(dossier=lost["subject"], state="waiting")} == {"gap"}
        gap = {"source": lost["source"], "dossier": lost["subject"], "reason": "the sender says it never was"}
        answer = httpx.post(f"{trial.url}/v1/gaps/close", json=gap, trust_env=False)
        assert answer.json() == {"entered": len(waiting)}
        trial.wait_idle()
        assert states(trial.verdict()) == {"delivered"}


def wait_until(holds: Any, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def test_f30_what_kills_the_process_is_dead_after_three_deaths_and_its_neighbours_arrive(stack: Stack) -> None:
    with Trial(**stack, modes=("key",), partner={"concurrency": 8}, start=False) as trial:
        events = trial.events(size(60, 1000))
        last = {event["subject"]: event for event in events}
        deadly = last[events[len(events) // 2]["subject"]]
        trial.start_bus(TRIAL_DEADLY=deadly["id"])
        deaths = 0
        with trial.feeding(events, pause_s=0.05):
            wait_until(lambda: trial.process().poll() is not None, 20)
            while trial.died_by_itself(TAKEN_OVER_S if stack else 6):
                deaths += 1
                assert deaths <= 3
                trial.start_bus(TRIAL_DEADLY=deadly["id"])
        assert deaths == 3
        trial.wait_idle()
        dead = trial.deliveries(state="dead")
        assert [(d["event"], d["cause"]) for d in dead] == [(deadly["id"], "poison")]
        trial.verdict()


def test_f30_what_cannot_be_mapped_is_dead_at_once_and_alone(stack: Stack) -> None:
    with Trial(**stack, modes=("key",), batch=20, start=False) as trial:
        events = trial.events(60)
        last = {event["subject"]: event for event in events}
        victim = last[events[0]["subject"]]
        trial.start_bus(TRIAL_UNMAPPABLE=victim["id"])
        trial.feed(events)
        trial.wait_idle()
        run = trial.verdict()
        dead = [(d["event"], d["cause"], d["attempt"]) for d in run.deliveries if d["state"] == "dead"]
        assert dead == [(victim["id"], "poison", 1)]


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_f32_a_wall_clock_that_jumps_neither_storms_nor_freezes(tmp_path: Path, restart: bool, stack: Stack) -> None:
    wall = tmp_path / "wall"
    wall.write_text("0")
    with Trial(**stack, modes=("key", "query"), environment={"TRIAL_WALL": str(wall)}) as trial:
        trial.weather(faults={"before_500": 0.3, "after_502": 0.2})
        events = trial.shuffled(trial.events(size(160, 4000)))
        jumps = (DAY_S, -DAY_S, 3600.0, -3600.0)
        share = len(events) // (2 * len(jumps))
        for number, off in enumerate(jumps):
            first = 2 * number * share
            trial.feed(events[first : first + share])
            wall.write_text(str(off))
            trial.feed(events[first + share : first + 2 * share])
            if restart:
                trial.kill()
                trial.start_bus()
                trial.wait_idle(size(60, 300))  # what is open at three deaths in a row would be taken for poison
        trial.feed(events[2 * len(jumps) * share :])
        trial.wait_idle(size(60, 300))
        run = trial.verdict()
        assert states(run) == {"delivered"}
        tries = max(d["tries"] for d in run.deliveries)
        assert tries <= 12, "a storm of tries"
