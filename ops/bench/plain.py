"""The plain partner: the smallest complete adapter, for benchmarks and fault runs.

Contract: `POST /rows {"rows": [{"key", "event", "source", "dossier", "sequence", "operation", "data"}]}` answers
`{"rows": [{"key", "verdict": "done" | "refused", "receipt"}]}`; `POST /ask {"keys": [...]}` answers `{"rows": [{"key", "known"}]}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict

from adapters.transport.classify import Unreadable, everywhere, from_failure, from_status, read_model, unreadable
from adapters.transport.http import Failure, HttpClient, Reply
from bus.adapter import Call, Dedupe, Job, Operation, Partner, Poll, Row, Wiring
from bus.outcome import Absent, Delivered, Outcome, Permanent, Unknown
from bus.policy import PartnerSettings
from contracts.envelope import Envelope
from contracts.owed import Owed


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RowAnswer(_Shape):
    key: str
    verdict: Literal["done", "refused"]
    receipt: str = ""


class RowsAnswer(_Shape):
    rows: list[RowAnswer]


class KnownAnswer(_Shape):
    key: str
    known: bool


class AskAnswer(_Shape):
    rows: list[KnownAnswer]


class PlainAdapter:
    """Speaks the plain contract."""

    def __init__(self, wiring: Wiring) -> None:
        self._client = HttpClient(wiring.settings)
        self._rows = self._client.endpoint("/rows")
        self._asks = self._client.endpoint("/ask")

    def prepare(self, job: Job) -> Row | Outcome:
        """The row as it leaves: the same for every attempt, but for nothing."""
        if job.request:
            return Row(job, job.request)
        envelope = job.envelope
        row = {
            "key": job.key,
            "event": envelope.id,
            "source": envelope.source,
            "dossier": job.dossier,
            "sequence": envelope.sequence,
            "operation": job.operation,
            "data": orjson.Fragment(envelope.data_json),
        }
        return Row(job, orjson.dumps(row))

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One POST for one row or many; each row settled by its own verdict, an unanswered one unknown."""
        reply = await self._client.send(self._rows, b'{"rows":[' + b",".join(row.body for row in rows) + b"]}", call)
        outcome = _settled(reply)
        if outcome is not None:
            return everywhere(_whole(outcome, rows), rows)
        assert isinstance(reply, Reply)
        try:
            answers = {answer.key: answer for answer in read_model(reply, RowsAnswer).rows}
        except Unreadable as why:
            return everywhere(unreadable(reply, why), rows)
        return [_row_outcome(row, answers.get(row.job.key)) for row in rows]

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Does the partner know these keys?"""
        keys = [row.job.key for row in rows]
        reply = await self._client.send(self._asks, json.dumps({"keys": keys}).encode(), call)
        if _settled(reply) is not None:
            return everywhere(Unknown(), rows)
        assert isinstance(reply, Reply)
        try:
            known = {answer.key: answer.known for answer in read_model(reply, AskAnswer).rows}
        except Unreadable as why:
            return everywhere(unreadable(reply, why), rows)
        return [Unknown() if key not in known else Delivered() if known[key] else Absent() for key in keys]

    async def probe(self, call: Call) -> Outcome | None:
        """Nothing cheaper than a row."""
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Has nothing for us."""
        return None

    async def close(self) -> None:
        await self._client.close()


def _settled(reply: Reply | Failure) -> Outcome | None:
    return from_failure(reply) if isinstance(reply, Failure) else from_status(reply, contract_shape=True)


def _whole(outcome: Outcome, rows: Sequence[Row]) -> Outcome:
    """A refusal of an array of many says nothing about a row."""
    if isinstance(outcome, Permanent) and len(rows) > 1:
        return Permanent(code=outcome.code, words=outcome.words, whole=True)
    return outcome


def _row_outcome(row: Row, answer: RowAnswer | None) -> Outcome:
    if answer is None:
        return Unknown(request=row.body, words="the answer does not mention this row")
    if answer.verdict == "done":
        return Delivered(receipt=answer.receipt, request=row.body)
    return Permanent(code="refused", request=row.body)


def plain_partner(name: str, dedupe: Dedupe, *, batch: int = 1, full_state: bool = False) -> Partner:
    """A plain partner with one operation `put`."""
    operation = Operation("put", "ghi", "put", dedupe, full_state=full_state, batch=batch)
    return Partner(name, f"Đối tác mẫu {name}", f"Plain partner {name}", (operation,), PartnerSettings, PlainAdapter)


def owe_all(names: Sequence[str]) -> Callable[[Envelope], tuple[Owed, ...]]:
    """A route by which every event of a source owes `put` to each of `names`; what the bus itself tells owes nothing."""
    debts = tuple(Owed(name, "put") for name in names)

    def route(envelope: Envelope) -> tuple[Owed, ...]:
        return debts if envelope.event_type.direction == "in" else ()

    return route
