"""Edit and send: an event's data with what a person changed, judged like any event at the door; and what differs, for who approves.

Fields that say something about a person are shown masked, and changed only by those with the right to see them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from bus.ledger.views import EventView
from contracts.envelope import Envelope, judge
from contracts.fault import Fault, Refusal, mask
from ops.edit_form import MOST_SPARE, Field, Kind, Spare, dotted, form_of, steps

SOURCE = "urn:lienthong:desk"
"""Who speaks in an edited event: the desk, not the source of the old one."""
CLIENT = "desk"
"""By whose name it enters."""


class Wrong(Exception):
    """What was entered cannot be sent; `faults` say where and why."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.rule}" for fault in faults))
        self.faults = faults


def fields(event: EventView, *, personal: bool, spare: Spare | None = None) -> list[Field]:
    """The form of an event; with `personal` those fields too may be changed, with `spare` empty entries stand ready in its lists."""
    return list(form_of(event.type, json.loads(event.body)["data"], personal=personal, spare=spare).values())


def edited(event: EventView, changes: Mapping[str, str], *, personal: bool, number: str) -> Envelope:
    """The new event: the old one's data with the changes, linked to it. Raises Wrong.

    `changes` by path: a text is the new value, also of an entry behind the last of its list; an empty one leaves the field out, or the
    whole entry.
    """
    body = json.loads(event.body)
    form = form_of(event.type, body["data"], personal=personal, spare=_spare(changes))
    faults = [
        Fault(f"$.data.{name[:100]}", "there is no such field that may be changed here", "docs/tasks.md")
        for name, text in changes.items()
        if name not in form or form[name].locked or not _fits(form[name], text)
    ]
    if faults:
        raise Wrong(tuple(faults))
    ordered = sorted(changes.items(), key=lambda change: [(isinstance(s, str), s) for s in steps(change[0])])
    put: dict[str, int] = {}
    for name, text in ordered:
        if text:
            _set(body["data"], [*steps(name)], _value(text, form[name].kind), put)
    for name, text in reversed(ordered):  # from behind, so that the places before stay what they are
        if not text:
            _drop(body["data"], [*steps(name)])
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
    old, new = forms(event, data)
    told = []
    for one in differing(old, new):
        hide = mask if one.personal else str
        before, after = (form[one.path].value if one.path in form else "" for form in (old, new))
        told.append({"path": one.path, "before": hide(before), "after": hide(after)})
    return told


def forms(event: EventView, data: Mapping[str, Any]) -> tuple[dict[str, Field], dict[str, Field]]:
    """The old event and the new data as forms by path, laid beside each other and not masked."""
    old, new = (
        form_of(event.type, one, personal=False, clear=True) for one in _beside(json.loads(event.body)["data"], data)
    )
    return old, new


def differing(old: Mapping[str, Field], new: Mapping[str, Field]) -> list[Field]:
    """The fields whose values differ."""
    both = [(old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]
    return [
        one for was, now in both if (one := now or was) and (was.value if was else "") != (now.value if now else "")
    ]


def _spare(changes: Mapping[str, str]) -> dict[str, int]:
    """Room for what the changes put in: every place before a step may be a list, or something that is not there yet."""
    paths = [name.split(".") for name in changes]
    return {".".join(path[:place]): MOST_SPARE for path in paths for place in range(1, len(path))}


def _fits(field: Field, text: str) -> bool:
    """Whether the text can be meant for this place: only what is there is left out, and the head of an entry has no value."""
    if not text:
        return not field.new
    return field.kind not in ("add", "entry")


def _value(text: str, kind: Kind) -> Any:
    """What a field's text means. What cannot be read so is judged with the event."""
    if kind == "flag":
        return {"true": True, "false": False}.get(text, text)
    return int(text) if kind == "number" and text.isascii() and text.isdigit() and len(text) < 19 else text


def _set(data: Any, path: Sequence[str | int], value: Any, put: dict[str, int]) -> None:
    """Put a value there, with what it stands in where that is not there yet.

    An entry behind the last of its list is added, whatever its number; `put` remembers which, for its other values.
    """
    for place, step in enumerate(path):
        last = place + 1 == len(path)
        empty: Any = value if last else [] if isinstance(path[place + 1], int) else {}
        if isinstance(step, int):
            name = dotted(tuple(path[: place + 1]))
            if name not in put and step >= len(data):
                put[name] = len(data)
                data.append(empty)
            step = put.get(name, step)
        elif data.get(step) is None:
            data[step] = empty
        if last:
            data[step] = value
        data = data[step]


def _drop(data: Any, path: Sequence[str | int]) -> None:
    for step in path[:-1]:
        data = data[step]
    if isinstance(data, list):
        del data[int(path[-1])]
    else:
        data.pop(path[-1], None)


def _beside(old: Any, new: Any) -> tuple[Any, Any]:
    """Both with their lists laid beside each other: where an entry was put in or left out, the other has an empty one."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        pairs = {key: _beside(old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])}
        return {key: a for key, (a, _) in pairs.items()}, {key: b for key, (_, b) in pairs.items()}
    if not (isinstance(old or [], list) and isinstance(new or [], list) and (old or new)):
        return old, new
    laid: list[tuple[Any, Any]] = []
    before, after = old or [], new or []
    was_said, now_said = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for _, a, a_end, b, b_end in SequenceMatcher(None, was_said, now_said, autojunk=False).get_opcodes():
        for place in range(max(a_end - a, b_end - b)):
            one = before[a + place] if a + place < a_end else None
            other = after[b + place] if b + place < b_end else None
            laid.append(_beside(one, other))
    return [a for a, _ in laid], [b for _, b in laid]
