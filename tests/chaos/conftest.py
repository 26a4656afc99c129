"""The two stacks of every trial: one machine with SQLite and the broker in memory, and PostgreSQL with RabbitMQ."""

from __future__ import annotations

import pytest

from tests.chaos.trial import Stack

STACKS = ("embedded", "servers")


def _stack(request: pytest.FixtureRequest) -> Stack:
    """What a `Trial` is told of its stack."""
    if request.param == "embedded":
        return {}
    postgres, rabbitmq = request.getfixturevalue("postgres"), request.getfixturevalue("rabbitmq")
    return {"ledger": postgres.new_database(), "broker": rabbitmq.url}


each_stack = pytest.fixture(params=STACKS)(_stack)
"""Both, in every run."""
stack = pytest.fixture(params=[STACKS[0], pytest.param(STACKS[1], marks=pytest.mark.chaos)])(_stack)
"""Both in `make chaos`; in `make test`, which has minutes, the first alone."""
