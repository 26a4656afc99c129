"""Fixtures for all tests: a clock in hand, private servers, fresh ledgers."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler.loadfile import LoadFileScheduling

from bus.seal import Keyring
from contracts import codes
from tests.ledgers import new_ledger
from tests.servers import Postgres, RabbitMQ, ServerMissing

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

REQUIRED = os.environ.get("CI") == "true" or os.environ.get("LIENTHONG_REQUIRE_SERVERS") == "1"


class HandClock:
    """Time that stands until it is moved."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


TRIALS = Path(__file__).parent / "chaos"
"""Trials of faults mostly wait; each has a bus of its own, so that they go beside other files and beside each other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin first, the year before all, a trial between two of them: none is left to run alone at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    files = sorted({item.path for item in items}, key=lambda path: (path in slow, path), reverse=True)
    places = {path: place for place, path in enumerate(files)}
    trials = count()
    items.sort(key=lambda item: next(trials) if item.path.parent == TRIALS else places[item.path])


def pytest_collection() -> None:
    """What is imported and collected stays for good: the cycle collector need not look at it meanwhile, nor again with every test."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile` one process runs a file from its first test to its last, but each trial is handed out by itself."""
    if config.getoption("dist") != "loadfile":
        return None
    scheduling = LoadFileScheduling(config, log)
    file_of = scheduling._split_scope
    scheduling._split_scope = lambda test: test if test.startswith("tests/chaos/") else file_of(test)
    return scheduling


@pytest.fixture(autouse=True, scope="module")
def _nothing_was_pulled() -> None:
    """A house that pulled the catalogue of procedures in another file leaves nothing of it here."""
    codes.load_pulled("procedure", [])


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def keys() -> Keyring:
    return Keyring.parse(Keyring.generate())


def _server(make: Callable[[], Postgres] | Callable[[], RabbitMQ]) -> Iterator[Postgres | RabbitMQ]:
    """A running server for the session; without its programs a desk skips, CI fails."""
    try:
        server = make()
    except ServerMissing as missing:
        if REQUIRED:
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres | RabbitMQ]:
    yield from _server(Postgres)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[Postgres | RabbitMQ]:
    yield from _server(RabbitMQ)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """A fresh ledger."""
    return postgres.new_ledger()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return new_ledger(tmp_path)
