"""docs/events.md and docs/events.schema.json, generated from the contracts: what the vendor of the dossier system builds against.

`python -m ops.events_doc docs` writes both; a test compares the committed files with a fresh generation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.json_schema import models_json_schema

from contracts.canonical.base import Shape
from contracts.canonical.dossier import Dossier
from contracts.canonical.events import EVENTS, PREFIX, Direction, EventType
from contracts.canonical.words import field_words
from contracts.envelope import judge
from mappings.routes import ROUTES, Route, always
from ops.events_doc import prose
from ops.events_doc.example import REFUSED, examples, refusal
from ops.events_doc.shape import anchor, attribute_table, field_table, shapes_of, status_table

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Way(NamedTuple):
    """Which way an event goes, as a sign and in words."""

    sign: str
    says: str


WAYS: dict[Direction, Way] = {
    "in": Way("→ bus", "From the dossier system to the bus."),
    "out": Way("← bus", "From the bus to the dossier system."),
    "within": Way("bus", "Within the bus: it stands in the dossier's story and is sent to nobody as it is."),
}


def documents() -> dict[str, str]:
    """File name to text, every file this module answers for."""
    return {"events.md": events_md(), "events.schema.json": events_schema()}


def events_md() -> str:
    """The whole page."""
    parts = [
        prose.HEAD,
        prose.sending(),
        prose.VERDICTS.format(refused=_json(REFUSED["spoilt"]), answer=_json(refusal())),
        prose.ENVELOPE + attribute_table(),
        prose.ORDER,
        prose.limits(),
        prose.RECEIVING,
        prose.TYPES + "\n".join(_index_line(name, kind) for name, kind in EVENTS.items()),
        prose.statuses() + status_table(),
        *_type_parts(),
        prose.SHAPES,
        *(_shape_part(shape) for shape in shapes_of(kind.model for kind in EVENTS.values()) if not _is_data(shape)),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def events_schema() -> str:
    """JSON Schema of the `data` of every type, `$defs` shared. Rules that are code (check digits, days) are not in it."""
    models = list(dict.fromkeys(kind.model for kind in EVENTS.values()))
    refs, definitions = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    words = field_words()
    for shape, definition in definitions["$defs"].items():
        for field, schema in definition.get("properties", {}).items():
            if (shape, field) in words:
                schema["description"] = words[shape, field].en
    branches = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {"data": refs[kind.model, "validation"]}},
        }
        for name, kind in EVENTS.items()
    ]
    whole = {
        "$schema": DRAFT,
        "title": "Events of Liên Thông",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
        "properties": {"type": {"enum": list(EVENTS)}},
        "allOf": branches,
        "$defs": definitions["$defs"],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _type_parts() -> Iterator[str]:
    for name, kind in EVENTS.items():
        example = examples()[name]
        judge(example)
        lines = [
            f"### `{name}`",
            f"**{kind.title_vi}** · {kind.title_en}. {_way(kind)}",
            "" if kind.status is None else f"The dossier's status is {kind.status}.",
            _data_line(kind.model),
            _owed_line(name),
            f"<details><summary>Example</summary>\n\n```json example\n{_json(example)}\n```\n\n</details>",
        ]
        yield "\n\n".join(line for line in lines if line)


def _way(kind: EventType) -> str:
    return WAYS[kind.direction].says


def _index_line(name: str, kind: EventType) -> str:
    way = WAYS[kind.direction].sign
    return f"| [`{name}`](#{anchor(name)}) | {kind.title_vi} | {kind.title_en} | {way} | {kind.status or ''} |"


def _data_line(model: type[Shape]) -> str:
    return f"`data`:\n\n{field_table(model)}"


def _owed_line(name: str) -> str:
    """Who is told, by the routes table."""
    routes = [route for route in ROUTES if PREFIX + route.event == name]
    if not routes:
        return "Owed to nobody yet: accepted, and kept in the dossier's story."
    return "Owed to: " + "; ".join(_owed(route) for route in routes) + "."


def _owed(route: Route) -> str:
    said = (route.when.__doc__ or "").strip().rstrip(".")
    condition = "" if route.when is always else f", when {said[0].lower()}{said[1:]}"
    return f"`{route.partner}` {route.operation}{condition}"


def _shape_part(shape: type[Shape]) -> str:
    about = (shape.__doc__ or "").strip().splitlines()[0]
    notes = prose.DOSSIER_NOTE if shape is Dossier else ""
    return f"### {shape.__name__}\n\n{about}{notes}\n\n{field_table(shape)}"


def _is_data(shape: type[Shape]) -> bool:
    """A `data` model: its table stands with its event types."""
    return any(kind.model is shape for kind in EVENTS.values())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
