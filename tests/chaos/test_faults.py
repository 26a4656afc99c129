"""The fault scenarios of docs/reliability.md, judged from outside. Scaled down in `make test`."""

from __future__ import annotations

import contextlib
import json
import time
from itertools import count
from typing import Any

import pytest

from bus.crash import POINTS
from tests.chaos.trial import FULL, Stack, Trial, size
from tests.demo import command

pytestmark = pytest.mark.slow

EVENTS = size(250, 10_000)


@pytest.mark.parametrize(
    ("batch", "full_state"), [(1, False), (20, True)], ids=["history rows singly", "full states in arrays"]
)
def test_f01_everything_arrives_once_and_in_order(batch: int, full_state: bool, each_stack: Stack) -> None:
    with Trial(**each_stack, batch=batch, full_state=full_state) as trial:
        events = trial.events(EVENTS)
        trial.feed(trial.shuffled(events))
        told = trial.wait_idle(600)
        run = trial.verdict()
        assert told["delivered"] + told["superseded"] == 3 * len(events)
        assert len(run.of("effect")) == told["delivered"]
        assert run.of("repeat") == [], "a row was sent twice"
        assert json.loads(command("status", "--verify", "--json", url=trial.url))["verified"] is True


@pytest.mark.timed
def test_f02_the_bus_killed_at_random_moments(stack: Stack) -> None:
    with Trial(**stack, cold=True) as trial:
        events = trial.shuffled(trial.events(EVENTS))
        trial.weather(latency_s=0.01)
        with trial.feeding(events, pause_s=0.1):
            for _ in range(size(4, 25)):
                time.sleep(trial.rng.uniform(0.1, size(1, 4) * 0.6))
                trial.kill()
                since = time.time()
                trial.start_bus()
                partners = trial.status()["partners"]
                if any(partners.get(f"plain_{mode}", {}).get("open") for mode in ("key", "query")):
                    assert trial.first_delivery_s(since) <= 10
        told = trial.wait_idle(size(60, 300), parked=True)
        run = trial.verdict(parked=True)
        assert not [d for d in run.deliveries if d["state"] == "dead"]
        for mode in ("key", "query"):
            assert told["partners"][f"plain_{mode}"]["delivered"] == len({e["id"] for e in events})


def test_f04_sigterm_under_load_ends_in_good_order(stack: Stack) -> None:
    with Trial(**stack) as trial:
        trial.weather(latency_s=0.05)
        with trial.feeding(trial.events(EVENTS), pause_s=0.1):
            for _ in range(size(2, 10)):
                time.sleep(trial.rng.uniform(0.2, 0.6))
                code, seconds = trial.terminate()
                assert code == 0
                assert seconds < 30
                trial.start_bus()
        trial.wait_idle(size(60, 300))
        run = trial.verdict()
        assert {d["state"] for d in run.deliveries} == {"delivered"}
        assert run.of("repeat") == [], "a delivery that could finish was cut"


@pytest.mark.parametrize("point", POINTS)
def test_f05_a_crash_at_each_named_point(point: str, stack: Stack) -> None:
    with Trial(**stack, start=False) as trial:
        seeds = count(101)
        for nth in range(1, size(1, 20) + 1):
            events: list[dict[str, Any]] = []
            trial.start_bus(LIENTHONG_CRASH_AT=f"{point}:{nth}")
            began = time.monotonic()
            while trial.process().poll() is None and time.monotonic() - began < 20:
                events += trial.events(40, seed=next(seeds))  # what is delivered leads to no point any more
                with contextlib.suppress(TimeoutError):
                    trial.feed(events[-40:], patience_s=0.5)
            assert trial.died_by_itself(10), f"{point} was not reached"
            trial.start_bus()
            trial.feed(events)
            trial.wait_idle(
                size(60, 120), parked=True
            )  # what is open at three deaths in a row would be taken for poison
            trial.kill()
        trial.start_bus()
        trial.verdict(parked=True)


STORMS: dict[str, dict[str, Any]] = {
    "f14 timeout before processing": {"faults": {"timeout_before": 0.2}},
    "f15 timeout after processing": {"faults": {"timeout_after": 0.2}},
    "f16 5xx before and after": {
        "faults": {"before_500": 0.1, "before_503": 0.05, "after_502": 0.1, "after_504": 0.05}
    },
    "f18 resets": {
        "faults": {
            "reset_at_accept": 0.05,
            "reset_after_headers": 0.05,
            "reset_after_body": 0.05,
            "reset_mid_reply": 0.05,
        }
    },
}


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_at_the_partner_makes_no_second_effect(storm: str, stack: Stack) -> None:
    with Trial(**stack, partner={"timeout_s": 0.7}) as trial:
        trial.weather(hang_s=3.0, **STORMS[storm])
        trial.feed(trial.shuffled(trial.events(size(100, 10_000))))
        trial.wait_idle(size(120, 1800), parked=True)
        run = trial.verdict(parked=True)
        assert run.of("fault")


def test_f28_the_same_event_posted_many_times_has_one_receipt(stack: Stack) -> None:
    with Trial(**stack, modes=("key",)) as trial:
        events = trial.events(size(20, 1000))
        for _ in range(size(10, 100)):
            trial.feed(events, batch=len(events))
        changed = [{**event, "time": "2020-01-01T00:00:00Z"} for event in events]
        trial.feed(changed, batch=len(events))
        trial.wait_idle()
        answers = trial.verdict().answers
        assert all(statuses == {"accepted", "duplicate", "conflict"} for statuses in answers.values())


def test_f29_gaps_hold_their_dossier_alone_until_filled_or_closed(stack: Stack) -> None:
    with Trial(**stack, modes=("key",)) as trial:
        events = trial.events(100)
        missing = [e for e in events if e["sequence"] == 2]
        trial.feed([e for e in events if e["sequence"] != 2])
        deadline = time.monotonic() + 20
        while (
            trial.status()["delivered"] < len([e for e in events if e["sequence"] == 1]) and time.monotonic() < deadline
        ):
            time.sleep(0.1)
        waiting = trial.deliveries(state="waiting", cause="gap")
        assert {d["dossier"] for d in waiting} <= {e["subject"] for e in missing}
        trial.feed(missing)
        trial.wait_idle()
        trial.verdict()


def test_f30_a_refused_row_dies_alone_and_its_neighbours_arrive(stack: Stack) -> None:
    with Trial(**stack, modes=("key",), batch=20) as trial:
        events = trial.events(100)
        victim = next(e["id"] for e in events if e["sequence"] == 1)
        trial.weather(refuse=victim)
        trial.feed(events)
        deadline = time.monotonic() + 30
        while not (dead := trial.deliveries(state="dead")) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [d["event"] for d in dead] == [victim]
        trial.weather()
        assert trial.act("resend", ids=[dead[0]["id"]])["done"] == 1
        trial.wait_idle()
        trial.verdict()


def test_f32_the_order_is_the_sequences_whatever_the_clocks_say(stack: Stack) -> None:
    with Trial(**stack, modes=("key",)) as trial:
        events = trial.events(60)
        for number, event in enumerate(events):
            event["time"] = f"20{30 - number % 20:02d}-01-01T00:00:00Z"
        trial.feed(events)
        trial.wait_idle()
        trial.verdict()


def test_the_size_of_this_run_is_what_was_asked_for() -> None:
    assert (10_000 if FULL else 250) == EVENTS
