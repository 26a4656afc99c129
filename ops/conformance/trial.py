"""What a partner can be tried with: runs of invented events that owe it an operation, and questions it can be asked.

For each operation the shortest run of one dossier's events, in lane order, that ends with it. Events are the sample's, the examples of
docs/events.md and the cases beside the room's mapping, so a new partner needs no more than one of these.
"""

from __future__ import annotations

import contextlib
import json
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters import discover
from contracts.envelope import Envelope, judge
from mappings.routes import owed
from ops.events_doc.example import examples
from ops.sample import generate

SOME = ("1", "1234567", "0123456789", "0100109106", "086226000123", "2026-07-01", "Nguyễn Văn An", "male", 1, True)
"""What a field of a question is filled with that gives no example of its own."""

Step = tuple[Envelope, str]
"""An event, and the operation it owes the partner."""
Thread = tuple[Step, ...]


@cache
def events(seed: int = 1) -> tuple[tuple[Envelope, ...], ...]:
    """All events we have, each list in the order of its times; dossiers of another seed are others."""
    shown = tuple(judge(example) for example in examples().values())
    return (tuple(generate(400, 60, seed, date(2026, 7, 1))), shown, *((case,) for case in cases()))


@cache
def cases() -> tuple[Envelope, ...]:
    """The events given in the cases beside the mappings."""
    given = []
    for name in discover():
        folder = Path(str(files(f"mappings.{name}"))) / "cases"
        for case in sorted(folder.glob("*.json")):
            told = json.loads(case.read_text(encoding="utf-8")).get("given")
            if isinstance(told, dict) and "specversion" in told:
                given.append(judge(told))
    return tuple(given)


@cache
def threads(partner: str, operation: str, seed: int = 1) -> list[Thread]:
    """What one dossier owes the partner up to and with this operation, the shortest first."""
    found = []
    for stream in events(seed):
        lanes: dict[str, list[Step]] = {}
        done = set()
        for event in stream:
            for debt in owed(event, {partner}):
                lane = lanes.setdefault(event.subject, [])
                lane.append((event, debt.operation))
                if debt.operation == operation and event.subject not in done:
                    done.add(event.subject)
                    found.append(tuple(lane))
    return sorted(found, key=len)[:25]


def a_question(model: type[BaseModel]) -> BaseModel:
    """A valid question: each required field by its own example, else by what it takes. Raises ValueError when nothing fits."""
    shown = model.model_json_schema().get("properties", {})
    told: dict[str, Any] = {}
    for name, field_ in model.model_fields.items():
        if field_.is_required():
            told[name] = next(iter([*(field_.examples or ()), *shown.get(name, {}).get("examples", ()), SOME[0]]))
    for value in (*SOME, None):
        try:
            return model.model_validate(told)
        except ValidationError as error:
            told |= {str(fault["loc"][0]): value for fault in error.errors() if fault["loc"]}
    for name in model.model_fields:  # of several optional ones it may take just one
        for value in SOME:
            with contextlib.suppress(ValidationError):
                return model.model_validate({name: value})
    raise ValueError(f"give the fields of {model.__name__} examples")
