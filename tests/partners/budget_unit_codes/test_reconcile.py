"""Dossiers by our account and by the ministry's list: one we missed shows, whatever has become of it since."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.budget_unit_codes.adapter import NAME
from adapters.budget_unit_codes.reconcile import note, theirs
from adapters.budget_unit_codes.simulator import DEMO, BudgetSimulator
from bus.adapter import Account, Call
from bus.clock import instant
from bus.seal import Keyring
from contracts.budget_unit_codes import PAGE
from mappings.convert import as_day
from ops.house import House
from ops.reconcile import reconcile
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import new_ledger
from tests.partners.budget_unit_codes.conftest import Ministry


async def held(ministry: Ministry, days_ago: int = 0) -> Account:
    """The ministry's account of a day."""
    on = as_day(instant(ministry.clock.now())) - timedelta(days=days_ago)
    return await theirs(ministry.adapter, (), on, on, Call("c", 5.0))


async def test_a_dossier_we_missed_is_seen_on_the_day_it_was_filed(ministry: Ministry) -> None:
    codes = [ministry.simulator.file(f"Phòng {number}") for number in range(PAGE + 2)]
    told = await ministry.adapter.poll("", Call("c", 5.0))
    ours = {note(event) for event in getattr(told, "events", ())}
    assert len(ours) == PAGE
    account = await held(ministry)
    assert {line.key for line in account.entries} == set(codes)
    assert ours < set(account.entries)
    polled = {event.id for event in getattr(told, "events", ())}
    assert polled < {event.id for events in account.events.values() for event in events}
    ministry.clock.advance(2 * 86400.0)
    ministry.simulator.decide(codes[0], "2")
    assert {line.key for line in (await held(ministry, 2)).entries} == set(codes)
    assert (await held(ministry)).entries == ()


async def test_what_the_ministry_does_not_answer_is_said(ministry: Ministry) -> None:
    ministry.simulator.file("Phòng 1")
    ministry.simulator.weather.left["500"] = -1
    assert len((await held(ministry)).unanswered) == 1


async def test_a_row_that_cannot_be_read_hides_no_other(ministry: Ministry) -> None:
    bad = ministry.simulator.file("Phòng 1", ngayNop="hôm nay")
    empty = ministry.simulator.file("Phòng 2", ngayNop="")
    good = ministry.simulator.file("Phòng 3")
    assert [line.key for line in (await held(ministry)).entries] == [good]
    assert {bad, empty} & {good} == set()


async def told(house: House, changes: int) -> None:
    """Until so many changes were told of."""
    for _ in range(400):
        if len(await house.ledger.told(("vn.lienthong.budget.dossier_changed.v1",), 0.0)) == changes:
            return
        await asyncio.sleep(0.025)
    raise TimeoutError


async def test_a_dossier_is_one_line_however_often_it_was_told_and_though_it_was_read_after_midnight(
    tmp_path: Path,
) -> None:
    simulator = BudgetSimulator()
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    yesterday = as_day(datetime.now(UTC)) - timedelta(days=1)
    own = {**DEMO, "base_url": served.url, "asks_every_s": 0.1}
    settings = {"ledger": {"url": new_ledger(tmp_path)}, "keys": {"file": str(keys)}, "partners": {NAME: own}}
    house = House(Settings.model_validate(settings))
    code = simulator.file("Phòng 1", ngayNop=f"{yesterday:%d/%m/%Y} 23:55:00")
    await house.start()
    try:
        await told(house, 1)
        simulator.decide(code, "2")
        await told(house, 2)
        compared = await reconcile(house, NAME, yesterday, yesterday)
    finally:
        await house.stop()
        await served.stop()
    assert compared["agrees"]
    assert compared["days"] == [
        {
            "day": yesterday.isoformat(),
            "ours": {"count": 1, "sum": 1},
            "theirs": {"count": 1, "sum": 1},
            "agrees": True,
        }
    ]
