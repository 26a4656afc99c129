"""What questions to the ledger bring: views of deliveries, events and partners, counts and groups. Data only.

Times are seconds since the epoch (UTC) by the bus's steady clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bus.adapter import Step
from bus.ledger.words import State
from bus.outcome import Cause


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery for a list: no payload. `flags` are its event's."""

    id: int
    partner: str
    operation: str
    dossier: str
    number: int | None
    state: State
    cause: Cause
    code: str
    hold_key: str
    step: Step
    due_at: float | None
    attempt: int
    tries: int
    accepted_at: float
    changed_at: float
    event_id: str
    event_type: str
    source: str
    flags: tuple[str, ...]
    trace_id: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt with its opened secrets (request, reply, words); mask before showing. `facts` are those of its `Result`."""

    delivery: int
    number: int
    step: Step
    opened_at: float
    started_at: float | None
    closed_at: float | None
    outcome: str
    cause: Cause
    code: str
    call_id: str
    worker: str
    late: bool
    secret: Mapping[str, str]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a story, its body opened; mask before showing. `erased_at`: its contents were removed then, the body says nothing."""

    id: int
    source: str
    event_id: str
    type: str
    sequence: int | None
    occurred_at: float
    accepted_at: float
    client: str
    erased_at: float | None
    entered: bool
    flags: tuple[str, ...]
    correlation_id: str
    causation_id: str
    traceparent: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """An operator action that touched the dossier (who, when, why, from where to where)."""

    at: float
    who: str
    verb: str
    reason: str
    delivery: int | None
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the ledger knows of one dossier, each list in time order; `lanes` tells holds and how many wait behind the head."""

    dossier: str
    events: Sequence[EventView]
    deliveries: Sequence[DeliveryView]
    attempts: Sequence[AttemptView]
    notes: Sequence[Note]
    lanes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts by partner and state and cause, from the tally: {(partner, state, cause): n}; `owed` per partner; `events` accepted;
    `overdue`: expected steps that are raised, by partner and `<step>.<how it stands>` (bus.ledger.expected)."""

    counts: Mapping[tuple[str, State, Cause], int]
    owed: Mapping[str, int]
    events: int
    overdue: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Proof:
    """The accounting identity of G9: owed = delivered + dead + cancelled + superseded + open, tally against a full count."""

    holds: bool
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Deliveries to one partner that wait for one code: how many, since when, an example."""

    hold_key: str
    partner: str
    count: int
    oldest_at: float
    example: int


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Failures that share partner, operation, state, cause and partner code: how many, how old, an example."""

    partner: str
    operation: str
    state: State
    cause: Cause
    code: str
    hold_key: str
    count: int
    dossiers: int
    oldest_at: float
    example: int


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner's switches as they stand in the ledger."""

    partner: str
    paused: bool
    pause_cause: str
    paused_by: str
    pause_reason: str
    breaker_open: bool
    probe_at: float | None
    not_before: float | None
    backlog: int
    last_success_at: float | None
