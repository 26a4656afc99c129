"""Marks for fields: what is personal, what is secret, by what a person may be found, what is a code. Logs, screens and errors obey them.

A mark stands in the annotation: `number: Annotated[str, PERSONAL, Finder("citizen")]`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contracts.fault import mask


@dataclass(frozen=True, slots=True)
class Personal:
    """Says something about a person (Law 91/2025/QH15): masked wherever shown, never logged."""


@dataclass(frozen=True, slots=True)
class Finder:
    """An identifier of `kind` a person's dossiers may be searched by, through a keyed digest only."""

    kind: str


@dataclass(frozen=True, slots=True)
class Searchable:
    """A number of `kind` that names a dossier elsewhere and nobody: the dossier may be searched by it as it is."""

    kind: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A code of the list of that name (`contracts.codes`)."""

    code_list: str


PERSONAL = Personal()

Walker = Callable[[Any], Iterator[tuple[str, str]]]


def redact(value: Any, model: type[BaseModel] | None) -> Any:
    """A JSON value for showing: fields that `model` marks personal are masked, fields it does not know and
    objects it does not describe are masked whole."""
    if isinstance(value, list):
        return [redact(item, model) for item in value]
    if not isinstance(value, dict):
        return value if model is None and isinstance(value, bool | None) else _masked(value)
    fields = _fields(model) if model is not None else {}
    return {name: _field(item, fields.get(name)) for name, item in value.items()}


def _field(value: Any, field: FieldInfo | None) -> Any:
    if field is None or any(isinstance(mark, Personal) for mark in _marks(field)):
        return _masked(value)
    inner = model_within(field.annotation)
    if inner is None:
        return _masked(value) if _structured(value) else value
    return redact(value, inner)


def _structured(value: Any) -> bool:
    """An object, or a list of such: whatever may stand in one that no model describes."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_structured, value)))


def _masked(value: Any) -> Any:
    """Masked, the shape kept."""
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return mask(str(value))


@cache
def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _marks(field: FieldInfo) -> list[Any]:
    """The marks of a field, also those inside `X | None` and `list[X]`."""
    return [*field.metadata, *_inner_marks(field.annotation)]


def _inner_marks(annotation: Any) -> list[Any]:
    found = list(getattr(annotation, "__metadata__", ()))
    for inner in get_args(annotation):
        found += _inner_marks(inner)
    return found


def code_list(field: FieldInfo) -> str:
    """The list a field's codes stand in; empty where it holds none."""
    return next((mark.code_list for mark in _marks(field) if isinstance(mark, Coded)), "")


def model_within(annotation: Any) -> type[BaseModel] | None:
    """The shape an annotation leads to: itself, or inside `X | None`, `list[X]` and the like; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := model_within(inner)) is not None:
            return found
    return None


def fields_of(model: type[BaseModel]) -> dict[str, bool]:
    """Every field of `model` at any depth by its dotted name, and whether it, or what it stands in, is marked personal."""
    found: dict[str, bool] = {}
    for name, field in _fields(model).items():
        personal = any(isinstance(mark, Personal) for mark in _marks(field))
        inner = model_within(field.annotation)
        within = fields_of(inner) if inner is not None and inner is not model else {}
        found[name] = personal
        found |= {f"{name}.{below}": personal or own for below, own in within.items()}
    return found


def cut(value: Any, model: type[BaseModel], wanted: Collection[str] = ()) -> Any:
    """A JSON value cut down to the fields `wanted`, dotted names of `fields_of`; without any, to all that says nothing about a person."""
    if isinstance(value, list):
        return [cut(item, model, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    below: dict[str, list[str]] = {}
    for name in wanted:
        head, _, rest = name.partition(".")
        below.setdefault(head, []).append(rest)
    told: dict[str, Any] = {}
    for name, field in _fields(model).items():
        inner = model_within(field.annotation)
        if name not in value or (wanted and name not in below):
            continue
        if "" in below.get(name, ()):
            told[name] = value[name]
        elif wanted or not any(isinstance(mark, Personal) for mark in _marks(field)):
            told[name] = value[name] if inner is None else cut(value[name], inner, below.get(name, ()))
    return told


def finders(message: BaseModel) -> list[tuple[str, str]]:
    """Every identifier (kind, value) by which people in `message` may be found."""
    return list(dict.fromkeys(_walker(type(message), Finder)(message)))


def references(message: BaseModel) -> list[tuple[str, str]]:
    """Every number (kind, value) by which `message` names its dossier elsewhere."""
    return list(dict.fromkeys(_walker(type(message), Searchable)(message)))


@cache
def _walker(model: type[BaseModel], of: Any) -> Walker:
    """A function that walks only the fields which lead to a mark `of` this kind; compiled once per model."""
    kinds: list[tuple[str, str]] = []
    deeper: list[tuple[str, Walker]] = []
    for name, field in model.model_fields.items():
        kinds += [(name, mark.kind) for mark in _marks(field) if isinstance(mark, of)]
        inner = model_within(field.annotation)
        if inner is not None and inner is not model and has_mark(inner, of):
            deeper.append((name, _walker(inner, of)))

    def walk(message: Any) -> Iterator[tuple[str, str]]:
        for name, kind in kinds:
            if value := getattr(message, name):
                yield kind, str(value)
        for name, inside in deeper:
            value = getattr(message, name)
            for item in value if isinstance(value, list | tuple) else (value,):
                if item is not None:
                    yield from inside(item)

    return walk


@cache
def has_mark(model: type[BaseModel], of: Any) -> bool:
    """Whether `model` holds, at any depth, a field with a mark `of` this kind."""
    for field in model.model_fields.values():
        if any(isinstance(mark, of) for mark in _marks(field)):
            return True
        inner = model_within(field.annotation)
        if inner is not None and inner is not model and has_mark(inner, of):
            return True
    return False
