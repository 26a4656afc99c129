"""Every partner as discovery finds it, at work against its own simulator, and jobs it is owed: what the common suites run over.

Jobs come from the routes (`ops.conformance.trial`).
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters import discover
from adapters.simulator import Simulator
from bus.adapter import Adapter, Call, Job, Operation, Partner, Row, Wiring
from bus.clock import SteadyClock
from bus.outcome import Delivered, Outcome, Taken
from bus.policy import PartnerSettings
from contracts.envelope import Envelope
from contracts.marks import redact
from ops.conformance import MemoryVault
from ops.conformance.trial import Step, Thread, threads
from ops.simulate import Served, application, bind, demo_settings
from tests.builders import a_job
from tests.partners.bad_server import BadServer

PATIENT_S = 20.0
"""Of a call that nothing breaks: the machine may be busy."""
PARTNERS = discover()
OPERATIONS = [(partner, o) for partner in PARTNERS.values() for o in partner.operations if not o.inside]
"""Every operation somebody is called for."""
TRACE = "00-" + "5ea1" * 8 + "-" + "c0de" * 4 + "-01"

each_partner = pytest.mark.parametrize("partner", PARTNERS.values(), ids=list(PARTNERS))
each_operation = pytest.mark.parametrize(
    ("partner", "operation"), OPERATIONS, ids=[f"{partner.name}-{operation.name}" for partner, operation in OPERATIONS]
)


@dataclass
class Room:
    """A partner's adapter, its simulator, and the bad server between them."""

    partner: Partner
    simulator: Simulator
    server: BadServer
    vault: MemoryVault
    adapter: Adapter
    memo: dict[str, str] = field(default_factory=dict)
    full: bool = False
    sent: int = 0

    def job(self, step: Step, /, **changes: Any) -> Job:
        """A claimed delivery as the lane now stands."""
        event, operation = step
        lane: dict[str, Any] = {"number": 1 + self.sent, "memo": dict(self.memo), "has_full": self.full}
        return a_job_for(self.partner, operation, event, **(lane | changes))

    def row(self, step: Step, /, **changes: Any) -> Row:
        """The delivery, mapped; one that only waits at first, as it is asked about. Raises AssertionError when it cannot be."""
        prepared = self.adapter.prepare(self.job(step, **changes))
        if isinstance(prepared, Taken):
            prepared = self.adapter.prepare(self.job(step, **changes | {"step": "ask"}))
        assert isinstance(prepared, Row), f"{step[1]} for {step[0].type} is not sent: {prepared}"
        return prepared

    async def send(self, row: Row, deadline_s: float = PATIENT_S) -> Outcome:
        call = self.adapter.ask if row.job.step == "ask" else self.adapter.deliver
        (outcome,) = await call([row], a_call(deadline_s))
        return outcome

    async def ask(self, row: Row, deadline_s: float = PATIENT_S) -> Outcome:
        (outcome,) = await self.adapter.ask([row], a_call(deadline_s))
        return outcome

    async def go(self, step: Step) -> Outcome:
        """Send a delivery as it should go; the lane remembers what the answer brings."""
        if self.partner.operation(step[1]).inside:
            prepared = self.adapter.prepare(self.job(step))
            assert not isinstance(prepared, Row), f"{step[1]} for {step[0].type} calls somebody"
            outcome = prepared
        else:
            outcome = await self.send(self.row(step))
        assert isinstance(outcome, Delivered | Taken), f"{step[1]} for {step[0].type}: {outcome}"
        self.sent += 1
        if isinstance(outcome, Delivered):
            self.memo |= outcome.memo
            self.full = self.full or self.partner.operation(step[1]).full_state
        return outcome

    def elsewhere(self, url: str, **changes: Any) -> Adapter:
        """The adapter with the same sessions, towards another address."""
        return self.partner.open(wiring(settings_of(self.partner, url, **changes), self.vault))


def a_job_for(partner: Partner, operation: str, event: Envelope, **changes: Any) -> Job:
    """A claimed delivery of the event to the partner."""
    facts: dict[str, Any] = {
        "partner": partner.name,
        "operation": operation,
        "envelope": event,
        "dossier": event.subject,
    }
    return a_job(**(facts | {"key": f"k-{event.id}-{operation}"} | changes))


def a_call(deadline_s: float = PATIENT_S) -> Call:
    return Call("call-1", deadline_s, TRACE)


def wiring(settings: PartnerSettings, vault: MemoryVault) -> Wiring:
    return Wiring(settings, vault, SteadyClock(), random.Random(1), "http://127.0.0.1:1")


def settings_of(partner: Partner, url: str, **changes: Any) -> PartnerSettings:
    """The partner's settings in the demo."""
    return partner.settings.model_validate({**demo_settings(partner.name), "base_url": url, **changes})


def tuned(partner: Partner) -> Partner:
    return partner.tune(partner, settings_of(partner, "http://127.0.0.1:9"))


@asynccontextmanager
async def room_of(partner: Partner, book: Path | None = None) -> AsyncIterator[Room]:
    """The room at work; nothing has been sent."""
    served = Served(application(partner.name, book), bind("127.0.0.1", 0))
    await served.started()
    vault = MemoryVault()
    server = BadServer(served.url, lambda: vault.fetching > 0)
    await server.start()
    adapter = partner.open(wiring(settings_of(partner, server.url), vault))
    try:
        yield Room(tuned(partner), served.app.state.simulator, server, vault, adapter)
    finally:
        await adapter.close()
        await server.stop()
        await served.stop()


_GOOD: dict[tuple[str, str], Thread] = {}


async def good_thread(partner: Partner, operation: Operation) -> Thread:
    """The shortest thread that the partner's simulator takes to its end. Raises AssertionError when there is none."""
    place = (partner.name, operation.name)
    why = f"no event of the sample, of docs/events.md or of mappings/{partner.name}/cases owes {operation.name}"
    for thread in threads(*place) if place not in _GOOD else ():
        async with room_of(partner) as room:
            try:
                for step in thread:
                    await room.go(step)
            except AssertionError as error:
                why = str(error)
                continue
        _GOOD[place] = thread
        break
    assert place in _GOOD, why
    return _GOOD[place]


@asynccontextmanager
async def before(partner: Partner, operation: Operation, book: Path | None = None) -> AsyncIterator[tuple[Room, Step]]:
    """A room in which all went well up to the operation, which is the next step."""
    *earlier, last = await good_thread(partner, operation)
    async with room_of(partner, book) as room:
        for step in earlier:
            await room.go(step)
        yield room, last


def personal(event: Envelope) -> set[str]:
    """The values in an event that its model marks as personal: what may stand in no log, address or header."""
    data = event.message.model_dump(mode="json")
    told, shown = list(leaves(data)), list(leaves(redact(data, type(event.message))))
    hidden = {value for (_, value), (_, mask) in zip(told, shown, strict=True) if value != mask}
    return {value for value in hidden if isinstance(value, str) and len(value) >= 6} - {event.subject}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a JSON document that is no object and no list, with its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{place}]")
    else:
        yield path, value
