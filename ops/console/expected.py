"""Expected steps on the console: their marks on a dossier's track, their lines in its story, and the list of what stands raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from bus.ledger.expected import RaisedStep
from bus.ledger.views import Totals
from ops import deadlines, expected
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech, epoch
from ops.console.track import Lane, Mark
from ops.console.views import operation_of, title_of
from ops.house import House

SIGNS = {
    "expected": ("m-expected", "idle"),
    "paused": ("m-held", "idle"),
    "risk": ("m-late", "wait"),
    "late": ("m-late", "wait"),
    "missing": ("m-missing", "bad"),
    "uncounted": ("m-missing", "bad"),
}
"""Symbol and colour of how a step stands; what is promised to the citizen is red when it is late."""
PROMISED = "result"
PAGE = 50
HOME = "dossier_system"


def sign(step: str, stand: str) -> tuple[str, str]:
    """Symbol and colour of a step."""
    symbol, tone = SIGNS[stand]
    return symbol, "bad" if step == PROMISED and stand in ("risk", "late") else tone


def _title(step: Mapping[str, Any], say: Speech) -> str:
    return str(step["title_vi"] if say.language == "vi" else step["title_en"])


def _says(step: Mapping[str, Any], say: Speech) -> str:
    """How a step stands, in words."""
    due = epoch(step["due_at"])
    return say(f"stand.{step['stand']}", time=say.clock(due) if due else "", year=step["year"])


def mark(lanes: Sequence[Lane], story: Mapping[str, Any], say: Speech) -> None:
    """Put the steps on the lanes of their partners: dotted behind now, late and missing ones at the time they were due."""
    found = {lane.name or HOME: lane for lane in reversed(lanes)}
    for step in story["expected"]:
        lane, due = found.get(step["partner"]), epoch(step["due_at"])
        if lane is None or due is None:
            continue
        symbol, tone = sign(step["step"], step["stand"])
        title = _title(step, say)
        label = f"{title}: {_says(step, say)}"
        if due <= say.now:
            late = say("stand.late.by", span=say.span(say.now - due))
            note = late if step["stand"] == "late" else say(f"stand.{step['stand']}.short")
            lane.marks.append(Mark(due, symbol, tone, label, note=note))
            lane.marks.sort(key=lambda one: one.at)
        elif lane.due is None:
            lane.due = Mark(due, symbol, tone, label, note=say("stand.before", time=say.clock(due)))


def lines(story: Mapping[str, Any], say: Speech) -> list[tuple[float, str, str, str]]:
    """The steps as lines of the story: (instant, symbol, colour, words)."""
    return [
        (
            epoch(step["due_at"]) or say.now,
            *sign(step["step"], step["stand"]),
            f"{_title(step, say)}: {_says(step, say)}.",
        )
        for step in story["expected"]
    ]


@dataclass(frozen=True, slots=True)
class Owed:
    """Something a dossier still has to have: how it stands, and what action would bring it, where there is one (`verb`, `delivery`)."""

    symbol: str
    tone: str
    words: str
    below: str
    verb: str = ""
    delivery: int = 0


ORDER = ("missing", "late", "risk", "uncounted", "expected", "paused")


def owed(house: House, story: Mapping[str, Any], say: Speech, chosen: int | None) -> list[Owed]:
    """What is still to come, the worst first: steps that are missing or late, what is in doubt or dead, and what is expected.

    The delivery that is shown beside it (`chosen`) is not told again.
    """
    steps = [
        (ORDER.index(step["stand"]), epoch(step["due_at"]) or say.now, _owed(step, say)) for step in story["expected"]
    ]
    stopped = [
        (ORDER.index("risk"), at, _stopped(house, delivery, at, say))
        for delivery in story["deliveries"]
        if delivery["state"] in ("dead", "in_doubt") and delivery["cause"] != "skipped" and delivery["id"] != chosen
        for at in [epoch(delivery["changed_at"]) or say.now]
    ]
    return [one for _, _, one in sorted([*steps, *stopped], key=lambda row: row[:2])]


def _owed(step: Mapping[str, Any], say: Speech) -> Owed:
    due = epoch(step["due_at"])
    at = say.now if due is None else due
    below = say(f"owed.{step['stand']}", time=say.clock(at), span=say.span(abs(say.now - at)), year=step["year"])
    return Owed(*sign(step["step"], step["stand"]), _title(step, say), below)


def _stopped(house: House, delivery: Mapping[str, Any], at: float, say: Speech) -> Owed:
    words = f"{title_of(house, delivery['partner'], say)}: {operation_of(house, delivery['partner'], delivery['operation'], say)}"
    if delivery["state"] == "dead":
        return Owed("m-dead", "bad", words, say("owed.dead", time=say.clock(at)), "resend", delivery["id"])
    return Owed("m-in_doubt", "doubt", words, say("owed.doubt", time=say.clock(at)), "ask", delivery["id"])


@dataclass(frozen=True, slots=True)
class Row:
    """A raised step of a list."""

    dossier: str
    title: str
    partner: str
    stand: str
    symbol: str
    tone: str
    due_at: float
    left: str


@dataclass(frozen=True, slots=True)
class Group:
    """A step and how it stands, over all dossiers: how many, and the first due."""

    step: str
    title: str
    partner: str
    stand: str
    symbol: str
    tone: str
    dossiers: int
    due_at: float


async def groups(house: House, say: Speech, totals: Totals, only: str = "") -> list[Group]:
    """What stands raised, a line a step, of the partner `only` where it is given; the worst and oldest first."""
    counts = deadlines.counted(totals, only)
    found = []
    for step in dict.fromkeys(step for step, _ in counts):
        first = await house.ledger.expectations().raised(1, step=step, partner=only)
        worst = next(stand for stand in expected.RAISED if (step, stand) in counts)
        for one in (_row(house, row, say) for row in first):
            symbol, tone = sign(step, worst)
            n = sum(n for (name, _), n in counts.items() if name == step)
            found.append(Group(step, one.title, one.partner, worst, symbol, tone, n, one.due_at))
    return sorted(found, key=lambda group: (group.tone != "bad", group.due_at))


def _row(house: House, one: RaisedStep, say: Speech) -> Row:
    rule = next((rule for rule in expected.rules() if rule.step == one.step), None)
    symbol, tone = sign(one.step, one.state)
    left = one.due_at - say.now
    words = say("stand.uncounted.short") if one.state == "uncounted" else ""
    return Row(
        one.dossier,
        rule.title(say.language) if rule else one.step,
        title_of(house, one.partner, say),
        one.state,
        symbol,
        tone,
        one.due_at,
        words
        or (say("dossier.due", span=say.span(left)) if left >= 0 else say("dossier.overdue", span=say.span(-left))),
    )


def _after(cursor: str) -> RaisedStep | None:
    """The row a page goes on behind: `due_at|dossier|step`. None for what is no cursor."""
    try:
        due_at, dossier, step = cursor.split("|")
        return RaisedStep(dossier, step, "", "late", 0.0, float(due_at), 0.0)
    except ValueError:
        return None


def add(app: FastAPI, frame: Frame) -> None:
    """The page of what stands raised."""
    house = frame.house

    @app.get("/expected")
    async def raised(request: Request) -> Response:
        say, only = frame.speech(request), reader(request).partner
        step, after = request.query_params.get("step", ""), request.query_params.get("cursor", "")
        found = await house.ledger.expectations().raised(PAGE + 1, step=step, partner=only, after=_after(after))
        counts = deadlines.counted(await house.ledger.totals(), only)
        last = found[PAGE - 1] if len(found) > PAGE else None
        return frame.page(
            request,
            "expected.html",
            "worklist",
            say=say,
            rows=[_row(house, one, say) for one in found[:PAGE]],
            steps=[
                (rule.step, rule.title(say.language), sum(n for (name, _), n in counts.items() if name == rule.step))
                for rule in {rule.step: rule for rule in expected.rules()}.values()
                if any(name == rule.step for name, _ in counts)
            ],
            step=step,
            following=f"{last.due_at!r}|{last.dossier}|{last.step}" if last else "",
        )
