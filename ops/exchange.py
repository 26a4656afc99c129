"""One exchange with one partner: the stages of one attempt, whose time was spent, and what it was mapped with. Masked, read only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bus.adapter import Operation, Row
from bus.clock import when
from bus.ledger.views import AttemptView, DeliveryView, EventView
from bus.ledger.words import Filter
from bus.outcome import Cause, Outcome
from contracts import codes
from contracts.canonical.events import EVENTS
from contracts.envelope import Envelope
from contracts.fault import Refusal
from mappings.check import tables
from mappings.table import Table
from ops import stages
from ops.house import House
from ops.remap import today


@dataclass(frozen=True, slots=True)
class Times:
    """Whose time was spent, in seconds since the epoch: left us, arrived there (where the partner says so), answered, read by us.

    `measured`: kept with the attempt; without, `left_at` and `read_at` are when the attempt began and was closed.
    """

    left_at: float | None
    arrived_at: float | None
    answered_at: float | None
    read_at: float | None
    measured: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """All of it. `attempt` is None where none was made; `remapped`: the request was not kept and is shown as it would be made today.

    `lines` are the fields in the order of the canonical model. `replies` entered with the answer.
    """

    view: DeliveryView
    event: EventView
    attempt: AttemptView | None
    attempts: tuple[AttemptView, ...]
    lines: tuple[stages.Line, ...]
    times: Times
    editions: Mapping[str, Mapping[str, object]]
    replies: tuple[EventView, ...]
    remapped: bool
    blamed: bool

    @property
    def unmade(self) -> bool:
        """No message could be made of the event: the partner has seen nothing, and the words are ours."""
        return self.attempt is not None and self.attempt.cause is Cause.POISON and "request" not in self.attempt.secret

    @property
    def words(self) -> str:
        return self.attempt.secret.get("words", "") if self.attempt else ""


async def find(house: House, delivery: int, number: int | None = None, only: str = "") -> Exchange | None:
    """The exchange of one delivery's attempt `number`, the last one without; None when there is none such, or it is another's than the
    partner `only`. Raises LedgerBusy.
    """
    views, _ = await house.ledger.deliveries(Filter(ids=(delivery,)), limit=1)
    story = await house.ledger.story(views[0].dossier) if views and only in ("", views[0].partner) else None
    if story is None:
        return None
    view = views[0]
    event = next((e for e in story.events if (e.source, e.event_id) == (view.source, view.event_id)), None)
    attempts = tuple(attempt for attempt in story.attempts if attempt.delivery == view.id)
    attempt = next((a for a in attempts if a.number == number), None) if number else attempts[-1] if attempts else None
    if event is None or (number and attempt is None):
        return None
    replies = _replies(story.events, view, attempt, attempts)
    there = event.erased_at is None
    unsent = attempt is None or "request" not in attempt.secret
    made = await today(house, view, event.body) if there and unsent else None
    lines, blamed = _lines(house, view, event, attempt, replies, made)
    return Exchange(
        view=view,
        event=event,
        attempt=attempt,
        attempts=attempts,
        lines=tuple(lines.values()),
        times=_times(attempt),
        editions=await house.editions.told(view.partner, _mapped_by(attempt, attempts)),
        replies=replies,
        remapped=isinstance(made, Row),
        blamed=blamed,
    )


def _replies(
    events: Sequence[EventView], view: DeliveryView, attempt: AttemptView | None, attempts: Sequence[AttemptView]
) -> tuple[EventView, ...]:
    """What entered in the commit that closed the attempt; after the last one also what the partner told later."""
    if attempt is None or attempt.closed_at is None:
        return ()
    closed_at = attempt.closed_at
    last = attempt.number == attempts[-1].number
    caused = (e for e in events if e.client == view.partner and e.causation_id == view.event_id)
    return tuple(e for e in caused if e.accepted_at == closed_at or (last and e.accepted_at > closed_at))


def _mapped_by(attempt: AttemptView | None, attempts: Sequence[AttemptView]) -> Mapping[str, str]:
    """The facts of the attempt that mapped the request: this one, or an earlier one whose request it sent again."""
    if attempt is None:
        return {}
    earlier = [a for a in attempts if a.number <= attempt.number and "mapping" in a.facts]
    same = (a for a in reversed(earlier) if a.number == attempt.number or "request" in a.secret)
    return next((a.facts for a in same), {})


def _times(attempt: AttemptView | None) -> Times:
    if attempt is None:
        return Times(None, None, None, None, measured=False)
    kept = {
        name: float(value) for name, value in attempt.facts.items() if name in ("left", "answered", "worked", "read")
    }
    if "left" not in kept:
        return Times(attempt.started_at, None, None, attempt.closed_at, measured=False)
    answered = kept.get("answered")
    arrived = answered - kept["worked"] if answered is not None and "worked" in kept else None
    if arrived is not None and arrived < kept["left"]:
        arrived = None  # the partner says that it worked longer than we waited
    return Times(kept["left"], arrived, answered, kept.get("read", attempt.closed_at), measured=True)


def _lines(
    house: House,
    view: DeliveryView,
    event: EventView,
    attempt: AttemptView | None,
    replies: Sequence[EventView],
    made: Row | Outcome | None,
) -> tuple[dict[str, stages.Line], bool]:
    """The rows, and whether a failure was laid at a field."""
    lines: dict[str, stages.Line] = {}
    known, operation = EVENTS[event.type], _operation(house, view)
    if event.erased_at is None:
        stages.received(lines, json.loads(event.body)["data"], known.model)
    message = _canonical(event)
    secret = attempt.secret if attempt else {}
    request = secret.get("request") or (made.body.decode(errors="replace") if isinstance(made, Row) else "")
    if request:
        model = operation.message if operation else None
        fitting = _tables(view.partner, operation, event)
        stages.sent(lines, stages.parsed(request), model, fitting, message)
    if "reply" in secret:
        stages.answered(lines, stages.parsed(secret["reply"]), operation.answer if operation else None)
    for reply in replies:
        stages.applied(lines, json.loads(reply.body)["data"], EVENTS[reply.type].model)
    return lines, _blamed(lines, view, attempt, message)


def _canonical(event: EventView) -> Any:
    """The canonical message as plain values; what came, where today's model refuses it; nothing where it was removed."""
    if event.erased_at is not None:
        return {}
    envelope = Envelope.trusted(event.body)
    try:
        return envelope.message.model_dump(mode="json", by_alias=True, exclude_none=True)
    except Refusal:
        return envelope.data


def _blamed(lines: dict[str, stages.Line], view: DeliveryView, attempt: AttemptView | None, message: Any) -> bool:
    if attempt is None or attempt.outcome in ("Delivered", "Taken", "Absent", ""):
        return False
    missing = codes.gap_of(view.hold_key)
    if attempt.cause is Cause.CODE_GAP and missing is not None:
        return stages.gap(lines, message, missing.code, missing.code_list)
    by_partner = attempt.cause in (Cause.REFUSED, Cause.CONTRACT, Cause.LATER)
    return stages.blame(lines, attempt.code, attempt.secret.get("words", ""), by_partner=by_partner)


def _operation(house: House, view: DeliveryView) -> Operation | None:
    partner = house.partners.get(view.partner)
    return next((o for o in partner.operations if o.name == view.operation), None) if partner else None


def _tables(partner: str, operation: Operation | None, event: EventView) -> list[Table]:
    """The partner's tables that write this operation's message from events of this type; else all that write it."""
    if operation is None or operation.message is None:
        return []
    try:
        known = tables(partner)
    except ImportError:  # a room without tables
        return []
    writing = [named.table for named in known if not named.reads and named.table.to is operation.message]
    fitting = [one for one in writing if one.of is not None and issubclass(EVENTS[event.type].model, one.of)]
    return fitting or writing


def as_json(told: Exchange) -> dict[str, Any]:
    """The exchange as plain JSON values; times are ISO 8601, UTC."""
    attempt, view = told.attempt, told.view
    return {
        "delivery": view.id,
        "attempt": attempt.number if attempt else None,
        "attempts": [a.number for a in told.attempts],
        "dossier": view.dossier,
        "partner": view.partner,
        "operation": view.operation,
        "state": view.state.value,
        "event": {
            "id": view.event_id,
            "source": view.source,
            "type": view.event_type,
            "time": when(told.event.occurred_at),
            "accepted_at": when(told.event.accepted_at),
            "client": told.event.client,
        },
        "trace_id": view.trace_id,
        "call_id": attempt.call_id if attempt else "",
        "outcome": (attempt.outcome or "open") if attempt else None,
        "cause": attempt.cause.value if attempt else view.cause.value,
        "code": attempt.code if attempt else "",
        "words": told.words,
        "times": {
            "left_at": when(told.times.left_at),
            "arrived_at": when(told.times.arrived_at),
            "answered_at": when(told.times.answered_at),
            "read_at": when(told.times.read_at),
            "measured": told.times.measured,
        },
        "editions": {
            kind: {**line, "first_at": when(line["first_at"] if isinstance(line["first_at"], float) else None)}
            for kind, line in told.editions.items()
        },
        "request_is_of_today": told.remapped,
        "replies": [{"id": e.event_id, "type": e.type, "accepted_at": when(e.accepted_at)} for e in told.replies],
        "fields": [
            {"path": line.path, "differs": line.differs, **{stage: asdict(cell) for stage, cell in line.cells.items()}}
            for line in told.lines
        ],
    }
