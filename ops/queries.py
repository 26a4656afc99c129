"""Every operator question once, as plain JSON values; those about one dossier are in `ops.dossiers`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from adapters.single_sign_on.causes import CAUSES, Cause
from bus.adapter import Partner
from bus.clock import when
from bus.ledger.cause_notes import GroupNote
from bus.ledger.ledger import Ledger
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.task import Task
from bus.ledger.views import CauseGroup, Totals
from bus.ledger.words import OPEN, State
from ops import causes as catalogue
from ops.dossiers import masked


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
    """Rows of polls and calls that could not be read, newest first: why, and their shape with every value masked; who dealt with them."""
    return [
        {
            "id": row.id,
            "partner": row.partner,
            "first_at": when(row.first_at),
            "last_at": when(row.last_at),
            "times": row.times,
            "size_bytes": len(row.body),
            "why": _why(row.body),
            "row": masked(row.body.decode(errors="replace"), None),
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
