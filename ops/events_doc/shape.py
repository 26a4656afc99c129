"""Tables of fields from the models: name, type, whether required, what it means in two languages."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, get_args

from contracts.canonical.base import Shape
from contracts.canonical.words import field_words
from contracts.envelope import Envelope

ATTRIBUTES = {
    "specversion": "always `1.0`",
    "id": "yours, unique within `source`; 1 to 128 printable characters without blanks. The same id again is a repeat",
    "source": "who speaks: a URI reference of at most 256 characters, such as `urn:lienthong:dossier-system`",
    "type": "one of the event types below",
    "subject": "the dossier's code; for an event about no dossier the id of its own thing",
    "time": "when it happened, RFC 3339 with an offset",
    "sequence": "the event's place among those of this source and subject: 1, 2, 3 ... without gaps; a number or its digits",
    "datacontenttype": "`application/json`",
    "dataschema": "carried, not read",
    "correlationid": "your id for the thread of this dossier; carried through to replies",
    "causationid": "the id of the event that led to this one; replies of the bus carry it",
    "traceparent": "W3C Trace Context; the bus goes on in your trace",
    "tracestate": "W3C Trace Context",
    "data": "the message itself, by the type's schema",
}
"""What each attribute of the envelope means; the names are checked against the model."""


def anchor(heading: str) -> str:
    """The link target GitHub makes of a heading."""
    return "".join(letter for letter in heading.lower() if letter.isalnum() or letter in "-_ ").replace(" ", "-")


def attribute_table() -> str:
    """The envelope's attributes, in the model's order. Raises KeyError for one without words."""
    lines = ["| attribute | required | meaning |", "|---|---|---|"]
    for name, field in Envelope.model_fields.items():
        lines.append(f"| `{name}` | {'yes' if field.is_required() else ''} | {ATTRIBUTES[name]} |")
    return "\n".join(lines)


def status_table() -> str:
    """The ten statuses, as the national portal names them."""
    text = files("contracts.codes").joinpath("code_lists.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["list"] == "dvcqg.TrangThaiHoSo"]
    lines = ["| status | tiếng Việt | English |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row['code']} | {row['meaning_vi']} | {row['meaning_en']} |" for row in rows])


def field_table(model: type[Shape]) -> str:
    """The fields of one shape. Raises KeyError for one without words."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    lines = ["| field | type | required | tiếng Việt | English |", "|---|---|---|---|---|"]
    for name, about in schema["properties"].items():
        words = field_words()[model.__name__, name]
        cells = (f"`{name}`", _type(about), "yes" if name in required else "", words.vi, words.en)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def shapes_of(models: Iterable[type[Shape]]) -> list[type[Shape]]:
    """Every shape reachable from `models`, each once, in order of meeting."""
    found: list[type[Shape]] = []

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, Shape):
            if annotation not in found:
                found.append(annotation)
                for field in annotation.model_fields.values():
                    visit(field.annotation)
        else:
            for inner in get_args(annotation):
                visit(inner)

    for model in models:
        visit(model)
    return found


def _type(about: dict[str, Any]) -> str:
    """A JSON Schema as words in a table cell."""
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    if "anyOf" in about:
        return " or ".join(_type(choice) for choice in about["anyOf"] if choice.get("type") != "null")
    if "enum" in about or "const" in about:
        return ", ".join(f"`{word}`" if word else "empty" for word in about.get("enum") or [about["const"]])
    if about.get("type") == "array":
        limit = f", at most {about['maxItems']}" if "maxItems" in about else ""
        return f"list of {_type(about['items'])}{limit}"
    if about.get("type") == "string":
        return _text(about)
    if about.get("type") in ("integer", "number"):
        return _number(about)
    return "`true` or `false`" if about.get("type") == "boolean" else str(about.get("type", "any"))


def _text(about: dict[str, Any]) -> str:
    if "examples" in about:
        return f"text: {about['description']}, such as " + " or ".join(f"`{example}`" for example in about["examples"])
    if about.get("format") == "date-time":
        return "time, RFC 3339 with offset"
    if about.get("format") == "date":
        return "day, `yyyy-mm-dd`"
    if "pattern" in about:
        return f"text matching `{about['pattern']}`"
    least = f"{about['minLength']} to " if "minLength" in about else "at most "
    return f"text, {least}{about['maxLength']} characters" if "maxLength" in about else "text"


def _number(about: dict[str, Any]) -> str:
    kind = "whole number" if about["type"] == "integer" else "number"
    if "minimum" in about and "maximum" in about:
        return f"{kind}, {about['minimum']} to {about['maximum']}"
    return kind
