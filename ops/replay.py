"""Today's mapping over recorded traffic: what a partner would be sent now, beside what it was sent then. Masked; nothing leaves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bus.adapter import Operation, Row
from bus.ledger.views import AttemptView, DeliveryView, EventView, Story
from bus.ledger.words import Filter
from bus.outcome import Outcome
from ops import stages
from ops.house import House
from ops.remap import today

PLACE = re.compile(r"\[\d+\]")
STORIES = 50
"""Dossiers whose stories are at hand during one replay."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request then and now; None where it was not there. `differs` compares what is not shown too."""

    name: str
    then: Any
    now: Any
    differs: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """One recorded delivery mapped anew. `fields` are in today's order; `why`: no request can be made today, in words.

    `recorded`: its request was kept, so that there is something to compare with.
    """

    view: DeliveryView
    recorded: bool
    fields: tuple[Field, ...]
    why: str = ""

    @property
    def differs(self) -> bool:
        return self.recorded and (bool(self.why) or any(one.differs for one in self.fields))


async def tried(house: House, delivery: int, only: str = "") -> Tried | None:
    """One delivery mapped anew; None when there is none such, its contents were removed, or it is another's than the partner `only`.

    Raises LedgerBusy.
    """
    views, _ = await house.ledger.deliveries(Filter(ids=(delivery,)), limit=1)
    story = await house.ledger.story(views[0].dossier) if views and only in ("", views[0].partner) else None
    return await _tried(house, views[0], story) if story is not None else None


async def _tried(house: House, view: DeliveryView, story: Story) -> Tried | None:
    event = _event(story, view)
    made = await today(house, view, event.body) if event is not None else None
    if made is None:
        return None
    sent = _request(story, view)
    if isinstance(made, Outcome):
        return Tried(view, bool(sent), (), made.words or made.code)
    return Tried(view, bool(sent), tuple(compared(sent, made, _operation(house, view))))


def compared(sent: str, made: Row, operation: Operation | None) -> list[Field]:
    """Each field of what was sent and of what would be; nothing differs where nothing was kept."""
    model = operation.message if operation else None
    then = stages.told(stages.parsed(sent), model) if sent else {}
    now = stages.told(stages.parsed(made.body.decode(errors="replace")), model)
    return [
        Field(
            name,
            then[name].shown if name in then else None,
            now[name].shown if name in now else None,
            bool(sent) and _value(then, name) != _value(now, name),
        )
        for name in [*now, *(gone for gone in then if gone not in now)]
    ]


def _value(leaves: Mapping[str, stages.Leaf], name: str) -> str | None:
    return stages.plain(leaves[name].value) if name in leaves else None


async def replay(
    house: House, partner: str, operation: str = "", cursor: str = "", limit: int = 50, only: str = ""
) -> dict[str, Any]:
    """A page of a partner's recorded deliveries mapped anew, newest first, and what differs by field: how often, an example.

    `limit` deliveries are looked at; `next` is where the next page begins, null at the end. Raises LedgerBusy.
    """
    where = Filter(partner=partner, operation=operation or None)
    views, following = await house.ledger.deliveries(where, cursor=cursor, limit=limit)
    stories: dict[str, Story | None] = {}
    counts: Counter[str] = Counter()
    changed: dict[str, dict[str, Any]] = {}
    unsayable: dict[str, dict[str, Any]] = {}
    for view in views if only in ("", partner) else ():
        if view.dossier not in stories:
            if len(stories) >= STORIES:
                stories.clear()
            stories[view.dossier] = await house.ledger.story(view.dossier)
        story = stories[view.dossier]
        one = await _tried(house, view, story) if story is not None else None
        if one is None or not one.recorded:
            counts["not_kept"] += 1
            continue
        counts["differs" if one.differs else "same"] += 1
        if one.why:
            _count(unsayable, one.why, view.id, why=one.why)
        for name, field in {PLACE.sub("[]", f.name): f for f in one.fields if f.differs}.items():
            _count(changed, name, view.id, field=name, then=field.then, now=field.now)
    return {
        "partner": partner,
        "operation": operation,
        "looked": len(views),
        "same": counts["same"],
        "differs": counts["differs"],
        "not_kept": counts["not_kept"],
        "fields": sorted(changed.values(), key=lambda line: -int(line["count"])),
        "unsayable": sorted(unsayable.values(), key=lambda line: -int(line["count"])),
        "next": following or None,
    }


def _count(found: dict[str, dict[str, Any]], key: str, delivery: int, **facts: Any) -> None:
    line = found.setdefault(key, {**facts, "count": 0, "example": delivery})
    line["count"] += 1


def _event(story: Story, view: DeliveryView) -> EventView | None:
    for event in story.events:
        if (event.source, event.event_id) == (view.source, view.event_id):
            return event if event.erased_at is None else None
    return None


def _request(story: Story, view: DeliveryView) -> str:
    """The newest request that was kept."""
    own: list[AttemptView] = [attempt for attempt in story.attempts if attempt.delivery == view.id]
    return next((attempt.secret["request"] for attempt in reversed(own) if "request" in attempt.secret), "")


def _operation(house: House, view: DeliveryView) -> Operation | None:
    partner = house.partners.get(view.partner)
    return next((o for o in partner.operations if o.name == view.operation), None) if partner else None
