"""EMC: success without a body, a site that is missing, and unknown outcomes by the province's choice."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.service_evaluation import ADAPTER
from adapters.service_evaluation.adapter import TRACK, EvaluationAdapter, EvaluationSettings
from adapters.service_evaluation.faults import FAULTS
from adapters.service_evaluation.simulator import EvaluationSimulator
from bus.adapter import Call, Row, Wiring
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import Filter, State
from bus.outcome import Cause, Delivered, Held, Outcome, Permanent, Transient, Unknown
from bus.seal import Keyring
from contracts.envelope import Envelope
from contracts.marks import redact
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.partners.service_evaluation.test_mapping import SAMPLE
from tests.weather import DEADLINE_S, Storm, each_storm, lay

EVENT = SAMPLE[0]


@dataclass
class Told:
    """An EMC that answers as told."""

    status: int = 200
    content_type: str = ""
    body: bytes = b""

    async def answer(self, _request: Request) -> Response:
        headers = {"Content-Type": self.content_type} if self.content_type else {}
        return Response(self.body, self.status, headers)


Open = Callable[..., EvaluationAdapter]


@pytest.fixture
async def adapter_of(keys: Keyring, tmp_path: Path, clock: HandClock) -> AsyncIterator[Open]:
    """Makes adapters for an address, with settings of their own."""
    ledger = open_ledger(new_ledger(tmp_path), keys)
    made: list[EvaluationAdapter] = []

    def make(url: str, **settings: Any) -> EvaluationAdapter:
        own = EvaluationSettings.model_validate({"base_url": url, "site_id": 123, **settings})
        made.append(EvaluationAdapter(Wiring(own, ledger.vault("service_evaluation"), clock, random.Random(1))))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()
    await ledger.close()


async def tell(adapter: EvaluationAdapter, event: Envelope = EVENT, deadline_s: float = DEADLINE_S) -> Outcome:
    row = adapter.prepare(a_job(partner=ADAPTER.name, operation=TRACK, envelope=event, dossier=event.subject))
    assert isinstance(row, Row), row
    (outcome,) = await adapter.deliver([row], Call("c", deadline_s))
    return outcome


@pytest.fixture
async def simulator() -> AsyncIterator[tuple[EvaluationSimulator, str]]:
    emc = EvaluationSimulator()
    served = Served(emc.app(), bind("127.0.0.1", 0))
    await served.started()
    yield emc, served.url
    await served.stop()


Emc = tuple[EvaluationSimulator, str]


async def test_a_change_is_counted_and_an_empty_200_is_success(simulator: Emc, adapter_of: Open) -> None:
    emc, url = simulator
    adapter = adapter_of(url)
    for event in SAMPLE[:40]:
        assert isinstance(await tell(adapter, event, 5.0), Delivered)
    assert emc.usage()["events"] == 40
    assert emc.usage()["dossiers"] == len({event.subject for event in SAMPLE[:40]})
    async with httpx.AsyncClient(base_url=url, trust_env=False) as ministry:
        assert (await ministry.get("/_sim/usage")).json() == emc.usage()


@each_storm
async def test_a_storm_is_read_as_what_it_is(simulator: Emc, adapter_of: Open, storm: Storm) -> None:
    emc, url = simulator
    adapter = adapter_of(url)
    lay(emc, storm)
    outcome = await tell(adapter)
    assert (type(outcome), outcome.cause) == (storm.outcome, storm.cause)
    assert bool(emc.book.of("usage")) is storm.taken


async def test_without_a_site_nothing_is_sent_and_the_whole_partner_is_held(simulator: Emc, adapter_of: Open) -> None:
    emc, url = simulator
    adapter = adapter_of(url, site_id=None)
    held = await tell(adapter)
    assert isinstance(held, Held)
    assert (held.key, held.code) == ("", "site_id")
    assert emc.book.entries == []


async def test_a_strangers_site_is_answered_and_not_counted(simulator: Emc, adapter_of: Open) -> None:
    emc, url = simulator
    adapter = adapter_of(url, site_id=999)
    assert isinstance(await tell(adapter), Delivered)
    assert (emc.usage()["events"], emc.usage()["strays"]) == (0, 1)


PAGE = b"<!DOCTYPE html><html>maintenance</html>"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "outcome"),
    [
        (200, "", b"", Delivered),
        (204, "", b"", Delivered),
        (202, "text/plain", b"ok", Delivered),
        (200, "application/json", b'{"any": "thing"}', Delivered),
        (200, "text/plain", b"Success", Delivered),
        (200, "text/html", PAGE, Unknown),
        (200, "text/plain", PAGE, Unknown),
        (200, "application/json", b'{"any": ', Unknown),
        (200, "application/json", b"", Unknown),
        (302, "text/html", b"", Unknown),
        (500, "text/plain", b"server error", Unknown),
        (400, "application/json", b'{"errors": ["Level"]}', Permanent),
        (422, "application/json", b"{}", Permanent),
        (404, "text/html", PAGE, Transient),
        (429, "", b"", Transient),
        (401, "", b"", Held),
        (403, "", b"", Held),
    ],
)
async def test_every_answer(
    adapter_of: Open, status: int, content_type: str, body: bytes, outcome: type[Outcome]
) -> None:
    told = Told(status, content_type, body)
    served = Served(Starlette(routes=[Route("/TrackingMCDT", told.answer, methods=["POST"])]), bind("127.0.0.1", 0))
    await served.started()
    adapter = adapter_of(served.url)
    try:
        assert isinstance(await tell(adapter, deadline_s=5.0), outcome)
    finally:
        await served.stop()


def test_the_fault_table_speaks_both_languages_where_a_person_reads_it() -> None:
    assert all(bool(line.advice_vi) == bool(line.advice_en) == (line.means != "done") for line in FAULTS)


def test_the_province_chooses_what_an_unknown_outcome_comes_to() -> None:
    for chosen, dedupe in (("resend", "key"), ("park", "none")):
        settings = EvaluationSettings.model_validate({"unknown": chosen})
        assert ADAPTER.tune(ADAPTER, settings).operation(TRACK).dedupe == dedupe


def test_digests_without_a_key_are_refused_at_start() -> None:
    with pytest.raises(ValidationError, match="hash_key of 16 characters"):
        EvaluationSettings.model_validate({"base_url": "http://x", "citizen_id": "hash"})
    with pytest.raises(ValidationError, match="levels"):
        EvaluationSettings.model_validate({"levels": {"1.012783": 2}})


async def test_the_simulator_refuses_what_the_contract_does_not_know(simulator: Emc) -> None:
    emc, url = simulator
    async with httpx.AsyncClient(base_url=url, trust_env=False) as stranger:
        for body in (b"{}", b"rubbish"):
            assert (await stranger.post("/TrackingMCDT", content=body)).status_code == 400
    assert [entry["kind"] for entry in emc.book.entries] == ["refused", "refused"]


def test_nothing_personal_of_a_request_is_shown(adapter_of: Open) -> None:
    adapter = adapter_of("http://127.0.0.1:9")
    row = adapter.prepare(a_job(operation=TRACK, envelope=EVENT))
    assert isinstance(row, Row)
    shown = json.dumps(redact(json.loads(row.body), ADAPTER.operation(TRACK).message))
    assert "LOCATION" not in shown
    assert EVENT.subject in shown


async def test_a_paused_partner_without_a_site_keeps_what_it_owes(tmp_path: Path, simulator: Emc) -> None:
    emc, url = simulator
    (tmp_path / "keys.json").touch(0o600)
    (tmp_path / "keys.json").write_text(Keyring.generate())
    settings = Settings.model_validate(
        {
            "ledger": {"url": new_ledger(tmp_path)},
            "keys": {"file": str(tmp_path / "keys.json")},
            "partners": {"service_evaluation": {"base_url": url}},
        }
    )
    house = House(settings)
    await house.start()
    await house.intake.accept(SAMPLE[:3], client="test")
    paused = ""
    for _ in range(200):
        paused = "".join(view.pause_cause for view in await house.ledger.partners() if view.partner == ADAPTER.name)
        if paused:
            break
        await asyncio.sleep(0.02)
    waiting, _ = await house.ledger.deliveries(Filter(partner="service_evaluation"))
    await house.stop()
    assert paused == Cause.FORBIDDEN
    assert {one.state for one in waiting} <= {State.WAITING, State.PENDING}
    assert len(waiting) == 3
    assert emc.book.entries == []
