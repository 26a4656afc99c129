"""What ought to follow after what happened to a dossier, and by when: the steps of ops/expected.csv against its events and deliveries.

A line of that table begins with an event (`after`) and ends when the event's deliveries to the line's partner are settled (`until` is
`delivered`), or when one of the events that `until` names has come. `limit` is counted in wall time or in the office's hours; `DUE` is
the dossier's own due time, which stands still while its status does (5, 6, 8). A line for some procedures stands before one for all.
What happened long before it was accepted is history being loaded: nothing is expected after it. Pure, but for the table.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter

from bus.clock import instant
from bus.ledger.expected import Happened, Owing, Standing
from bus.ledger.views import Story
from bus.ledger.words import OPEN, State
from bus.outcome import Cause
from contracts.canonical.events import EVENTS, PREFIX
from contracts.identifier import procedure_parts
from contracts.working_time import VIETNAM, VIETNAMESE, Calendar, Limit, Unit, YearMissing
from ops.words import Language

LOADED_S = 7 * 86_400.0
"""An event accepted so long after it happened was loaded from the past."""
GIVEN_UP_S = 90 * 86_400.0
"""What is late for so long is no longer looked for."""
PAUSED = (5, 6, 8)
"""Statuses in which the dossier's clock stands."""
ENDED = (3, 7, 9, 10)
"""Statuses after which nothing is promised any more: refused, withdrawn, processed, handed over."""
PORTAL_STEP = "portal_status"
"""The one step that every event of its line must owe, where the portal has the dossier at all: not owed is missing."""
AGAIN_S, LONGEST_S = 60.0, 900.0
"""How soon a raised step is looked at again: the later it is, the longer, within these bounds."""
NO_CALENDAR_S = 3600.0
HOURS = {"MINUTE": 1 / 60, "HOUR": 1.0}
UNIT: TypeAdapter[Unit] = TypeAdapter(Unit)
Stand = Literal["expected", "paused"] | Standing
RAISED: tuple[Standing, ...] = ("missing", "late", "risk", "uncounted")
"""What is raised, the worst first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table; see the module. `procedures` are base codes, none: any. `warn`: working hours before, it is at risk."""

    step: str
    after: frozenset[str]
    procedures: frozenset[str]
    partner: str
    until: frozenset[str]
    limit: Limit | timedelta | None
    warn: timedelta | None
    title_vi: str
    title_en: str
    source: str

    def title(self, language: Language) -> str:
        return self.title_vi if language == "vi" else self.title_en


class Facts(NamedTuple):
    """What the newest state of the dossier says."""

    procedure: str = ""
    status: int | None = None
    due_at: float | None = None


class Step(NamedTuple):
    """A step that has not come: since when it is expected, until when (`due_at`, None: nobody can say), from when on it is at risk.

    Times in seconds since the epoch. `year` has no holidays in our data, where that is why.
    """

    step: str
    partner: str
    title_vi: str
    title_en: str
    since: float
    due_at: float | None
    warn_at: float | None
    stand: Stand
    year: int | None = None


def _named(words: str) -> frozenset[str]:
    """`dossier.received` as the type's whole name."""
    return frozenset(f"{PREFIX}{word}.v1" for word in words.split())


def _limit(words: str, clock: str) -> Limit | timedelta | None:
    if words == "DUE":
        return None
    amount, unit = words.split()
    if clock == "wall":
        return timedelta(hours=int(amount) * HOURS[unit])
    return Limit(int(amount), UNIT.validate_python(unit))


def read(rows: Iterable[dict[str, str]]) -> tuple[Rule, ...]:
    """The rules of a table. Raises KeyError, ValueError for a line that is none."""
    found = []
    for row in rows:
        until = frozenset[str]() if row["until"] == "delivered" else _named(row["until"])
        after = _named(row["after"])
        if unknown := (after | until) - EVENTS.keys():
            raise ValueError(f"{row['step']}: there is no event {sorted(unknown)}")
        found.append(
            Rule(
                row["step"],
                after,
                frozenset(row["procedure"].split()) - {"*"},
                row["partner"],
                until,
                _limit(row["limit"], row["clock"]),
                timedelta(hours=int(row["warn"].split()[0])) if row["warn"] else None,
                row["title_vi"],
                row["title_en"],
                row["source"],
            )
        )
    return tuple(found)


@cache
def rules() -> tuple[Rule, ...]:
    """The table that comes with the bus."""
    return read(csv.DictReader(files("ops").joinpath("expected.csv").read_text(encoding="utf-8").splitlines()))


def tells(event_type: str) -> bool:
    """Whether an event of this type carries the dossier's state, from which `facts` are taken."""
    return event_type.startswith(f"{PREFIX}dossier.") or event_type == f"{PREFIX}payment.completed.v1"


def facts(body: bytes) -> Facts:
    """What the newest event that `tells` says; nothing where there is none."""
    data: Any = json.loads(body).get("data") if body else None
    state = data.get("dossier") if isinstance(data, dict) else None
    if not isinstance(state, dict):
        return Facts()
    due = state.get("due_at")
    code = procedure_parts(state["procedure"]["code"]).base
    return Facts(code, state["status"], datetime.fromisoformat(due).timestamp() if due else None)


def promised(body: bytes) -> float | None:
    """By when the citizen is to have the result, as the newest state says; None where it has no such time, or its clock stands."""
    known = facts(body)
    return None if known.status in (*ENDED, *PAUSED) else known.due_at


def steps(
    events: Sequence[Happened],
    owing: Sequence[Owing],
    known: Facts,
    now: float,
    table: Sequence[Rule] | None = None,
    calendar: Calendar = VIETNAMESE,
) -> list[Step]:
    """The steps that are expected and have not come, one of each name (the longest awaited), the most pressing first.

    `events` and `owing` in the order in which they came.
    """
    found: list[Step] = []
    for rule in _of(rules() if table is None else table, known.procedure):
        begun = _open(rule, events, owing)
        if begun is not None:
            step = _stand(rule, *begun, known, now, calendar)
            if step.due_at is None or step.due_at > now - GIVEN_UP_S:
                found.append(step)
    return sorted(found, key=lambda step: (step.stand == "paused", step.due_at or step.since, step.step))


def of(story: Story, now: float, calendar: Calendar = VIETNAMESE) -> list[Step]:
    """The same for the dossier of a story."""
    events = [Happened(e.id, e.type, e.occurred_at, e.accepted_at) for e in story.events]
    numbers = {(e.source, e.event_id): e.id for e in story.events}
    owing = [
        Owing(numbers.get((d.source, d.event_id), 0), d.partner, d.state, d.cause, d.changed_at)
        for d in story.deliveries
    ]
    told = next((event.body for event in reversed(story.events) if tells(event.type)), b"")
    return steps(events, owing, facts(told), now, calendar=calendar)


def next_look(found: Iterable[Step], now: float) -> float | None:
    """When something of these may stand otherwise by time alone; None: only an event can change them."""
    times = [at for at in (_look(step, now) for step in found) if at is not None]
    return min(times, default=None)


def _look(step: Step, now: float) -> float | None:
    match step.stand:
        case "paused":
            return None
        case "uncounted":
            return now + NO_CALENDAR_S
        case "late" | "missing":
            return now + min(LONGEST_S, max(AGAIN_S, (now - (step.due_at or now)) / 4))
        case _:
            return min(at for at in (step.warn_at, step.due_at) if at is not None and at > now)


def _of(table: Sequence[Rule], procedure: str) -> Iterable[Rule]:
    """One rule a step: the procedure's own before the one for all."""
    chosen: dict[str, Rule] = {}
    for rule in table:
        if procedure in rule.procedures or (not rule.procedures and rule.step not in chosen):
            chosen[rule.step] = rule
    return chosen.values()


def _open(rule: Rule, events: Sequence[Happened], owing: Sequence[Owing]) -> tuple[Happened, bool] | None:
    """The first event after which the step has not come, and whether somebody is at it; None where all has come."""
    known_there = any(debt.partner == rule.partner for debt in owing)
    for place, event in enumerate(events):
        if event.type not in rule.after or event.occurred_at < event.accepted_at - LOADED_S:
            continue
        if rule.until:
            if not any(later.type in rule.until for later in events[place + 1 :]):
                return event, _at_work(rule.partner, owing)
            continue
        debts = [debt for debt in owing if debt.event == event.id and debt.partner == rule.partner]
        if any(_unsettled(debt) for debt in debts):
            return event, True
        if not debts and known_there and rule.step == PORTAL_STEP:
            return event, False
    return None


def _unsettled(debt: Owing) -> bool:
    return debt.state in OPEN or (debt.state is State.DEAD and debt.cause is not Cause.SKIPPED)


def _at_work(partner: str, owing: Sequence[Owing]) -> bool:
    return any(debt.partner == partner and debt.state in OPEN for debt in owing)


def _stand(rule: Rule, event: Happened, at_work: bool, known: Facts, now: float, calendar: Calendar) -> Step:
    """How the step stands now."""
    since = event.occurred_at if rule.until else event.accepted_at
    base = Step(rule.step, rule.partner, rule.title_vi, rule.title_en, since, None, None, "paused")
    try:
        due_at = _due(rule, since, known, calendar)
        if due_at is None:
            return base
        warn_at = calendar.back(instant(due_at), rule.warn).timestamp() if rule.warn else None
    except YearMissing as missing:
        return base._replace(stand="uncounted", year=missing.year)
    stand: Stand = "expected"
    if now >= due_at:
        stand = "late" if at_work or rule.limit is None else "missing"
    elif warn_at is not None and now >= warn_at:
        stand = "risk"
    return base._replace(due_at=due_at, warn_at=warn_at, stand=stand)


def _due(rule: Rule, since: float, known: Facts, calendar: Calendar) -> float | None:
    """By when; None while the dossier's clock stands, or where it has no due time."""
    if isinstance(rule.limit, timedelta):
        return since + rule.limit.total_seconds()
    if isinstance(rule.limit, Limit):
        return calendar.due(instant(since), rule.limit).timestamp()
    if known.due_at is None or known.status in PAUSED:
        return None
    calendar.is_working(instant(known.due_at).astimezone(VIETNAM).date())
    return known.due_at
