"""Valid events as plain JSON, fresh for each test, so that a test can spoil one thing and nothing else."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from contracts.canonical.events import PREFIX
from ops.sample import generate

DAY = date(2026, 7, 1)
_MADE = [event.to_json() for event in generate(60, 10, 1, DAY)]


def event(name: str = "dossier.received.v1", **changes: Any) -> dict[str, Any]:
    """An event of that type, with top-level attributes changed."""
    found: dict[str, Any] = next(made for made in map(json.loads, _MADE) if made["type"] == PREFIX + name)
    return found | changes


def raw(value: Any) -> bytes:
    """The value as it would come over the wire."""
    return json.dumps(value, ensure_ascii=False).encode()


def set_at(value: Any, path: str, new: Any) -> Any:
    """The same value with `new` at a dotted path, `papers.0.url` style."""
    *parents, last = path.split(".")
    inside = value
    for name in parents:
        inside = inside[int(name)] if isinstance(inside, list) else inside[name]
    inside[last] = new
    return value
