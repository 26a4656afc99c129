"""Every operator question once, as plain JSON values; personal data masked by the marks of the contracts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel

from adapters.single_sign_on.causes import CAUSES, Cause
from bus.adapter import Partner
from bus.clock import instant
from bus.ledger.cause_notes import GroupNote
from bus.ledger.ledger import Ledger
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.task import Task
from bus.ledger.views import AttemptView, CauseGroup, DeliveryView, EventView, Totals
from bus.ledger.words import OPEN, Filter, State
from bus.tracing import trace_id
from contracts.canonical.events import EVENTS
from contracts.envelope import DEADLINE
from contracts.identifier import tidy
from contracts.marks import redact
from contracts.working_time import VIETNAMESE, Calendar
from ops import causes as catalogue
from ops import expected


def when(at: float | None) -> str | None:
    """An instant as ISO 8601, UTC."""
    return None if at is None else instant(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
            _delivery(delivery) | {"attempts": attempts.get(delivery.id, [])} for delivery in told.deliveries
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
        shown["request"] = _masked(attempt.secret["request"], message)
    return shown


def _masked(text: str, message: type[BaseModel] | None) -> Any:
    """A request as JSON with its personal fields masked; what is no JSON is not shown at all."""
    try:
        return redact(json.loads(text), message)
    except ValueError:
        return f"({len(text)} characters)"


def _delivery(view: DeliveryView) -> dict[str, Any]:
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
    return {"items": [_delivery(view) for view in views], "next": following or None}


async def status(ledger: Ledger, *, verify: bool = False) -> dict[str, Any]:
    """Totals over all partners and by partner; with `verify` the proof of the accounting identity."""
    totals = await ledger.totals()
    views = {view.partner: view for view in await ledger.partners()}
    stocks = await ledger.stocks()
    told: dict[str, Any] = {"events": totals.events, **_sums(totals, None)}
    raw = await ledger.raw_counts()
    told["partners"] = {
        name: {
            **_sums(totals, name),
            "paused": name in views and views[name].paused,
            "breaker": "open" if name in views and views[name].breaker_open else "closed",
            "kept_raw": raw.get(name, 0),
            **({"numbers_left": stocks[name][0], "numbers": stocks[name][1]} if name in stocks else {}),
        }
        for name in sorted(totals.owed.keys() | views.keys() | stocks.keys() | raw.keys())
    }
    if verify:
        proof = await ledger.verify()
        told["verified"] = proof.holds
        told["differences"] = list(proof.differences)
    return told


async def kept_raw(ledger: Ledger, partner: str, limit: int, *, dealt: bool = False) -> list[dict[str, Any]]:
    """Rows of polls that could not be read, newest first: why, and their shape with every value masked; who dealt with them."""
    return [
        {
            "id": row.id,
            "partner": row.partner,
            "first_at": when(row.first_at),
            "last_at": when(row.last_at),
            "times": row.times,
            "size_bytes": len(row.body),
            "why": _why(row.body),
            "row": _masked(row.body.decode(errors="replace"), None),
            "dealt_at": when(row.dealt_at),
            "dealt_by": row.dealt_by,
            "reason": row.dealt_reason,
        }
        for row in await ledger.raw_rows(partner, limit, dealt=dealt)
    ]


def _why(body: bytes) -> str:
    """What the poll wrote beside the row; empty where it kept the row alone."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    return str(told.get("why", "")) if isinstance(told, dict) else ""


def _sums(totals: Totals, partner: str | None) -> dict[str, int]:
    """owed, open and each state."""
    by_state = dict.fromkeys(State, 0)
    for (name, state, _), n in totals.counts.items():
        if partner is None or name == partner:
            by_state[state] += n
    owed = sum(n for name, n in totals.owed.items() if partner is None or name == partner)
    return {
        "owed": owed,
        "open": sum(by_state[state] for state in OPEN),
        **{state.value: n for state, n in by_state.items()},
    }


async def causes(ledger: SqlLedger, only: str = "") -> list[dict[str, Any]]:
    """What waits, is in doubt or dead, by group, of the partner `only` where it is given: how the catalogue names it, what to do, and
    what people keep of it.
    """
    groups = [group for group in await ledger.causes() if only in ("", group.partner)]
    notes = await ledger.groups().of(map(catalogue.fingerprint_of, groups))
    return [_cause(group, notes.get(catalogue.fingerprint_of(group))) for group in groups]


def _cause(group: CauseGroup, noted: GroupNote | None) -> dict[str, Any]:
    partner, cause, code = group.partner, group.cause.value, group.code
    line = catalogue.entry(partner, cause, code)
    return {
        "partner": partner,
        "operation": group.operation,
        "state": group.state.value,
        "cause": cause,
        "code": code,
        "hold_key": group.hold_key,
        "count": group.count,
        "dossiers": group.dossiers,
        "oldest_at": when(group.oldest_at),
        "example": group.example,
        "fingerprint": catalogue.fingerprint_of(group),
        "known": catalogue.known(partner, cause, code),
        "owner": noted.owner if noted else "",
        "note": noted.note if noted else "",
        **{name: getattr(line, name) for name in ("title_vi", "title_en", "side", "resend", "advice_vi", "advice_en")},
    }


async def partners(ledger: Ledger, known: Mapping[str, Partner], enabled: Collection[str]) -> list[dict[str, Any]]:
    views = {view.partner: view for view in await ledger.partners()}
    told = []
    for name, partner in known.items():
        view = views.get(name)
        told.append(
            {
                "partner": name,
                "title_vi": partner.title_vi,
                "title_en": partner.title_en,
                "enabled": name in enabled,
                "operations": [
                    {"name": o.name, "dedupe": o.dedupe, "full_state": o.full_state, "batch": o.batch}
                    for o in partner.operations
                ],
                "assumed": list(partner.assumed),
                "paused": bool(view and view.paused),
                "pause_cause": view.pause_cause if view else "",
                "paused_by": view.paused_by if view else "",
                "pause_reason": view.pause_reason if view else "",
                "breaker": "open" if view and view.breaker_open else "closed",
                "next_probe_at": when(view.probe_at) if view else None,
                "not_before": when(view.not_before) if view else None,
                "backlog": view.backlog if view else 0,
                "last_success_at": when(view.last_success_at) if view else None,
            }
        )
    return told


async def tasks(ledger: SqlLedger, before: int, limit: int, partner: str = "") -> list[dict[str, Any]]:
    """Bulk actions, the newest first."""
    return [told_task(task) for task in await ledger.tasks().tasks(before, limit, partner)]


async def task(
    ledger: SqlLedger, number: int, state: str = "", after: int = 0, limit: int = 50
) -> dict[str, Any] | None:
    """One bulk action with a page of its result rows behind the place `after`, and who did what to it; None where there is none."""
    book = ledger.tasks()
    found = await book.task(number)
    if found is None:
        return None
    dossiers, partners = await book.reach(number)
    items = await book.items(number, state, after, limit)
    return told_task(found) | {
        "dossiers": dossiers,
        "partners": partners,
        "items": [
            {
                name: getattr(item, name)
                for name in ("place", "delivery", "dossier", "partner", "state", "before", "after", "rule", "says")
            }
            | {"acted_at": when(item.acted_at), "ended_at": when(item.ended_at)}
            for item in items
        ],
        "next": items[-1].place if items and len(items) == limit else None,
        "notes": [
            {"at": when(n.at), "who": n.who, "verb": n.verb, "reason": n.reason, "before": n.before, "after": n.after}
            for n in await book.remarks(number)
        ],
    }


def told_task(task: Task) -> dict[str, Any]:
    """A bulk action: who, why, over what, how far."""
    plain = (
        "id",
        "verb",
        "past",
        "who",
        "reason",
        "chosen",
        "partner",
        "canary",
        "rate_per_s",
        "needs_approval",
        "state",
    )
    return {name: getattr(task, name) for name in (*plain, "approved_by", "count", "left")} | {
        "resolve_as": task.as_,
        "reference": task.reference,
        "counts": dict(task.counts),
        "created_at": when(task.created_at),
        "tried_at": when(task.tried_at),
        "approved_at": when(task.approved_at),
        "changed_at": when(task.changed_at),
    }


async def sign_ins(ledger: Ledger) -> dict[str, Any]:
    """How sign-ins fared in the last hour and day, by provider and cause with what to do, and who waits for an account."""
    book, now = ledger.sign_ins(), ledger.clock.now()
    spans = {"last_hour": 3600.0, "last_day": 86_400.0}
    return {
        **{name: _fared(await book.counts(now - span_s)) for name, span_s in spans.items()},
        "waiting": [
            {
                "client": waiting.client,
                "provider": waiting.provider,
                "link": waiting.link,
                "people": waiting.people,
                "oldest_at": when(waiting.oldest_at),
            }
            for waiting in await book.waiting()
        ],
    }


def _fared(counts: Mapping[tuple[str, str, str], int]) -> dict[str, Any]:
    """Per provider: tries, failures that are not the person's own doing, their share, and each cause."""
    told: dict[str, Any] = {}
    for (provider, outcome, _link), n in sorted(counts.items()):
        line = CAUSES[Cause(outcome)]
        entry = told.setdefault(provider, {"tries": 0, "failed": 0, "causes": {}})
        entry["tries"] += n
        entry["failed"] += n if line.whose != "person" else 0
        if outcome != Cause.SIGNED_IN:
            known = entry["causes"].setdefault(outcome, {"count": 0, **line._asdict()})
            known["count"] += n
    for entry in told.values():
        entry["failure_ratio"] = round(entry["failed"] / entry["tries"], 4)
    return told
