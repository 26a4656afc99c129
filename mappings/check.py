"""Are the tables complete? Every table of a room against the canonical model on one side and the partner's contract on the other. Pure.

A table that writes (`outbound`) fills every required field of its contract model; a table that reads (`inbound`) fills every required
field of its canonical shape. Each path exists, each field exists, each row has its source.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from pydantic import BaseModel

import mappings
from mappings.table import Row, Table


class Named(NamedTuple):
    """A table and where it stands: `national_portal.outbound`, `PAPER`. `reads`: it maps towards us."""

    module: str
    name: str
    table: Table
    reads: bool


class Finding(NamedTuple):
    """What is wrong with a table, in a sentence; `field` the partner's field or our path it is about."""

    table: str
    field: str
    what: str


@cache
def tables(partner: str) -> tuple[Named, ...]:
    """Every table at the top of a module of the room, also inside a dict or a tuple there, each once, where it was first met."""
    found: dict[int, Named] = {}
    room = importlib.import_module(f"{mappings.__name__}.{partner}")
    for about in pkgutil.iter_modules(getattr(room, "__path__", ())):
        module = importlib.import_module(f"{room.__name__}.{about.name}")
        for name, value in vars(module).items():
            for inner, one in _within(name, value):
                found.setdefault(id(one), Named(f"{partner}.{about.name}", inner, one, about.name == "inbound"))
    return tuple(found.values())


def _within(name: str, value: Any) -> Iterator[tuple[str, Table]]:
    if isinstance(value, Table):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _within(f"{name}[{key!r}]", inner)


def check(partner: str) -> list[Finding]:
    """Everything wrong with the room's tables; empty when they are complete."""
    return [finding for named in tables(partner) for finding in check_table(named)]


def check_table(named: Named) -> Iterator[Finding]:
    """What is wrong with one table."""
    place, mapping = f"{named.module}.{named.name}", named.table
    if mapping.of is None or mapping.to is None:
        yield Finding(place, "", "does not say what it maps: of= the canonical shape, to= the contract's model")
        return
    theirs = _fields(mapping.to)
    for line in mapping:
        if not line.source.strip():
            yield Finding(place, line.field, "the row has no source")
        if line.field not in theirs:
            yield Finding(place, line.field, f"the contract's {mapping.to.__name__} has no such field")
        if line.path and not exists(mapping.of, line.path):
            yield Finding(place, line.path, f"{mapping.of.__name__} has no such path")
    filled = {line.path for line in mapping} if named.reads else {line.field for line in mapping}
    for name in sorted(_required(mapping.of if named.reads else mapping.to) - set(mapping.beside)):
        if not any(path == name or (named.reads and path.startswith(name + ".")) for path in filled):
            yield Finding(place, name, "required, and no row fills it")
    for name in mapping.beside:
        if name not in _fields(mapping.of if named.reads else mapping.to):
            yield Finding(place, name, "said to be filled beside the table, and there is no such field")


def exists(shape: type, path: str) -> bool:
    """Whether a dotted path leads somewhere in a shape; what has no type of its own ends the search in its favour."""
    return any(_leads(one, path.split(".")) for one in _shapes(shape))


def _leads(shape: Any, names: list[str]) -> bool:
    if not names or shape is Any or not _known(shape):
        return True
    hints = _fields(shape)
    if names[0] not in hints:
        return isinstance(getattr(shape, names[0], None), property)
    return any(_leads(one, names[1:]) for one in _shapes(hints[names[0]]))


def _shapes(annotation: Any) -> list[Any]:
    """The shapes an annotation may stand for: members of a union, what is inside `Annotated`, but not None."""
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if _known(annotation) or not inner or not hasattr(annotation, "__args__"):
        return [annotation]
    origin = getattr(annotation, "__origin__", None)
    if origin in (list, tuple, dict, set, frozenset):
        return [annotation]
    if hasattr(annotation, "__metadata__"):
        return _shapes(annotation.__origin__)
    return [shape for one in inner for shape in _shapes(one)]


def _known(shape: Any) -> bool:
    if not isinstance(shape, type):
        return False
    return issubclass(shape, BaseModel) or dataclasses.is_dataclass(shape) or hasattr(shape, "_fields")


@cache
def _fields(shape: type) -> dict[str, Any]:
    """Field name (the partner's spelling where it has one) to its annotation."""
    if issubclass(shape, BaseModel):
        return {field.alias or name: field.annotation for name, field in shape.model_fields.items()}
    return get_type_hints(shape)


@cache
def _required(shape: type) -> frozenset[str]:
    if issubclass(shape, BaseModel):
        return frozenset(field.alias or name for name, field in shape.model_fields.items() if field.is_required())
    if not dataclasses.is_dataclass(shape):
        return frozenset()
    return frozenset(field.name for field in dataclasses.fields(shape) if field.default is dataclasses.MISSING)


def cells(line: Row) -> tuple[str, str, str, str, str]:
    """A row as a partner's analyst reads it: our field, the partner's, the rule, whether it is required, its source."""
    rule = "each by a table of its own" if line.inner is not None else line.convert.says
    return line.path or "(several)", line.field, rule, "yes" if line.required else "", line.source
