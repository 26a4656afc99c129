"""Every operation that does something at a partner, through the whole bus while its calls fail: done once all the same.

That a call's outcome is what the storm makes of it is tried for every kind of storm, apart from any ledger (test_every_adapter); what
the ledger makes of it is the same for each class of outcome, so that one storm of each is enough here. The third class, taken and
not known to be, is tried on both stacks (test_every_stack).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.adapter import Operation, Partner
from bus.ledger.words import State
from bus.outcome import Cause
from tests.partners.rooms import OPERATIONS, good_thread
from tests.partners.test_every_stack import agree, house_of, owe, owed, until
from tests.weather import STORMS, lay

DOING = [(partner, operation) for partner, operation in OPERATIONS if not operation.reads]
CALLS = 2
"""Calls a storm breaks: the first, and the question or the second try that follows."""


@pytest.mark.parametrize(("partner", "operation"), DOING, ids=[f"{one.name}-{doing.name}" for one, doing in DOING])
@pytest.mark.parametrize("name", ["502 page", "busy"])
async def test_what_a_storm_kept_from_the_partner_is_done_once_when_it_has_passed(
    partner: Partner, operation: Operation, name: str, sqlite_url: str, tmp_path: Path
) -> None:
    storm = STORMS[name]
    thread = list({event.id: event for event, _ in await good_thread(partner, operation)}.values())
    async with house_of(partner, (sqlite_url, "memory://"), tmp_path) as (house, simulator):
        simulator.weather.retry_after = "0"
        for event in thread:
            if event is thread[-1]:
                lay(simulator, storm, CALLS)
            await owe(house, event)
        (view,) = [v for v in await owed(house) if (v.operation, v.event_id) == (operation.name, thread[-1].id)]
        assert view.state is State.DELIVERED or view.cause is Cause.TAKEN, view
        assert simulator.weather.left[storm.mode] <= 0, "the storm broke nothing"
        twice = operation.name if operation.harmless_twice else ""
        await until(lambda: agree(house, simulator, twice=twice), lambda: owed(house))
        assert (await house.ledger.verify()).holds
