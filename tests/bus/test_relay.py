"""What keeps the bus awake: it sweeps and seals until nothing is left to do, and no fault of one part ends it in silence."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bus import upkeep
from bus.adapter import Operation, Partner
from bus.ledger import chain, sweep
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import Filter
from bus.policy import PartnerSettings
from bus.relay import Relay
from bus.seal import Keyring
from tests.bus.ledger.conftest import LEASE_S, Desk, arrival
from tests.bus.test_worker import no_adapter
from tests.conftest import HandClock
from tests.ledgers import new_ledger


@pytest.fixture
async def desk(tmp_path: Path, keys: Keyring, clock: HandClock) -> AsyncIterator[Desk]:
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    yield Desk(ledger, clock)
    await ledger.close()


@asynccontextmanager
async def relayed(desk: Desk, operation: str = "row") -> AsyncIterator[None]:
    """A relay at work beside what is tested."""
    operations = (Operation(operation, "dòng", "row", "key"),)
    relay = Relay(
        worker=desk.ledger.process,
        ledger=desk.ledger,
        partners={"plain": Partner("plain", "mẫu", "plain", operations, PartnerSettings, no_adapter)},
        settings={"plain": PartnerSettings()},
        serves=["plain"],
        ready=lambda _partners: None,
        on_live=lambda _live: None,
        rng=random.Random(1),
        upkeep=upkeep.Upkeep(),
    )
    running = asyncio.create_task(relay.run())
    yield
    relay.stop()
    await running


async def until(asked: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """Ask until the answer is what is wanted, for less time than a round takes to come again."""
    for _ in range(300):
        if await asked() == wanted:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"not {wanted} yet")


async def crashed(desk: Desk, number: int) -> None:
    """So many deliveries under way whose worker is gone."""
    await desk.accept(*(arrival(dossier=f"D-{n}") for n in range(number)))
    await desk.claim(worker="gone")
    desk.clock.advance(LEASE_S + 1)


async def states(desk: Desk) -> set[str]:
    return {view.state.value for view in (await desk.ledger.deliveries(Filter()))[0]}


async def test_a_round_of_the_sweep_goes_on_until_nothing_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAGE", 2)
    await crashed(desk, 5)
    async with relayed(desk):
        await until(partial(states, desk), {"in_doubt"})


async def test_a_round_of_the_sealer_goes_on_until_the_chain_is_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "PAGE", 2)
    for number in range(5):
        await desk.accept(arrival(dossier=f"D-{number}"))
    async with relayed(desk):
        await until(desk.ledger.verify_chain, (5, ""))


async def test_what_was_under_way_by_an_operation_that_is_gone_waits_for_a_person(desk: Desk) -> None:
    await crashed(desk, 1)
    async with relayed(desk, operation="another"):
        await until(partial(states, desk), {"in_doubt"})
    (view,), _ = await desk.ledger.deliveries(Filter())
    assert view.due_at is None


async def test_a_part_that_fails_begins_again_and_says_where(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upkeep, "PAUSE_S", 0.0)
    real, failed = desk.ledger.sweep, list[int]()

    async def fails_once(*args: Any, **kwargs: Any) -> Any:
        if not failed:
            failed.append(1)
            raise ValueError("Nguyễn Văn An")
        return await real(*args, **kwargs)

    monkeypatch.setattr(desk.ledger, "sweep", fails_once)
    await crashed(desk, 1)
    async with relayed(desk):
        await until(partial(states, desk), {"in_doubt"})
    said = capsys.readouterr()
    assert "test_relay.py:" in said.out + said.err
    assert "Nguyễn" not in said.out + said.err
