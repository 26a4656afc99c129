"""Storms over a whole province: whatever broke, each partner did each thing once, and the ledger knows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from adapters.simulator import Simulator
from bus.ledger.words import State
from contracts.envelope import Envelope
from ops import simulate
from ops.house import House
from ops.sample import generate
from tests.ops.conftest import settings_of
from tests.weather import DEADLINE_S, STORMS, believed, effects, lay

RECEIVED = [e for e in generate(60, 10, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1")][:4]
DONE = {State.DELIVERED, State.DEAD, State.CANCELLED, State.SUPERSEDED}
OWED = {
    ("national_portal", "DongBoHoSoMC"): 1,
    ("national_portal", "CapNhatTienDoHoSoMC"): 1,
    ("electronic_iso", "TiepNhanHoSo"): 1,
    ("dossier_system", "notify"): 2,
}
"""What a received dossier comes to: state, progress, a slip, and notices that the portal and the ISO system have it."""


@dataclass
class Province:
    """A house and the simulators of its partners."""

    house: House
    simulators: dict[str, simulate.Served]
    folder: Path

    def partners(self) -> dict[str, Simulator]:
        return {name: served.app.state.simulator for name, served in self.simulators.items()}

    async def receive(self) -> None:
        """Let the dossiers come in, each numbered from 1."""
        events: list[Envelope] = [event.model_copy(update={"sequence": 1}) for event in RECEIVED]
        verdicts = await self.house.intake.accept(events, client="test")
        assert {verdict["status"] for verdict in verdicts} == {"accepted"}

    async def settled(self) -> None:
        """Wait until all that was owed is done."""
        for _ in range(600):
            totals = await self.house.ledger.totals()
            open_now = sum(n for (_, state, _), n in totals.counts.items() if state not in DONE)
            if sum(totals.owed.values()) == sum(OWED.values()) * len(RECEIVED) and not open_now:
                return
            await asyncio.sleep(0.025)
        raise TimeoutError(f"not settled: {totals}")

    async def agrees(self) -> None:
        """Book against book: every effect once, and believed."""
        done = effects(self.partners())
        assert done == await believed(self.house.ledger)
        assert done == {(*duty, event.subject): times for event in RECEIVED for duty, times in OWED.items()}
        assert (await self.house.ledger.verify()).holds


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    simulators = await simulate.serve(simulate.SIMULATORS, tmp_path)
    settings = settings_of(tmp_path, {name: one.url for name, one in simulators.items()}, {})
    for partner in settings.partners.values():
        partner["timeout_s"] = DEADLINE_S
    found = Province(House(settings), simulators, tmp_path)
    await found.house.start()
    yield found
    await found.house.stop()
    await simulate.stop(simulators.values())


@pytest.mark.parametrize("name", ["calm", *STORMS])
async def test_after_the_storm_every_partner_has_done_each_thing_once_and_the_ledger_knows(
    province: Province, name: str
) -> None:
    if name in STORMS:
        for simulator in province.partners().values():
            simulator.weather.retry_after = "0"
            lay(simulator, STORMS[name], times=2)
    await province.receive()
    await province.settled()
    await province.agrees()


async def test_partners_that_only_answer_slowly_are_asked_once(province: Province) -> None:
    for simulator in province.partners().values():
        simulator.weather.left["slow"] = -1
        simulator.weather.seconds = DEADLINE_S / 4
    await province.receive()
    await province.settled()
    await province.agrees()
    assert not [entry for simulator in province.partners().values() for entry in simulator.book.of("repeat")]


async def test_partners_that_refuse_every_connection_get_everything_once_they_are_back(province: Province) -> None:
    for served in province.simulators.values():
        await served.stop()
    await province.receive()
    for name, served in list(province.simulators.items()):
        port = int(served.url.rpartition(":")[2])
        book = province.folder / f"{name}.jsonl"
        province.simulators[name] = simulate.Served(simulate.application(name, book), simulate.bind("127.0.0.1", port))
        await province.simulators[name].started()
    await province.settled()
    await province.agrees()
