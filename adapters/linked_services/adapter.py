"""The linked-services software at work: filed dossiers in by asking, statuses out in order, prose read by a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from adapters.linked_services.client import LinkedClient, LinkedSettings
from adapters.linked_services.faults import read
from adapters.transport.classify import excerpt
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.outcome import Cause, Contract, Delivered, Outcome, Permanent, Transient, Unknown
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.linked_services.messages import HoSoMoi
from mappings.linked_services.inbound import filed
from mappings.linked_services.outbound import request
from mappings.table import Unmappable

ACKNOWLEDGE, TELL = "xacNhan", "capNhatTrangThai"
PAGE = 10
"""Dossiers fetched a poll: each is a call of its own within one poll's time."""


class LinkedAdapter:
    """See domain notes 3.5, DVCLT."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, LinkedSettings)
        self._client = LinkedClient(wiring.settings, wiring.vault)

    def prepare(self, job: Job) -> Row | Outcome:
        """The body as it leaves."""
        if job.request:
            return Row(job, job.request)
        try:
            written = request(job.envelope.message)
        except Unmappable as error:
            return Contract(cause=Cause.POISON, code=error.partner_field, words=str(error))
        except Refusal as error:
            return Contract(cause=Cause.POISON, words=str(error))
        return Row(job, json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode())

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await self._one(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        send = self._client.acknowledge if row.job.operation == ACKNOWLEDGE else self._client.tell
        reply = await send(row.body, call)
        if isinstance(reply, Outcome):
            words, said, code = reply.words, reply.reply, reply.code
            if not isinstance(reply, Unknown | Permanent):
                return reply
        else:
            words, said, code = excerpt(reply.body), reply.body, str(reply.status)
        match read(words):
            case "done":
                return Delivered(code=code, words=words, request=row.body, reply=said)
            case "later":
                return Transient(cause=Cause.LATER, code=code, words=words, reply=said)
            case "refused":
                return Permanent(code=code, words=words, request=row.body, reply=said)
            case _ if isinstance(reply, Outcome):
                return replace(reply, request=row.body)
            case _:
                return Unknown(code=code, words=words, request=row.body, reply=said)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """The contract has no question; a status told twice is answered as one that is there."""
        return [Unknown(words="the linked-services software cannot be asked", request=row.body) for row in rows]

    async def probe(self, call: Call) -> Outcome | None:
        """The list is harmless."""
        listed = await self._client.waiting(call)
        return listed if isinstance(listed, Outcome) else Delivered()

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """The next dossiers behind the cursor among those not acknowledged; at the end of the list it begins again.

        What is told twice is a duplicate; what cannot be read is kept and passed by.
        """
        listed = await self._client.waiting(call)
        if isinstance(listed, Outcome):
            return listed
        bad = [json.dumps(line, ensure_ascii=False).encode() for line in listed.data if _number(line) is None]
        numbers = sorted({number for line in listed.data if (number := _number(line)) is not None})
        behind = [number for number in numbers if number > cursor]
        events: list[Envelope] = []
        for number in behind[:PAGE]:
            fields = await self._client.dossier(number, call)
            if isinstance(fields, Outcome):
                if not isinstance(fields, Unknown | Permanent):
                    return fields
                bad.append(json.dumps({"id": number, "why": fields.words}, ensure_ascii=False).encode())
                continue
            try:
                events.append(filed(fields))
            except (Unmappable, Refusal) as error:
                bad.append(json.dumps({"id": number, "why": str(error), "row": fields}, ensure_ascii=False).encode())
        more = len(behind) > PAGE
        return Poll(tuple(events), behind[PAGE - 1] if more else "", tuple(bad), more=more)

    async def close(self) -> None:
        await self._client.close()


def _number(line: object) -> str | None:
    """The id of a line, None for a line that has none."""
    try:
        return HoSoMoi.model_validate(line).id
    except ValidationError:
        return None
