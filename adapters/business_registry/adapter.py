"""The business register at work: looked up by callers who wait, told how household registrations stand (domain notes 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from adapters.business_registry.client import RegisterClient, RegisterSettings
from adapters.business_registry.faults import outcome_of
from adapters.outward import outward
from bus.adapter import Call, Found, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.outcome import Delivered, Held, Outcome, Transient, Unknown
from contracts.canonical.enterprise import EnterpriseQuestion, HouseholdQuestion
from contracts.fault import faults_of
from mappings.business_registry.inbound import enterprises
from mappings.business_registry.outbound import request
from mappings.convert import as_day
from mappings.table import Unmappable

SYNC = "dongBoHoSoHKD"


class RegisterAdapter:
    """Speaks for one province."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, RegisterSettings)
        self._client = RegisterClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock

    async def look_up(self, code: str, call: Call) -> Found | Outcome:
        """The records of a code as they stand today; `null` is nothing found, no outage."""
        answer = await self._client.detail(code, call)
        if isinstance(answer, Outcome):
            return answer
        try:
            found = enterprises(answer, as_day(instant(self._clock.now())))
        except Unmappable as error:
            return Unknown(code=error.partner_field, words=str(error))
        except ValidationError as error:
            return Unknown(words=f"not the agreed shape: {faults_of(error)[0].path}")
        return Found(found, version=max((one.change for one in found if one.change is not None), default=None))

    def prepare(self, job: Job) -> Row | Outcome:
        """The registration's present state."""
        return outward(job, request)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await self._one(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        reply = await self._client.sync(row.body, call)
        outcome = reply if isinstance(reply, Outcome) else outcome_of(reply)
        return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """The contract has no question by dossier; a state is told again under the dossier's code."""
        return [Unknown(words="the registry cannot be asked by dossier", request=row.body) for row in rows]

    async def probe(self, call: Call) -> Outcome | None:
        """A token is asked for."""
        return await self._client.log_in(call) or Delivered()

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Assumed: what the registry decides is entered by the desk; the register is not polled."""
        return None

    async def close(self) -> None:
        await self._client.close()


async def enterprise(adapter: RegisterAdapter, question: EnterpriseQuestion, call: Call) -> Found | Outcome:
    """Look-up by enterprise code."""
    return await adapter.look_up(question.code, call)


async def household(adapter: RegisterAdapter, question: HouseholdQuestion, call: Call) -> Found | Outcome:
    """Look-up by a household's owner, whose personal id is its tax code."""
    return await adapter.look_up(question.owner_id, call)
