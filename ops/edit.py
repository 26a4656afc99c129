"""Edit and send: an event's data as a form by its contract, its keys locked; what was changed, judged like any event at the door.

Fields that say something about a person are shown masked, and changed only by those with the right to see them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from bus.ledger.views import EventView
from contracts.canonical.events import EVENTS
from contracts.envelope import Envelope, judge
from contracts.fault import Fault, Refusal, mask
from contracts.marks import fields_of

SOURCE = "urn:lienthong:desk"
"""Who speaks in an edited event: the desk, not the source of the old one."""
CLIENT = "desk"
"""By whose name it enters."""
Kind = Literal["text", "number", "flag", "choice"]
LOCKED = ("code", "other_code", "id", "order_id", "request_id")
"""Names that say which matter it is about; with another one it would be another matter."""
Path = tuple[str | int, ...]


class Wrong(Exception):
    """What was entered cannot be sent; `faults` say where and why."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.rule}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Field:
    """One plain value of an event's data: its dotted path, how it is entered, and what it is now (masked where it is personal)."""

    path: str
    value: str
    kind: Kind
    options: tuple[str, ...] = ()
    personal: bool = False
    locked: bool = False


def fields(event: EventView, *, personal: bool) -> list[Field]:
    """The form of an event; with `personal` those fields too may be changed."""
    return list(_form(event.type, json.loads(event.body)["data"], personal=personal).values())


def edited(event: EventView, changes: Mapping[str, str], *, personal: bool, number: str) -> Envelope:
    """The new event: the old one's data with the changes, linked to it. Raises Wrong."""
    body = json.loads(event.body)
    form = _form(event.type, body["data"], personal=personal)
    faults = [
        Fault(f"$.data.{name[:100]}", "there is no such field that may be changed here", "docs/tasks.md")
        for name in changes
        if name not in form or form[name].locked
    ]
    if faults:
        raise Wrong(tuple(faults))
    for name, text in changes.items():
        _set(body["data"], name.split("."), _value(text, form[name].kind))
    kept = {name: body[name] for name in ("type", "subject", "time", "data")}
    links = {"causationid": event.event_id, "correlationid": event.correlation_id}
    told = {"specversion": "1.0", "source": SOURCE, "id": f"{event.event_id[:100]}.edit-{number}", **kept, **links}
    try:
        envelope = judge(told)
        envelope.message  # noqa: B018 - judged here, so that what is wrong is told before anybody approves it
    except Refusal as refusal:
        raise Wrong(tuple(refusal.faults)) from None
    return envelope


def difference(event: EventView, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """What differs between the old event and the new data, a line a field, personal values masked."""
    old = _form(event.type, json.loads(event.body)["data"], personal=False, clear=True)
    new = _form(event.type, data, personal=False, clear=True)
    told = []
    for name in dict.fromkeys([*old, *new]):
        was, now = (form[name].value if name in form else "" for form in (old, new))
        if was != now:
            hide = mask if (new.get(name) or old[name]).personal else str
            told.append({"path": name, "before": hide(was), "after": hide(now)})
    return told


def _form(kind: str, data: Any, *, personal: bool, clear: bool = False) -> dict[str, Field]:
    """The fields by path. `clear`: with the values as they are, for comparing."""
    model = EVENTS[kind].model
    hidden = fields_of(model)
    form = {}
    for path, value, annotation in _leaves(model, data, ()):
        name, shown = ".".join(map(str, path)), _text(value)
        own = hidden[".".join(step for step in path if isinstance(step, str))]
        kind_, options = _kind(annotation)
        locked = path[-1] in LOCKED or (own and not personal)
        form[name] = Field(name, mask(shown) if own and not clear else shown, kind_, options, own, locked)
    return form


def _leaves(model: type[BaseModel], data: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Every plain value of the data by the model, in its order, and the empty places of what is there."""
    for name, info in model.model_fields.items():
        key = info.alias or name
        value, inner = data.get(key) if isinstance(data, Mapping) else None, _inner(info.annotation)
        if inner is None:
            if not isinstance(value, list):
                yield (*path, key), value, info.annotation
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from _leaves(inner, item, (*path, key, index))
        elif value is not None:
            yield from _leaves(inner, value, (*path, key))


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model an annotation holds, also in `X | None` and `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part)) is not None), None)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    """How a value is entered, and what may be chosen from."""
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(option) for option in get_args(annotation))
    if annotation is bool:
        return "flag", ("true", "false")
    if annotation is int:
        return "number", ()
    found = (_kind(part) for part in get_args(annotation))
    return next((kind for kind in found if kind[0] != "text"), ("text", ()))


def _value(text: str, kind: Kind) -> Any:
    """What a field's text means; None leaves it out. What cannot be read so is judged with the event."""
    if text == "":
        return None
    if kind == "flag":
        return {"true": True, "false": False}.get(text, text)
    return int(text) if kind == "number" and text.isascii() and text.isdigit() and len(text) < 19 else text


def _set(data: Any, path: Sequence[str], value: Any) -> None:
    for step in path[:-1]:
        data = data[int(step) if isinstance(data, list) else step]
    if value is None:
        data.pop(path[-1], None)
    else:
        data[path[-1]] = value


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
