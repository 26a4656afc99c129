"""Fault scenarios that need PostgreSQL and RabbitMQ: one serving process, four workers, and what can happen to each of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from bus.broker import EXCHANGE
from tests.chaos.oracle import Run, at_once
from tests.chaos.trial import Trial, size
from tests.servers import Postgres, RabbitMQ

pytestmark = pytest.mark.slow

EVENTS = size(250, 10_000)
RECOVERY_S = 60.0
"""Everything is done this long after the last fault is over (reliability F03, F06)."""
RATE_PER_S, BURST = 20.0, 20
ON_THE_WAY_S = 0.75
"""A call is paid for when it is claimed and seen by the partner a little later; a worker's first call makes its connection too."""


@pytest.fixture
def trial(postgres: Postgres, rabbitmq: RabbitMQ) -> Iterator[Trial]:
    """A bus of five processes on servers of its own."""
    with Trial(ledger=postgres.new_database(), broker=rabbitmq.url, workers=4) as running:
        running.weather(latency_s=0.02)
        yield running


def finish(trial: Trial, within_s: float = RECOVERY_S) -> Run:
    """Wait until only what is parked for a person is open; the judge's evidence."""
    trial.wait_idle(size(1, 10) * within_s, parked=True)
    return trial.verdict(parked=True)


def test_f03_workers_and_then_the_intake_killed(trial: Trial) -> None:
    kills = size(3, 25)
    with trial.feeding(trial.shuffled(trial.events(EVENTS)), pause_s=0.1):
        for _ in range(kills):
            time.sleep(trial.rng.uniform(0.1, 0.5))
            number = trial.rng.randrange(trial.workers)
            trial.kill(f"worker{number}")
            trial.start_worker(number)
        time.sleep(0.2)
        trial.kill("bus")
        trial.start_intake()
    run = finish(trial)
    assert not [d for d in run.deliveries if d["state"] == "dead"]


def test_f06_the_broker_killed_and_started_again(trial: Trial, rabbitmq: RabbitMQ) -> None:
    with trial.feeding(trial.shuffled(trial.events(EVENTS)), pause_s=0.2):
        for _ in range(size(1, 10)):
            time.sleep(0.3)
            rabbitmq.kill()
            time.sleep(size(1, 5))
            rabbitmq.start()
    assert set(trial.codes) == {202}, "intake failed while the broker was away"
    finish(trial)


def test_f08_queues_purged_and_deleted_while_full(trial: Trial, rabbitmq: RabbitMQ) -> None:
    with trial.feeding(trial.shuffled(trial.events(EVENTS)), pause_s=0.1):
        for _ in range(size(1, 3)):
            for mode in trial.modes:
                rabbitmq.control("purge_queue", f"{EXCHANGE}.plain_{mode}")
                rabbitmq.control("delete_queue", f"{EXCHANGE}.plain_{mode}")
    assert set(trial.codes) == {202}
    finish(trial)
    for mode in trial.modes:
        assert f"{EXCHANGE}.plain_{mode}" in rabbitmq.control("list_queues", "name"), "the queue was not declared anew"


OUTAGES = ("fast", "immediate", "killed", "frozen", "cut")


def test_f10_the_database_goes_away_and_comes_back(trial: Trial, postgres: Postgres) -> None:
    with trial.feeding(trial.shuffled(trial.events(EVENTS)), pause_s=0.6):
        for how in OUTAGES * size(1, 2):
            time.sleep(0.5)
            take_away(postgres, how)
    assert set(trial.codes) <= {0, 202, 503}
    assert trial.codes[503] or trial.codes[0], "nobody was told that the ledger is away"
    finish(trial)


def take_away(postgres: Postgres, how: str) -> None:
    """One outage, over when this returns."""
    match how:
        case "frozen":
            postgres.freeze()
            time.sleep(size(3, 60))
            postgres.thaw()
        case "cut":
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    " AND backend_type = 'client backend'"
                )
        case _:
            if how == "killed":
                postgres.kill()
            else:
                postgres.stop(signal.SIGINT if how == "fast" else signal.SIGQUIT)
            time.sleep(1.0)
            postgres.start()


@pytest.mark.chaos  # a process frozen exactly between its last look at the lease and the socket can still send once
def test_two_workers_stopped_past_their_leases_and_woken_do_nothing_twice(trial: Trial) -> None:
    with trial.feeding(trial.shuffled(trial.events(EVENTS)), pause_s=0.05):
        time.sleep(0.5)
        for number in (0, 1):
            trial.process(f"worker{number}").send_signal(signal.SIGSTOP)
    time.sleep(size(22, 40))
    for number in (0, 1):
        trial.process(f"worker{number}").send_signal(signal.SIGCONT)
    finish(trial)


@pytest.mark.timed
def test_the_budget_of_calls_a_second_is_kept_over_four_workers(postgres: Postgres, rabbitmq: RabbitMQ) -> None:
    budget = {"rate_per_s": RATE_PER_S, "burst": BURST}
    with Trial(ledger=postgres.new_database(), broker=rabbitmq.url, workers=4, modes=("key",), partner=budget) as trial:
        trial.feed(trial.events(size(120, 2000)))
        run = finish(trial, 60)
        begun = sorted(request["at"] for request in run.of("request"))
        for first, since in enumerate(begun):
            for last in range(first, len(begun)):
                allowed = BURST + RATE_PER_S * (begun[last] - since + ON_THE_WAY_S)
                assert last - first + 1 <= allowed, "more calls than the budget allows"
        assert begun[-1] - begun[0] < 2 * len(begun) / RATE_PER_S, "the budget was hardly used"


def test_one_login_and_one_poller_over_four_workers(postgres: Postgres, rabbitmq: RabbitMQ) -> None:
    with Trial(
        ledger=postgres.new_database(),
        broker=rabbitmq.url,
        workers=4,
        modes=("key", "query"),
        environment={"TRIAL_SESSION": "1", "TRIAL_POLL": "1"},
    ) as trial:
        trial.weather(token_lives_s=1.5, token_delay_s=0.2, latency_s=0.02)
        with trial.feeding(trial.events(EVENTS), pause_s=0.5):
            time.sleep(size(1, 20))
            trial.kill("worker0")
            trial.start_worker(0)
        run = finish(trial)
        assert {d["state"] for d in run.deliveries} == {"delivered"}
        assert len(run.of("token")) > 2
        assert at_once(run, "token") == []
        for mode in run.modes:
            cursors = [int(poll["cursor"] or 0) for poll in run.of("poll") if poll["mode"] == mode]
            assert cursors == sorted(cursors), "a cursor was forgotten"
            assert cursors[-1] > 3
        assert at_once(run, "poll") == []
