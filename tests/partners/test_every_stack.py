"""Every partner through the whole bus on both stacks: a ledger on SQLite with the bell in memory, and PostgreSQL with RabbitMQ.

Each operation is owed, delivered and has its one effect, also when its answer is lost after it was taken; the ledger and the partner's
book agree. What the adapters make of each answer is tried apart from any ledger (test_every_adapter).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.postal.simulator import PostalSimulator
from adapters.simulator import Simulator
from bus.adapter import Operation, Partner
from bus.ledger.views import DeliveryView
from bus.ledger.words import Filter, State
from bus.lookup import Ask, NoAnswer
from bus.outcome import Cause
from bus.seal import Keyring
from contracts.envelope import Envelope
from ops.conformance.trial import a_question
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, application, bind, demo_settings
from tests.partners.rooms import PARTNERS, each_operation, good_thread
from tests.year.run import QUICK

Stack = tuple[str, str]
"""Addresses of ledger and broker."""
FAST: dict[str, Any] = {
    "retry": {"base_s": 0.02, "cap_s": 0.1, "floor_s": 0.01, "max_attempts": 1000},
    "breaker": {"open_s": 0.1, "cap_s": 0.2},
    "timeout_s": 5.0,
}
OPEN = {State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT}
ASKED = [partner for partner in PARTNERS.values() if partner.lookups]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def stack(request: pytest.FixtureRequest) -> Stack:
    url = str(request.getfixturevalue(f"{request.param}_url"))
    return url, "memory://" if request.param == "sqlite" else request.getfixturevalue("rabbitmq").url


@asynccontextmanager
async def house_of(partner: Partner, stack: Stack, folder: Path) -> AsyncIterator[tuple[House, Simulator]]:
    """A bus with this one partner, and the partner's simulator."""
    served = Served(application(partner.name, folder / "book.jsonl"), bind("127.0.0.1", 0))
    await served.started()
    simulator: Simulator = served.app.state.simulator
    if isinstance(simulator, PostalSimulator):
        simulator.busy_postmen = False  # a parcel that was looked at is on its way, and can be cancelled no more
    keys = folder / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    own = {**demo_settings(partner.name), **QUICK.get(partner.name, {}), "base_url": served.url, **FAST}
    told = {"ledger": {"url": stack[0]}, "broker": {"url": stack[1]}, "keys": {"file": str(keys)}}
    house = House(Settings.model_validate({**told, "partners": {partner.name: own}}))
    await house.start()
    try:
        yield house, simulator
    finally:
        await house.stop()
        await served.stop()


async def owe(house: House, event: Envelope) -> None:
    """Let the event in by the front door, and wait until all it owes has been tried to its end.

    It may be there already: let in before, or what the partner itself said to an earlier one, which is then the truth.
    """
    (verdict,) = await house.intake.accept([event.model_copy(update={"sequence": None})], client="test")
    assert verdict["status"] != "refused", verdict
    await until(lambda: at_rest(house), lambda: owed(house))


async def owed(house: House) -> list[DeliveryView]:
    views, _ = await house.ledger.deliveries(Filter(), limit=1000)
    return views


async def at_rest(house: House) -> bool:
    """Nothing is under way but what a partner took to answer later, and what only a person can settle."""
    return all(
        view.state not in OPEN or view.cause is Cause.TAKEN or (view.state is State.IN_DOUBT and view.due_at is None)
        for view in await owed(house)
    )


async def until(true: Callable[[], Any], otherwise: Callable[[], Any]) -> None:
    """Wait until something is true; else what `otherwise` says is the matter."""
    for _ in range(3000):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(await otherwise())


async def agree(house: House, simulator: Simulator, *, twice: str) -> bool:
    """Whether what the ledger says was delivered, or is in doubt for good, is what the partner's book says was done; `twice` may stand
    there more than once."""
    kept, ends = set(simulator.effects.values()), (State.DELIVERED, State.IN_DOUBT)
    ours = Counter(view.operation for view in await owed(house) if view.state in ends and view.operation in kept)
    theirs: Counter[str] = Counter()
    for (name, _), times in simulator.done().items():
        theirs[name] += times
    if twice and theirs[twice] > ours[twice] > 0:
        theirs[twice] = ours[twice]
    return ours == theirs


def loses_an_answer(simulator: Simulator, operation: str, patch: pytest.MonkeyPatch) -> list[Any]:
    """The next time the partner does this, its answer is lost after it was written down: that answer and no other that is under way.

    The list says whether it has come to that.
    """
    write, takes, lost = simulator.book.write, simulator.weather.takes, list[Any]()

    def written(kind: str, **facts: Any) -> dict[str, Any]:
        if simulator.effects.get(kind) == operation and not lost:
            lost.append(asyncio.current_task())
        return write(kind, **facts)

    def taken(mode: str) -> bool:
        return (mode == "lost_500" and lost[:1] == [asyncio.current_task()]) or takes(mode)

    patch.setattr(simulator.book, "write", written)
    patch.setattr(simulator.weather, "takes", taken)
    return lost


@each_operation
async def test_what_is_owed_is_done_once_and_ledger_and_partner_agree(
    partner: Partner, operation: Operation, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = list({event.id: event for event, _ in await good_thread(partner, operation)}.values())
    last, lost = thread[-1], list[Any]()
    async with house_of(partner, stack, tmp_path) as (house, simulator):
        for event in thread:
            if event is last:
                lost = loses_an_answer(simulator, operation.name, monkeypatch)
            await owe(house, event)
        (view,) = [v for v in await owed(house) if (v.operation, v.event_id) == (operation.name, last.id)]
        parked = house.partners[partner.name].operation(operation.name).dedupe == "none"
        assert view.state is (State.IN_DOUBT if parked else State.DELIVERED) or view.cause is Cause.TAKEN, view
        assert lost or operation.reads, "no answer was lost"
        twice = operation.name if operation.harmless_twice else ""
        await until(lambda: agree(house, simulator, twice=twice), lambda: owed(house))
        assert (await house.ledger.verify()).holds


@pytest.mark.parametrize("partner", ASKED, ids=[partner.name for partner in ASKED])
async def test_who_looked_what_up_is_on_record_before_the_answer_is_told(
    partner: Partner, stack: Stack, tmp_path: Path
) -> None:
    async with house_of(partner, stack, tmp_path) as (house, _simulator):
        for lookup in partner.lookups:
            asked = Ask(question=a_question(lookup.question), who="desk", purpose="verification")
            with contextlib.suppress(NoAnswer):
                await house.lookups[partner.name].ask(lookup, asked)
            (record, *_), _cursor = await house.ledger.lookups().page(partner=partner.name)
            assert (record.name, record.who, record.purpose) == (lookup.name, "desk", "verification")
