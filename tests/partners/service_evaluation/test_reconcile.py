"""A silent partner: what changed against what was sent, by day (domain notes 8, row 8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.service_evaluation.reconcile import EVENTS
from adapters.service_evaluation.simulator import DEMO, EvaluationSimulator
from bus.ledger.words import Filter, State
from bus.maintenance import VIETNAM
from bus.seal import Keyring
from contracts.canonical.events import PREFIX
from mappings.routes import USES
from ops.house import House
from ops.reconcile import reconcile
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import new_ledger
from tests.partners.service_evaluation.test_mapping import SAMPLE


def test_what_is_counted_is_what_is_owed() -> None:
    assert set(EVENTS) == {PREFIX + name for name in USES}


async def test_a_change_that_was_not_sent_or_sent_on_another_day_is_found(tmp_path: Path) -> None:
    emc = EvaluationSimulator()
    served = Served(emc.app(), bind("127.0.0.1", 0))
    await served.started()
    (tmp_path / "keys.json").touch(0o600)
    (tmp_path / "keys.json").write_text(Keyring.generate())
    settings = {
        "ledger": {"url": new_ledger(tmp_path)},
        "keys": {"file": str(tmp_path / "keys.json")},
        "partners": {"service_evaluation": {**DEMO, "base_url": served.url}},
    }
    now = datetime.now(UTC)
    today = now.astimezone(VIETNAM).date()
    opened = {event.subject: event for event in reversed(SAMPLE)}
    first, second, late, unsent = [
        event.model_copy(update={"time": at, "sequence": 1})
        for event, at in zip(opened.values(), (now, now, now - timedelta(days=1), now), strict=False)
    ]
    house = House(Settings.model_validate(settings))
    await house.start()
    try:
        await house.intake.accept([first, second, late], client="test")
        await delivered(house, 3)
        agreed = await reconcile(house, "service_evaluation", today, today)
        await house.ledger.pause("service_evaluation", "test", "a broken line")
        await house.intake.accept([unsent], client="test")
        compared = await reconcile(house, "service_evaluation", today - timedelta(days=1), today)
    finally:
        await house.stop()
        await served.stop()
    assert [(line["key"], line["says"]) for line in agreed["differences"]] == [(late.id, "only_theirs")]
    found = {line["key"]: line["says"] for line in compared["differences"]}
    assert found == {late.id: "differs", unsent.id: "only_ours"}
    assert [(day["ours"]["count"], day["theirs"]["count"]) for day in compared["days"]] == [(1, 0), (3, 3)]


async def delivered(house: House, wanted: int) -> None:
    for _ in range(400):
        views, _ = await house.ledger.deliveries(Filter(partner="service_evaluation", states=(State.DELIVERED,)))
        if len(views) == wanted:
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"{len(views)} of {wanted}")
