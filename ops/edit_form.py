"""An event's data as a form by its contract: every plain value it has or may have, the entries of its lists, and what may be added.

Places are dotted paths, members of lists by their number from 0 (`dossier.papers.0.name`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contracts.canonical.events import EVENTS
from contracts.fault import mask
from contracts.marks import code_list, fields_of, model_within

Kind = Literal["text", "number", "flag", "choice", "entry", "add"]
"""How a value is entered. `entry`: the head of an entry of a list, or of something left out of what may be there; `add`: where one more
may be put in.
"""
LOCKED = ("code", "other_code", "id", "order_id", "request_id")
"""Names that say which matter it is about; with another one it would be another matter."""
Path = tuple[str | int, ...]
Spare = Mapping[str, int]
"""How many empty entries to show behind those of each list, by its path; 1 for something that is not there yet."""
MOST_SPARE = 20


@dataclass(frozen=True, slots=True)
class Field:
    """One place of an event's data: how it is entered, and what it is now (masked where it is personal).

    `optional`: it may be left out; `new`: it is not there yet; `code_list`: the list its codes stand in.
    """

    path: str
    value: str
    kind: Kind
    options: tuple[str, ...] = ()
    personal: bool = False
    locked: bool = False
    optional: bool = False
    new: bool = False
    code_list: str = ""


@dataclass(slots=True)
class _Walk:
    """A walk through data by its model, in the model's order."""

    personal: bool
    clear: bool
    spare: Spare
    hidden: Mapping[str, bool]
    form: dict[str, Field] = field(default_factory=dict)

    def model(self, model: type[BaseModel], data: Any, path: Path, *, new: bool) -> None:
        for name, info in model.model_fields.items():
            key = info.alias or name
            value = data.get(key) if isinstance(data, Mapping) else None
            self._field(info, value, (*path, key), new=new)

    def _field(self, info: FieldInfo, value: Any, here: Path, *, new: bool) -> None:
        inner, item = model_within(info.annotation), _item(info.annotation)
        if item is not None:
            self._list(inner, item, value if isinstance(value, list) else [], here, new=new)
        elif inner is None:
            if not _free(info.annotation):
                coded = code_list(info)
                self._leaf(here, value, info.annotation, coded, optional=not info.is_required(), new=new)
        elif info.is_required() or value is not None:
            if not info.is_required():
                self._head(here, new=False)
            self.model(inner, value, here, new=new)
        elif not new:
            self._absent(inner, here)

    def _list(self, inner: type[BaseModel] | None, item: Any, items: list[Any], here: Path, *, new: bool) -> None:
        if inner is None and _free(item):
            return
        for place, value in enumerate(items):
            self._entry(inner, item, value, (*here, place), new=new)
        count = 0 if new else min(MOST_SPARE, self.spare.get(dotted(here), 0))
        for place in range(len(items), len(items) + count):
            self._entry(inner, item, None, (*here, place), new=True)
        if not new:
            self._add(here)

    def _entry(self, inner: type[BaseModel] | None, item: Any, value: Any, here: Path, *, new: bool) -> None:
        if inner is None:
            self._leaf(here, value, item, optional=True, new=new)
            return
        self._head(here, new=new)
        self.model(inner, value, here, new=new)

    def _absent(self, inner: type[BaseModel], here: Path) -> None:
        if self.spare.get(dotted(here)):
            self._head(here, new=True)
            self.model(inner, None, here, new=True)
        else:
            self._add(here)

    def _head(self, here: Path, *, new: bool) -> None:
        name = _plain(here)
        own = any(marked for known, marked in self.hidden.items() if known.startswith(f"{name}."))
        locked = not new and own and not self.personal
        self._put(Field(dotted(here), "", "entry", personal=own, locked=locked, optional=True, new=new))

    def _add(self, here: Path) -> None:
        own = self.hidden.get(_plain(here), False) and not self.personal
        if not own:
            self._put(Field(dotted(here), "", "add", optional=True, new=True))

    def _leaf(self, here: Path, value: Any, annotation: Any, coded: str = "", *, optional: bool, new: bool) -> None:
        own = self.hidden[_plain(here)]
        kind, options = _kind(annotation)
        locked = (here[-1] in LOCKED and not new) or (own and not self.personal)
        shown = _text(value)
        hide = mask if own and not self.clear else str
        self._put(Field(dotted(here), hide(shown), kind, options, own, locked, optional, new, coded))

    def _put(self, one: Field) -> None:
        self.form[one.path] = one


def form_of(
    kind: str, data: Any, *, personal: bool, clear: bool = False, spare: Spare | None = None
) -> dict[str, Field]:
    """The fields of an event of this type by path; with `personal` those fields too may be changed, `clear`: as they are, to compare."""
    model = EVENTS[kind].model
    walk = _Walk(personal, clear, spare or {}, fields_of(model))
    walk.model(model, data, (), new=False)
    return walk.form


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def steps(path: str) -> Iterator[str | int]:
    """The steps of a dotted path; numbers are members of lists.

    >>> list(steps("dossier.papers.0.name"))
    ['dossier', 'papers', 0, 'name']
    """
    for step in path.split("."):
        yield int(step) if step.isascii() and step.isdigit() and len(step) < 6 else step


def _plain(path: Path) -> str:
    """A path without the members of lists, as marks name it."""
    return ".".join(step for step in path if isinstance(step, str))


def _item(annotation: Any) -> Any:
    """What a list holds, where the annotation is one."""
    if get_origin(annotation) in (tuple, list):
        return get_args(annotation)[0]
    return next((found for part in get_args(annotation) if (found := _item(part)) is not None), None)


def _free(annotation: Any) -> bool:
    """Whether anything may stand there: an object that no model describes is not entered by hand."""
    return get_origin(annotation) is dict or any(_free(part) for part in get_args(annotation))


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    """How a value is entered, and what may be chosen from."""
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(option) for option in get_args(annotation) if option != "")
    if annotation is bool:
        return "flag", ("true", "false")
    if annotation is int:
        return "number", ()
    found = (_kind(part) for part in get_args(annotation))
    return next((kind for kind in found if kind[0] != "text"), ("text", ()))


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
