"""Fixtures for all tests: a clock in hand, private servers, fresh ledgers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bus.seal import Keyring
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin first, the year before all, so that none is left to run alone at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path in slow, item.path), reverse=True)


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
    """A fresh database."""
    return postgres.new_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"
