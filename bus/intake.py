"""Intake: the one front door. Judged events become arrivals with the deliveries they owe; the receipt follows the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from bus import crash, tracing
from bus.adapter import Job, Partner, Watch
from bus.ledger.ledger import Ledger
from bus.ledger.words import Arrival, Debt, Matter, Status, Verdict
from contracts.envelope import Envelope, flags
from contracts.fault import Refusal
from contracts.marks import finders, references
from contracts.owed import Owed

Route = Callable[[Envelope], Sequence[Owed]]
Verdicts = list[dict[str, Any]]


class Intake:
    """Accepts events from sources, replies from partners, and what pollers bring."""

    def __init__(
        self,
        ledger: Ledger,
        ring: Callable[[Iterable[str]], None],
        route: Route,
        partners: Mapping[str, Partner],
        on_event: Callable[[Envelope, int], None] = lambda _envelope, _owed: None,
        notice: Callable[[Envelope], tuple[str, ...]] = flags,
    ) -> None:
        self._ledger = ledger
        self._ring = ring
        self._route = route
        self._partners = partners
        self._on_event = on_event
        self._notice = notice
        self._debt = cache(self._debt_of)
        self._watched: dict[str, list[tuple[str, Watch]]] = {}
        for partner in partners.values():
            for watch in partner.watches:
                for kind in watch.events:
                    self._watched.setdefault(kind, []).append((partner.name, watch))

    async def accept(self, events: Iterable[Envelope | Refusal], *, client: str) -> Verdicts:
        """A verdict per event, in their order. Raises LedgerBusy, and then nothing was stored.

        `events` may be read as they are taken: each is made ready before the next, while the processor has it at hand.
        """
        judged = [
            event if isinstance(event, Refusal) else (event, self.arrival(event, client=client)) for event in events
        ]
        arrivals = [one[1] for one in judged if not isinstance(one, Refusal)]
        begun = [arrival.traceparent for arrival in arrivals]
        stored = await self._ledger.accept(arrivals) if arrivals else []
        for arrival, own in zip(arrivals, begun, strict=True):
            if arrival.traceparent != own:
                tracing.join(arrival.type, arrival.traceparent, own)
        crash.reach("ring.before")
        self._ring({partner for verdict in stored for partner in verdict.ready})
        crash.reach("ring.after")
        verdicts = iter(stored)
        return [_refused(one) if isinstance(one, Refusal) else self._told(*one, next(verdicts)) for one in judged]

    def arrival(self, envelope: Envelope, *, client: str, job: Job | None = None) -> Arrival:
        """What the ledger stores of an event. A reply (`job` given) goes on in the trace and thread of what it answers."""
        correlation = envelope.correlationid or (job.correlation_id if job else "") or thread_id(envelope)
        causation = envelope.causationid or (job.envelope.id if job else "")
        traceparent = (job.traceparent if job else "") or tracing.begin(envelope.type, envelope.traceparent)
        body = envelope.to_json()
        return Arrival(
            source=envelope.source,
            id=envelope.id,
            type=envelope.type,
            subject=envelope.subject,
            sequence=envelope.sequence,
            occurred_at=envelope.time.timestamp(),
            body=body,
            content=envelope.content() if envelope.traced else body,
            debts=tuple(self._debt(owed) for owed in self._route(envelope)),
            client=client,
            finders=tuple(finders(envelope.message)),
            references=tuple(references(envelope.message)),
            correlation_id=correlation,
            causation_id=causation,
            traceparent=traceparent,
            flags=self._notice(envelope),
            matters=self._matters(envelope),
            envelope=envelope,
        )

    def _matters(self, envelope: Envelope) -> tuple[Matter, ...]:
        """How the matters that rooms watch stand after an event from a partner (those have no sequence)."""
        if envelope.sequence is not None:
            return ()
        found = (matter_of(partner, watch, envelope) for partner, watch in self._watched.get(envelope.type, ()))
        return tuple(matter for matter in found if matter is not None)

    def _debt_of(self, owed: Owed) -> Debt:
        operation = self._partners[owed.partner].operation(owed.operation)
        return Debt(owed.partner, owed.operation, operation.full_state, owed.priority, operation.aside)

    def _told(self, envelope: Envelope, arrival: Arrival, verdict: Verdict) -> dict[str, Any]:
        """The receipt: what it owes, what is unusual, or why not."""
        told: dict[str, Any] = {"id": envelope.id, "source": envelope.source, "status": verdict.status.value}
        if verdict.status is Status.ACCEPTED:
            self._on_event(envelope, len(verdict.owed))
            told["owed"] = [f"{partner}.{operation}" for partner, operation in verdict.owed] or "owed to nobody"
            if notes := [*arrival.flags, *(["gap"] if verdict.gap else [])]:
                told["flags"] = notes
            told["trace_id"] = tracing.trace_id(arrival.traceparent)
        elif verdict.status is Status.REFUSED:
            told["faults"] = [{"path": "$.sequence", "rule": verdict.reason, "source": "docs/events.md", "value": ""}]
        elif verdict.reason:
            told["reason"] = verdict.reason
        return told


def matter_of(partner: str, watch: Watch, envelope: Envelope) -> Matter | None:
    """How a matter of a partner's watch stands after an event; None where it is about none."""
    stand = watch.note(envelope)
    if stand is None:
        return None
    at, place = stand.at.timestamp(), watch.events.index(envelope.type)
    return Matter(f"{partner}.{watch.name}", stand.key, stand.dossier, at, place, stand.state, stand.open)


def thread_id(envelope: Envelope) -> str:
    """The correlation id of a dossier's thread: as the source says, else one for all events of this source and subject."""
    return envelope.correlationid or sha256(f"{envelope.source}/{envelope.subject}".encode()).hexdigest()[:32]


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {
        "id": refusal.event_id,
        "source": refusal.source,
        "status": Status.REFUSED.value,
        "faults": [fault.as_dict() for fault in refusal.faults],
    }
