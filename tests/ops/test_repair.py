"""Differences between our account and a partner's, set right: previewed first, by the front door or by a resend, with who and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from adapters.service_evaluation.simulator import DEMO, EvaluationSimulator
from bus.ledger.incidents import Condition
from bus.ledger.words import Filter, State
from bus.maintenance import VIETNAM
from bus.seal import Keyring
from ops.compared import compare
from ops.house import House
from ops.incidents_duty import lookout
from ops.reconcile import reconcile, repair
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import new_ledger
from tests.partners.online_payment.conftest import APPRAISAL, CODE, a_province, fees_asked
from tests.partners.service_evaluation.test_mapping import SAMPLE

WHY = ("hoa", "đối soát cuối ngày")


def today() -> date:
    return datetime.now(VIETNAM).date()


@dataclass
class Silent:
    """A bus with EMC alone, which says nothing of what it has."""

    house: House
    emc: EvaluationSimulator


@pytest.fixture
async def silent(tmp_path: Path) -> AsyncIterator[Silent]:
    emc = EvaluationSimulator()
    served = Served(emc.app(), bind("127.0.0.1", 0))
    await served.started()
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    settings = {
        "ledger": {"url": new_ledger(tmp_path)},
        "keys": {"file": str(keys)},
        "partners": {"service_evaluation": {**DEMO, "base_url": served.url}},
    }
    house = House(Settings.model_validate(settings))
    await house.start()
    yield Silent(house, emc)
    await house.stop()
    await served.stop()


async def until(house: House, state: State) -> int:
    """The one delivery, once it stands so."""
    for _ in range(400):
        views, _ = await house.ledger.deliveries(Filter(partner="service_evaluation", states=(state,)))
        if views:
            return views[0].id
        await asyncio.sleep(0.02)
    raise TimeoutError(state)


async def test_a_payment_whose_notice_was_lost_is_taken_in_as_the_platform_states_it(tmp_path: Path) -> None:
    async with a_province(tmp_path, asks_first_s=3600.0) as province:
        await province.post(fees_asked(7001, APPRAISAL))
        await province.until("link_created")
        province.platform.weather.left["lose_callback"] = 1
        await province.platform.end(province.references()[0])
        at = (province.house, "online_payment", today(), today())
        asked = await repair(*at, *WHY, dry_run=True)
        assert [(row["says"], row["does"], row["done"]) for row in asked["rows"]] == [("only_theirs", "take_in", False)]
        assert not province.told("confirmed")
        assert (await repair(*at, *WHY, dry_run=False))["done"] == 1
        await province.until("confirmed")
        assert (await reconcile(*at))["agrees"]
        assert (await repair(*at, *WHY, dry_run=False))["rows"] == []
        story = await province.house.ledger.story(CODE)
        assert story is not None
        assert [(note.who, note.verb, note.reason) for note in story.notes] == [("hoa", "reconcile: take in", WHY[1])]


async def test_what_only_we_have_is_left_to_a_person(tmp_path: Path) -> None:
    async with a_province(tmp_path) as province:
        await province.post(fees_asked(7001, APPRAISAL))
        await province.until("link_created")
        await province.platform.end(province.references()[0])
        await province.until("confirmed")
        province.platform.orders.clear()
        told = await repair(province.house, "online_payment", today(), today(), *WHY, dry_run=False)
        assert [(row["says"], row["does"]) for row in told["rows"]] == [("only_ours", "person")]
        assert told["done"] == 0


async def test_what_a_silent_partner_refused_is_sent_again_once_it_would_take_it(silent: Silent) -> None:
    silent.emc.weather.code = "400"
    silent.emc.weather.left["says"] = 1
    event = SAMPLE[0].model_copy(update={"time": datetime.now(UTC), "sequence": 1})
    await silent.house.intake.accept([event], client="test")
    number = await until(silent.house, State.DEAD)
    at = (silent.house, "service_evaluation", today(), today())
    asked = await repair(*at, *WHY, dry_run=True)
    assert [(row["key"], row["does"], row["by"]) for row in asked["rows"]] == [(event.id, "resend", [f"{number} dead"])]
    assert (await repair(*at, *WHY, dry_run=False))["done"] == 1
    assert await until(silent.house, State.DELIVERED) == number
    assert (await reconcile(*at))["agrees"]


async def test_in_the_morning_the_day_before_is_compared_once_and_a_difference_is_an_incident(silent: Silent) -> None:
    silent.emc.weather.code = "400"
    silent.emc.weather.left["says"] = 1
    event = SAMPLE[0].model_copy(update={"time": datetime.now(UTC), "sequence": 1})
    await silent.house.intake.accept([event], client="test")
    await until(silent.house, State.DEAD)
    morning = datetime.combine(today() + timedelta(days=1), time(5), VIETNAM)
    assert await compare(silent.house, morning - timedelta(seconds=1)) == []
    assert await compare(silent.house, morning) == ["service_evaluation"]
    assert await compare(silent.house, morning) == []
    assert [(one.partner, one.facts) for one in await mismatches(silent.house)] == [
        ("service_evaluation", {"lines": 1})
    ]
    await repair(silent.house, "service_evaluation", today(), today(), *WHY, dry_run=False)
    await until(silent.house, State.DELIVERED)
    await reconcile(silent.house, "service_evaluation", today(), today())
    assert await mismatches(silent.house) == []


async def mismatches(house: House) -> list[Condition]:
    """The conditions of this kind that a look finds."""
    return [one for one in await lookout(house).signs.found() if one.kind == "mismatch"]


async def test_what_is_still_to_be_sent_is_waited_for(silent: Silent) -> None:
    await silent.house.ledger.pause("service_evaluation", "test", "a broken line")
    event = SAMPLE[0].model_copy(update={"time": datetime.now(UTC), "sequence": 1})
    await silent.house.intake.accept([event], client="test")
    told = await repair(silent.house, "service_evaluation", today(), today(), *WHY, dry_run=False)
    assert [(row["does"], row["done"]) for row in told["rows"]] == [("wait", False)]
