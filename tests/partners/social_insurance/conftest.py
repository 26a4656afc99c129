"""The insurance's room against its simulator, over real HTTP, with a ledger behind the vault."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.social_insurance.adapter import SEND, WATCH, InsuranceAdapter
from adapters.social_insurance.client import InsuranceSettings
from adapters.social_insurance.simulator import DEMO, InsuranceSimulator
from bus.adapter import Call, Found, Job, Row, Wiring
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Delivered, Outcome
from bus.seal import Keyring
from contracts.canonical.insurance import CriteriaQuestion, NumberQuestion
from contracts.civil_registry.messages import KetQua
from contracts.envelope import Envelope, judge
from mappings.civil_registry.inbound import accepted, changed
from ops.events_doc.registration import requested
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger

AT = datetime(2026, 7, 6, 3, 0, tzinfo=UTC)
LINKED = "G22.99.5-260703-000017"


def asked_for(number: int = 3, *, procedure: str = "2.000986", **birth: Any) -> Envelope:
    """A birth of the linked procedures, sent to the registry; each number is another dossier. Fields of the birth may be changed."""
    event = json.loads(requested().to_json())
    code = f"000.07.31.H59-260703-{number:04}"
    event["subject"] = event["data"]["dossier"]["code"] = code
    event["sequence"] = 1
    event["data"]["dossier"]["procedure"]["code"] = procedure
    event["data"]["registration"]["linked_code"] = LINKED[:-1] + str(number)
    event["data"]["registration"]["birth"] |= birth
    return judge(event)


def registered(
    number: int = 3, *, citizen_id: str = "086226000123", key: str = "c1", file: str = "", **more: Any
) -> Envelope:
    """The registry registered the birth; the personal id and the certificate's file may be missing still."""
    result = {"ngayDangKy": "03/07/2026", "soDangKy": "17/2026", "quyenSo": "01/2026", "soDinhDanh": citizen_id}
    row = {"maHoSoMCDT": "x", "trangThai": "4", "ketQuaXuLy": result | {"giayKhaiSinh": file}}
    event = changed(accepted(asked_for(number, **more).message, "k", AT).message, KetQua.model_validate(row), key, AT)
    assert event is not None
    return event


def a_request(event: Envelope) -> Job:
    return a_job(partner="social_insurance", operation=SEND, envelope=event, dossier=event.subject, key="s1")


def a_watch(event: Envelope, key: str = "w1") -> Job:
    return a_job(partner="social_insurance", operation=WATCH, envelope=event, dossier=event.subject, key=key)


@dataclass
class Insurance:
    """Our adapter, the insurance's side, and the clock."""

    adapter: InsuranceAdapter
    simulator: InsuranceSimulator
    clock: HandClock

    async def deliver(self, job: Job) -> Outcome:
        row = self.adapter.prepare(job)
        if not isinstance(row, Row):
            return row
        (outcome,) = await self.adapter.deliver([row], Call("c", 5.0))
        return outcome

    async def taken(self, number: int = 3) -> Envelope:
        """A card that was asked for; the event that says so."""
        outcome = await self.deliver(a_request(registered(number)))
        assert isinstance(outcome, Delivered), outcome
        return outcome.replies[0]

    async def person(self, number: str) -> Found | Outcome:
        return await self.adapter.person(NumberQuestion(number=number), Call("c", 5.0))

    async def numbers(self, **criteria: Any) -> Found | Outcome:
        return await self.adapter.numbers(CriteriaQuestion.model_validate(criteria), Call("c", 5.0))


@asynccontextmanager
async def opened(folder: Path, keys: Keyring, **own: Any) -> AsyncIterator[Insurance]:
    """The two sides, with settings of our own."""
    simulator = InsuranceSimulator(folder / "book.jsonl")
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(folder), keys)
    clock = HandClock(AT.timestamp())
    settings = InsuranceSettings.model_validate({**DEMO, "asks_every_s": 300, "base_url": served.url, **own})
    adapter = InsuranceAdapter(Wiring(settings, ledger.vault("social_insurance"), clock, random.Random(1)))
    yield Insurance(adapter, simulator, clock)
    await adapter.close()
    await ledger.close()
    await served.stop()


@pytest.fixture
async def insurance(tmp_path: Path, keys: Keyring) -> AsyncIterator[Insurance]:
    async with opened(tmp_path, keys) as found:
        yield found
