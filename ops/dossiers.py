"""A dossier as plain JSON values: its events, deliveries and attempts, personal fields masked by the marks of the contracts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bus.adapter import Partner
from bus.clock import when
from bus.ledger.ledger import Ledger
from bus.ledger.views import AttemptView, DeliveryView, EventView
from bus.ledger.words import Filter
from bus.tracing import trace_id
from contracts.canonical.events import EVENTS
from contracts.envelope import DEADLINE
from contracts.identifier import tidy
from contracts.marks import redact
from contracts.working_time import VIETNAMESE, Calendar
from ops import expected


async def story(
    ledger: Ledger, partners: Mapping[str, Partner], code: str, calendar: Calendar = VIETNAMESE
) -> dict[str, Any] | None:
    """Everything about one dossier in time order, masked; None when it was never heard of. `calendar`: the office's hours."""
    told = await ledger.story(str(tidy(code)).upper()) or await ledger.story(code)
    if told is None:
        return None
    attempts: dict[int, list[dict[str, Any]]] = {}
    operations = {delivery.id: _message(partners, delivery) for delivery in told.deliveries}
    for attempt in told.attempts:
        attempts.setdefault(attempt.delivery, []).append(_attempt(attempt, operations.get(attempt.delivery)))
    return {
        "dossier": told.dossier,
        "events": [_event(event) for event in told.events],
        "deliveries": [
            delivery_row(delivery) | {"attempts": attempts.get(delivery.id, [])} for delivery in told.deliveries
        ],
        "notes": [
            {
                "at": when(n.at),
                "who": n.who,
                "verb": n.verb,
                "reason": n.reason,
                "delivery": n.delivery,
                "before": n.before,
                "after": n.after,
            }
            for n in told.notes
        ],
        "expected": [
            step._asdict() | {"since": when(step.since), "due_at": when(step.due_at), "warn_at": when(step.warn_at)}
            for step in expected.of(told, ledger.clock.now(), calendar)
        ],
        "lanes": [
            {
                "partner": lane["partner"],
                "held": bool(lane["held"]),
                "head": lane["head"],
                "waiting_behind": max(0, lane["holding"] - 1),
                "next_at": when(lane["ready_at"]),
            }
            for lane in told.lanes
        ],
    }


def within(story: dict[str, Any] | None, only: str) -> dict[str, Any] | None:
    """What of a story concerns the partner `only`, where it is given; None when nothing does."""
    if story is None or not only:
        return story
    deliveries = [delivery for delivery in story["deliveries"] if delivery["partner"] == only]
    owed = {(delivery["source"], delivery["event"]) for delivery in deliveries}
    events = [e for e in story["events"] if e["client"] == only or (e["source"], e["id"]) in owed]
    lanes = [lane for lane in story["lanes"] if lane["partner"] == only]
    steps = [step for step in story["expected"] if step["partner"] == only]
    own = {delivery["id"] for delivery in deliveries}
    notes = [note for note in story["notes"] if note["delivery"] in own]
    mine = {"deliveries": deliveries, "events": events, "lanes": lanes, "expected": steps, "notes": notes}
    return story | mine if deliveries else None


async def applicant(ledger: Ledger, code: str) -> dict[str, str]:
    """Who filed a dossier, in clear, by the newest full state: for whom one field was revealed, and nobody else."""
    told = await ledger.story(code)
    for event in reversed(told.events if told else ()):
        data = json.loads(event.body).get("data")
        dossier = data.get("dossier") if isinstance(data, dict) else None
        if isinstance(dossier, dict):
            return {name: str(value) for name, value in dossier.get("applicant", {}).items() if value}
    return {}


def _event(event: EventView) -> dict[str, Any]:
    known = EVENTS.get(event.type)
    body = json.loads(event.body)
    return {
        "id": event.event_id,
        "source": event.source,
        "type": event.type,
        "title_vi": known.title_vi if known else event.type,
        "title_en": known.title_en if known else event.type,
        "sequence": event.sequence,
        "time": when(event.occurred_at),
        "accepted_at": when(event.accepted_at),
        "client": event.client,
        "erased_at": when(event.erased_at),
        "waits_for_gap": not event.entered,
        "flags": list(event.flags),
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "trace_id": trace_id(event.traceparent),
        "data": redact(body["data"], known.model if known else None),
    }


def _message(partners: Mapping[str, Partner], delivery: DeliveryView) -> type[BaseModel] | None:
    partner = partners.get(delivery.partner)
    found = [o.message for o in partner.operations if o.name == delivery.operation] if partner else []
    return found[0] if found else None


def _attempt(attempt: AttemptView, message: type[BaseModel] | None) -> dict[str, Any]:
    shown = {
        "number": attempt.number,
        "step": attempt.step,
        "opened_at": when(attempt.opened_at),
        "started_at": when(attempt.started_at),
        "closed_at": when(attempt.closed_at),
        "outcome": attempt.outcome or "open",
        "cause": attempt.cause.value,
        "code": attempt.code,
        "call_id": attempt.call_id,
        "worker": attempt.worker,
        "late": attempt.late,
        "words": attempt.secret.get("words", ""),
    }
    if "request" in attempt.secret:
        shown["request"] = masked(attempt.secret["request"], message)
    return shown


def masked(text: str, message: type[BaseModel] | None) -> Any:
    """A request as JSON with its personal fields masked; what is no JSON is not shown at all."""
    try:
        return redact(json.loads(text), message)
    except ValueError:
        return f"({len(text)} characters)"


def delivery_row(view: DeliveryView) -> dict[str, Any]:
    return {
        "id": view.id,
        "partner": view.partner,
        "operation": view.operation,
        "dossier": view.dossier,
        "number": view.number,
        "state": view.state.value,
        "cause": view.cause.value,
        "code": view.code,
        "hold_key": view.hold_key,
        "step": view.step,
        "due_at": when(view.due_at),
        "attempt": view.attempt,
        "tries": view.tries,
        "accepted_at": when(view.accepted_at),
        "changed_at": when(view.changed_at),
        "event": view.event_id,
        "event_type": view.event_type,
        "source": view.source,
        "deadline_on": next((f.removeprefix(DEADLINE) for f in view.flags if f.startswith(DEADLINE)), None),
        "trace_id": view.trace_id,
    }


async def deliveries(ledger: Ledger, where: Filter, cursor: str, limit: int) -> dict[str, Any]:
    """One page and the next page's cursor (null at the end)."""
    views, following = await ledger.deliveries(where, cursor=cursor, limit=limit)
    return {"items": [delivery_row(view) for view in views], "next": following or None}
