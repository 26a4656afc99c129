"""One dossier as its page shows it: the sentence that says how it stands, the facts, the track, the chosen delivery and its tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bus.ledger.words import State
from ops import causes
from ops.console.text import Speech, epoch
from ops.console.track import Lane, Mark
from ops.console.views import TONES, Health, operation_of, short_of, title_of
from ops.house import House

Told = Mapping[str, Any]
"""A story, delivery or event as `ops.queries` tells it."""
OPEN = ("pending", "sending", "waiting", "in_doubt")
URGENCY = ("dead", "in_doubt", "waiting")


@dataclass(frozen=True, slots=True)
class Sentence:
    """How the dossier stands, in one sentence, with its colour, and the delivery to look at."""

    tone: str
    symbol: str
    lead: str
    says: str
    delivery: int | None


def at_of(delivery: Told) -> float:
    """Where a delivery stands on the axis: when it was settled, else when it was first tried, else when it was accepted."""
    if delivery["state"] in ("delivered", "superseded", "cancelled"):
        return epoch(delivery["changed_at"]) or 0.0
    tried = [epoch(attempt["opened_at"]) for attempt in delivery["attempts"]]
    return next((at for at in tried if at is not None), None) or epoch(delivery["accepted_at"]) or 0.0


def stuck(deliveries: Sequence[Told]) -> Told | None:
    """The delivery that holds most: dead before in doubt before waiting; a skipped one holds nothing."""
    holding = [d for d in deliveries if d["state"] in URGENCY and d["cause"] != "skipped"]
    return min(holding, key=lambda d: URGENCY.index(d["state"]), default=None)


def sentence(house: House, story: Told, health: Mapping[str, Health], say: Speech) -> Sentence:
    """What a person has to know first."""
    head = stuck(story["deliveries"])
    if head is None:
        running = sum(delivery["state"] in OPEN for delivery in story["deliveries"])
        if closed := _closed(story["deliveries"], health):
            lead = say("dossier.closed", partner=closed.title)
            return Sentence(closed.tone, closed.symbol, lead, closed.pause_words or closed.words, None)
        if running:
            return Sentence("wait", "m-sending", say("dossier.running", n=running), "", None)
        return Sentence("ok", "m-delivered", say("dossier.good"), "", None)
    lane = next((lane for lane in story["lanes"] if lane["partner"] == head["partner"]), None)
    behind = lane["waiting_behind"] if lane and lane["head"] == head["id"] else 0
    due = epoch(head["due_at"])
    waits = head["state"] != "dead" and due is not None
    says = say(
        "dossier.stuck_says",
        operation=operation_of(house, head["partner"], head["operation"], say),
        cause=causes.entry(head["partner"], head["cause"], head["code"]).title(say.language).lower(),
        behind=say("dossier.behind", n=behind) if behind else "",
        next=say("dossier.next", time=say.clock(due)) if waits and due is not None else say("dossier.person"),
    )
    lead = say("dossier.stuck", partner=title_of(house, head["partner"], say))
    return Sentence(TONES[State(head["state"])], f"m-{head['state']}", lead, says, head["id"])


def _closed(deliveries: Sequence[Told], health: Mapping[str, Health]) -> Health | None:
    """The partner in trouble that something of these is still owed to."""
    owed = [health[d["partner"]] for d in deliveries if d["state"] in OPEN and d["partner"] in health]
    return next((one for one in owed if not one.good), None)


def lanes(
    house: House, story: Told, health: Mapping[str, Health], say: Speech, chosen: int | None, query: str = ""
) -> list[Lane]:
    """The dossier system's own lane, then one a partner in the order in which they were first owed something.

    `query` names the list the reader came from, in the addresses of the marks.
    """
    names = list(dict.fromkeys(delivery["partner"] for delivery in story["deliveries"]))
    home = Lane("", say("dossier.lane"), "m-event", "idle", say("dossier.source"))
    found = {name: Lane(name, short_of(house, name, say), "m-delivered", "ok", "") for name in names}
    for event in story["events"]:
        title = event["title_vi"] if say.language == "vi" else event["title_en"]
        at = epoch(event["accepted_at"]) or 0.0
        said = f"{title}, {say.exact(at)}"
        if event["client"] in found:
            found[event["client"]].marks.append(Mark(at, "m-reply", "ok", f"{say('mark.reply')}: {said}"))
        else:
            brief = f"short.{event['type']}"
            home.marks.append(Mark(at, "m-event", "idle", said, note=say(brief) if say.knows(brief) else title))
    for delivery in story["deliveries"]:
        found[delivery["partner"]].marks.append(_mark(house, delivery, say, chosen, query))
    held = {lane["partner"]: lane for lane in story["lanes"]}
    for name, lane in found.items():
        own = [delivery for delivery in story["deliveries"] if delivery["partner"] == name]
        _stand(lane, own, held.get(name), health, say)
        lane.chosen = any(delivery["id"] == chosen for delivery in own)
    for lane in (home, *found.values()):
        lane.marks.sort(key=lambda mark: mark.at)
    return [home, *found.values()]


def _mark(house: House, delivery: Told, say: Speech, chosen: int | None, query: str) -> Mark:
    at, state = at_of(delivery), State(delivery["state"])
    words = say(f"state.{state.value}")
    label = f"{_named(house, delivery, say)}, {words}, {say.exact(at)}"
    asked = f"{query}&delivery" if query else "delivery"
    href = f"/console/dossiers/{delivery['dossier']}?{asked}={delivery['id']}#chosen"
    due = epoch(delivery["due_at"])
    again = say("lane.again", time=say.clock(due)) if state is State.WAITING and due and due > say.now else ""
    return Mark(
        at,
        f"m-{state.value}",
        TONES[state],
        label,
        href,
        note=_trouble(delivery, say),
        below=again,
        chosen=delivery["id"] == chosen,
    )


def _trouble(delivery: Told, say: Speech) -> str:
    """What stands beside a mark that holds its lane: how often it was tried and what came of it."""
    if delivery["state"] not in URGENCY or not delivery["cause"] or delivery["cause"] == "skipped":
        return ""
    title = causes.entry(delivery["partner"], delivery["cause"], delivery["code"]).title(say.language)
    tries = len(delivery["attempts"])
    return say("mark.tries", n=tries, cause=title[:1].lower() + title[1:]) if tries > 1 else title


def _named(house: House, delivery: Told, say: Speech) -> str:
    """`Cổng Dịch vụ công quốc gia: Đồng bộ hồ sơ`."""
    operation = operation_of(house, delivery["partner"], delivery["operation"], say)
    return f"{title_of(house, delivery['partner'], say)}: {operation}"


def _stand(lane: Lane, own: Sequence[Told], held: Told | None, health: Mapping[str, Health], say: Speech) -> None:
    """The words under a partner's name, what holds its lane, and what comes next."""
    head = stuck(own)
    if held is not None and held["held"]:
        lane.symbol, lane.tone, lane.words = "m-held", "wait", say("lane.held")
    elif head is not None:
        state = State(head["state"])
        behind = held["waiting_behind"] if held and held["head"] == head["id"] else 0
        doubtful = sum(d["state"] == "in_doubt" for d in own)
        lane.symbol, lane.tone = f"m-{state.value}", TONES[state]
        lane.words = (
            say("lane.behind", n=behind) if behind else say("lane.doubt", n=doubtful) if doubtful else say("lane.stuck")
        )
        if behind:
            _name_the_queue(lane, say("lane.queue", n=behind))
    elif closed := _closed(own, health):
        lane.symbol, lane.tone, lane.words = closed.symbol, closed.tone, closed.words
        if closed.probe_at and not closed.paused:
            lane.words = say("lane.closed", time=say.clock(closed.probe_at))
    elif any(d["state"] in OPEN for d in own):
        lane.symbol, lane.tone, lane.words = "m-sending", "now", say("lane.running")
    else:
        lane.words = say("lane.good")
    if head is not None:
        lane.held_from, lane.held_tone = at_of(head), lane.tone


def _name_the_queue(lane: Lane, words: str) -> None:
    """Say at the first mark that waits for its turn how many stand there."""
    place = next((place for place, mark in enumerate(lane.marks) if mark.symbol == "m-pending"), None)
    if place is not None:
        lane.marks[place] = replace(lane.marks[place], note=words)


def facts(story: Told) -> dict[str, Any]:
    """The newest full state that came, as the events tell it; masked already."""
    for event in reversed(story["events"]):
        dossier = event["data"].get("dossier") if isinstance(event["data"], dict) else None
        if isinstance(dossier, dict):
            return dossier
    return {}


def lines(house: House, story: Told, say: Speech) -> list[tuple[float, str, str, str]]:
    """The story as text: (instant, symbol, colour, words), in time order."""
    found: list[tuple[float, str, str, str]] = []
    for event in story["events"]:
        title = event["title_vi"] if say.language == "vi" else event["title_en"]
        reply = event["client"] in house.partners and event["client"] != "dossier_system"
        who = f"{title_of(house, event['client'], say)}: " if reply else ""
        found.append(
            (
                epoch(event["accepted_at"]) or 0.0,
                "m-reply" if reply else "m-event",
                "ok" if reply else "idle",
                who + title,
            )
        )
    for delivery in story["deliveries"]:
        state = State(delivery["state"])
        words = f"{_named(house, delivery, say)}. {say(f'state.{state.value}')}"
        if delivery["cause"] and state is not State.DELIVERED:
            entry = causes.entry(delivery["partner"], delivery["cause"], delivery["code"])
            words += f" ({entry.title(say.language).lower()})"
        found.append((at_of(delivery), f"m-{state.value}", TONES[state], words + "."))
    return sorted(found, key=lambda line: line[0])
