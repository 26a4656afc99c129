"""One exchange as text, for the terminal: who said what when, and a table of its fields through the stages."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from contracts.canonical.events import EVENTS
from ops.console import fields
from ops.console.text import Speech, clock_ms, epoch
from ops.reasons import reason, reason_of_mapping
from ops.stages import STAGES, instant
from ops.words import Language


def head(told: dict[str, Any], language: Language) -> list[str]:
    """The lines above the table, of an exchange as `GET /v1/exchanges/{delivery}` tells it."""
    say = Speech(language, 0.0)
    number = say("exchange.attempt", n=told["attempt"]) if told["attempt"] else say("exchange.not_tried")
    outcome = say(f"outcome.{told['outcome']}") if told["outcome"] else say(f"state.{told['state']}")
    code = say("exchange.code", code=told["code"]) if told["code"] else ""
    lines = [
        f"{told['dossier']}  {told['partner']} {told['operation']} [{told['delivery']}], {number}: {outcome}{code}",
    ]
    if told["words"]:
        lines.append(f"“{reason(told['words'], language)}”")
    times = [
        (name, epoch(told["times"][key]))
        for name, key in (
            ("left", "left_at"),
            ("arrived", "arrived_at"),
            ("answered", "answered_at"),
            ("read", "read_at"),
        )
    ]
    known = [f"{say(f'exchange.{name}')} {clock_ms(say, at)}" for name, at in times if at is not None]
    if known:
        lines.append(", ".join(known))
    for kind, edition in told["editions"].items():
        named = say("edition.number", n=edition["number"]) if edition["number"] else ""
        lines.append(
            " ".join(part for part in (say(f"edition.{kind}"), named, edition["digest"], edition["says"]) if part)
        )
    lines.append(say("trace", trace=told["trace_id"]))
    if told["request_is_of_today"]:
        lines.append(f"{say('stage.request')}: {say('exchange.remapped')}")
    return lines


def table(told: dict[str, Any], language: Language, *, only_differing: bool) -> Table:
    """The fields: those that differ alone, or all."""
    say = Speech(language, 0.0)
    model = EVENTS[told["event"]["type"]].model
    shown = Table(say("exchange.field"), *(say(f"stage.{stage}") for stage in STAGES))
    for line in told["fields"]:
        if line["differs"] or not only_differing:
            name = (fields.label(model, line["path"], say) or [line["path"]])[-1]
            shown.add_row(name, *(_cell(line[stage], say) if stage in line else "" for stage in STAGES))
    return shown


def _cell(cell: dict[str, Any], say: Speech) -> str:
    """A value, what became of it, and the field's own name below."""
    at = instant(cell["value"])
    value = say.exact(at.timestamp()) if at is not None else "" if cell["value"] is None else str(cell["value"])
    mark = f"✗ {reason_of_mapping(cell['fault'], say.language)}" if cell["fault"] else "≠" if cell["differs"] else ""
    return "\n".join(part for part in (" ".join(filter(None, (value, mark))), cell["name"]) if part)
