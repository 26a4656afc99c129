"""The page of one exchange: its stages field by field, whose time was spent, its neighbours within the reader's filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import Response

from bus.ledger.words import Filter
from contracts.canonical.events import EVENTS
from ops import causes, exchange
from ops.console import fields, listing, views
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.reveal import revealed
from ops.console.text import Speech, clock_ms
from ops.exchange import Exchange, Times
from ops.people import FIELDS
from ops.reasons import reason_of_mapping
from ops.stages import STAGES, Cell, Line, Stage, instant

BAR, LEAST = 754.0, 4.0
"""Widths in the time bar's own units: all of it, and what a span is drawn with at least."""
SHOWN = 400
"""Rows of a page at most; the rest is told by the API."""
TONES = {"Delivered": "ok", "Permanent": "bad", "Contract": "bad", "Unknown": "doubt", "open": "now"}
MARKS = {"ok": "m-delivered", "bad": "m-dead", "doubt": "m-in_doubt", "now": "m-sending", "wait": "m-waiting"}


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the time bar: where it stands, whose time it was, in words."""

    x: float
    width: float
    partner: bool
    words: str


@dataclass(slots=True)
class Shown:
    """A row of the table: its label, its cells, and which field of the applicant may be revealed in it."""

    label: str
    line: Line
    reveals: str = ""
    rules: dict[Stage, str] = field(default_factory=dict)
    clear: str = ""

    def value(self, cell: Cell, say: Speech) -> Any:
        """What is shown: in clear where it was revealed and the cell says the same as the canonical model; instants as we write times."""
        if self.clear and cell.masked and not cell.differs:
            return self.clear
        at = instant(cell.value)
        return cell.value if at is None or cell.masked else say.exact(at.timestamp())


def add(app: FastAPI, frame: Frame) -> None:
    """The exchange's page."""
    house = frame.house

    @app.get("/exchanges/{delivery}")
    async def one_exchange(request: Request, delivery: int) -> Response:
        say, who, asked = frame.speech(request), reader(request), request.query_params
        number = asked.get("attempt", "")
        told = await exchange.find(house, delivery, int(number) if number.isdigit() else None, who.partner)
        if told is None:
            return frame.failed(request, 404, "exchange.unknown")
        view, where = told.view, listing.within(listing.asked(request).filter(), request)
        chosen = where if where != Filter(partner=who.partner or None) else Filter(dossier=view.dossier)
        newer, older = await house.ledger.exchanges().beside(chosen, view.id)
        query = urlencode([(k, v) for k, v in asked.multi_items() if k not in ("attempt", "lang", "only", "cursor")])
        clear = {name: value for name, (value, _) in (await revealed(house, who, view.dossier)).items()}
        only = asked.get("only") == "differs"
        sent, unsent = rows(told, say, clear, only_differing=only)
        attempt = told.attempt
        tone = TONES.get(attempt.outcome or "open", "wait") if attempt else "idle"
        return frame.page(
            request,
            "exchange.html",
            "dossiers",
            say=say,
            told=told,
            view=view,
            operation_title=views.operation_of(house, view.partner, view.operation, say),
            partner_title=views.title_of(house, view.partner, say),
            tone=tone,
            symbol=MARKS.get(tone, "m-pending"),
            outcome=say(f"outcome.{attempt.outcome or 'open'}") if attempt else say("chosen.none"),
            state_tone=views.TONES[view.state],
            entry=causes.entry(view.partner, view.cause, view.code)
            if view.cause and view.state in views.USEFUL
            else None,
            verbs=views.USEFUL.get(view.state, ()),
            groups=sent,
            unsent=unsent,
            count=sum("canonical" in line.cells and not line.cells["canonical"].fault for line in told.lines),
            faults=sum(bool(c.fault) for line in told.lines for s, c in line.cells.items() if s == "canonical"),
            cut=max(0, len(told.lines) - SHOWN),
            spans=spans(told.times, say),
            moments=moments(told.times, say),
            took=_took(told.times),
            newer=newer,
            older=older,
            query=query,
            filtered=bool(query),
            only=only,
            permalink=f"{request.url.scheme}://{request.url.netloc}/console/exchanges/{view.id}"
            + (f"?attempt={attempt.number}" if attempt else ""),
            fields=FIELDS,
            stages=STAGES,
            contract=fields.contract,
        )


def rows(
    told: Exchange, say: Speech, clear: Mapping[str, str], *, only_differing: bool
) -> tuple[list[tuple[str, list[Shown]]], list[Shown]]:
    """The rows in groups: those the exchange carried under their headings, and those that stayed at home."""
    model = EVENTS[told.event.type].model
    applied_model = EVENTS[told.replies[0].type].model if told.replies else model
    groups: dict[str, list[Shown]] = {}
    unsent: list[Shown] = []
    for line in told.lines[:SHOWN]:
        if only_differing and not line.differs:
            continue
        carried = line.cells.keys() & {"request", "answer", "applied"}
        group, name = heading(line, applied_model if line.cells.keys() == {"applied"} else model, say)
        shown = Shown(name, line, _field(line.path))
        shown.rules = {stage: _why(stage, cell, line.cells.get("canonical"), say) for stage, cell in line.cells.items()}
        shown.clear = clear.get(shown.reveals, "")
        if carried or line.differs:
            groups.setdefault(group, []).append(shown)
        else:
            shown.label = f"{group}: {name}" if group else name
            unsent.append(shown)
    return list(groups.items()), unsent


def heading(line: Line, model: type[Any], say: Speech) -> tuple[str, str]:
    """Under which heading a row stands, and what it is called there."""
    ours = line.cells.keys() & {"canonical", "received"}
    if not ours and "applied" not in line.cells:
        key = "exchange.answer_group" if "answer" in line.cells and "request" not in line.cells else "exchange.made"
        return say(key), line.path
    *above, name = fields.label(model, line.path, say) or [line.path]
    if line.path.startswith("dossier."):
        above[0] = say("exchange.dossier")
    if not ours:
        above = [say("exchange.applied_group")]
    return " › ".join(above[1:] if len(above) > 1 and line.path.startswith("dossier.") else above), name


def _field(path: str) -> str:
    """Which field of the applicant a row shows, of those that may be revealed."""
    place, _, name = path.rpartition(".")
    return name if place.endswith("applicant") and name in FIELDS else ""


def _why(stage: Stage, cell: Cell, canonical: Cell | None, say: Speech) -> str:
    """What is said below a value: what is wrong with it, else the rule by which it changed; of a list of words the one that was used."""
    if "→" in cell.rule and cell.differs and canonical is not None and not cell.masked:
        return f"{canonical.value}→{cell.value}"
    if cell.fault.startswith("code_gap "):
        return say("exchange.no_code", list=say.list_title(cell.fault.removeprefix("code_gap ")))
    if cell.fault:
        return cell.fault if stage == "answer" else reason_of_mapping(cell.fault, say.language)
    return fields.rule(cell.rule, say) if cell.differs and cell.rule else ""


def spans(times: Times, say: Speech) -> list[Span]:
    """The time bar: there, at the partner's, back; as many of the three as are known."""
    known = [at for at in (times.left_at, times.arrived_at, times.answered_at, times.read_at) if at is not None]
    if len(known) < 2 or times.left_at is None:
        return []
    keys = {
        4: ("exchange.there", "exchange.worked", "exchange.back"),
        3: ("exchange.there_and_worked", "exchange.back"),
        2: ("exchange.whole",),
    }[len(known)]
    whole = max(known[-1] - known[0], 1e-9)
    widths = [max(LEAST, (after - before) / whole * BAR) for before, after in pairwise(known)]
    scale = (BAR - 2.0 * (len(widths) - 1)) / sum(widths)
    found, x = [], 0.0
    for key, width, (before, after) in zip(keys, widths, pairwise(known), strict=True):
        words = say(key, ms=say.number((after - before) * 1000.0))
        found.append(Span(x, width * scale, key not in ("exchange.there", "exchange.back"), words))
        x += width * scale + 2.0
    return found


def moments(times: Times, say: Speech) -> Sequence[tuple[str, str]]:
    """The four times in words, those that nobody told left out."""
    named = (
        ("exchange.left", times.left_at),
        ("exchange.arrived", times.arrived_at),
        ("exchange.answered", times.answered_at),
        ("exchange.read", times.read_at),
    )
    return [(say(key), clock_ms(say, at)) for key, at in named if at is not None]


def _took(times: Times) -> float | None:
    return times.read_at - times.left_at if times.left_at is not None and times.read_at is not None else None
