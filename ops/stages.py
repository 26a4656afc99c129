"""One exchange field by field: what came, the canonical model, what the partner was sent, what it answered, what was applied. Pure.

Fields are compared as they are and shown masked: both come from the same value, so that a difference is seen where nothing else is.
A row begins at a canonical field; the partner's field joins it by the mapping's table, or, where a table starts from a shape of its
own, by an equal value that stands nowhere else.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError

from contracts.fault import faults_of
from contracts.marks import redact
from mappings.table import Row as MappingRow
from mappings.table import Table

Stage = Literal["received", "canonical", "request", "answer", "applied"]
STAGES: tuple[Stage, ...] = ("received", "canonical", "request", "answer", "applied")
TIDIED = "tidied"
"""The rule by which our own model writes a value: times in UTC, codes in capitals, text in NFC."""
TELLING = 6
"""A value of at least so many characters that stands once on either side is taken for the same thing."""


@dataclass(slots=True)
class Cell:
    """A field at one stage, by its own name there. `differs`: the value changed on the way here, by `rule`; `fault`: what is wrong."""

    name: str
    value: Any
    masked: bool = False
    differs: bool = False
    rule: str = ""
    fault: str = ""


@dataclass(slots=True)
class Line:
    """One row: the canonical path it begins at (a partner's own name where it has none), and a cell per stage that has the field."""

    path: str
    cells: dict[Stage, Cell] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        return any(cell.differs or cell.fault for cell in self.cells.values())


class Leaf(NamedTuple):
    """A value as it is and as it is shown."""

    value: Any
    shown: Any

    @property
    def masked(self) -> bool:
        return bool(self.value != self.shown)


def leaves(value: Any, shown: Any, at: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every plain value inside `value`, by its dotted path (`papers[0].name`), beside the same of its masked twin."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, shown[name], f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        for place, (inner, masked) in enumerate(zip(value, shown, strict=True)):
            yield from leaves(inner, masked, f"{at}[{place}]")
    else:
        yield at, Leaf(value, shown)


def told(value: Any, model: type[BaseModel] | None) -> dict[str, Leaf]:
    """The fields of a JSON value by path, masked by the marks of `model`; of what it does not know all is masked."""
    return dict(leaves(value, redact(value, model)))


def received(lines: dict[str, Line], data: Any, model: type[BaseModel]) -> None:
    """What came in the event, and what our model makes of it, in the model's order, with the faults it finds today."""
    came = {path: leaf for path, leaf in told(data, model).items() if leaf.value is not None}
    message: Any = {}
    try:
        message = model.model_validate(data).model_dump(mode="json", by_alias=True, exclude_none=True)
    except ValidationError as error:
        for fault in faults_of(error, ""):
            path = fault.path.lstrip(".")
            lines[path] = Line(path, {"canonical": Cell(path, None, fault=fault.rule)})
    for path, leaf in told(message, model).items():
        own = came.get(path)
        differs = own is not None and not same(own.value, leaf.value)
        if own is not None or leaf.value != "":
            lines[path] = Line(path, {"canonical": Cell(path, leaf.shown, leaf.masked, differs, TIDIED)})
    for path, leaf in came.items():
        lines.setdefault(path, Line(path)).cells["received"] = Cell(path, leaf.shown, leaf.masked)


def sent(
    lines: dict[str, Line], body: Any, model: type[BaseModel] | None, tables: Sequence[Table], message: Any
) -> None:
    """What the partner was sent: each field joins the canonical one it was made from."""
    fields = told(body, model)
    links = {theirs: (path, rule) for table in tables for path, theirs, rule in joined(table, fields)}
    ours = dict(leaves(message, message))
    alike = _alike(fields, ours) | {name: name[5:] for name in fields if name.startswith("data.") and name[5:] in ours}
    faults = _faults(body, model)
    for name, leaf in fields.items():
        path, rule = links.get(name) or (alike.get(name, ""), "")
        own = ours.get(path)
        differs = own is not None and plain(own.value) != plain(leaf.value)
        line = lines.get(path) if path and "request" not in getattr(lines.get(path), "cells", {}) else None
        if line is None:
            line = lines.setdefault(f"request {name}", Line(path or name))
        known = line.cells.get("canonical")
        as_ours = (
            known is not None and own is not None and plain(own.value) == plain(leaf.value)
        )  # then masked as there
        shown, masked = (known.value, known.masked) if known and as_ours else (leaf.shown, leaf.masked)
        line.cells["request"] = Cell(name, shown, masked, differs, rule, faults.get(name, ""))


def joined(table: Table, fields: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(our path, their field, the rule) of every field that this table filled, the members of lists one by one."""
    for line in table:
        if line.inner is None:
            if line.field in fields:
                yield line.path, line.field, line.convert.says
            else:
                yield from _whole(line, fields)
            continue
        for place in range(1 + max((int(p) for p in _places(line.field, fields)), default=-1)):
            ours, theirs = f"{line.path}[{place}]", f"{line.field}[{place}]"
            below = {
                name.removeprefix(f"{theirs}."): value for name, value in fields.items() if name.startswith(theirs)
            }
            for path, name, rule in joined(line.inner, below):
                yield f"{ours}.{path}" if path else "", f"{theirs}.{name}", rule


def _whole(line: MappingRow, fields: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A row that fills an object or a list of its own: its fields are made from several."""
    for name in fields:
        if name.startswith((f"{line.field}.", f"{line.field}[")):
            yield "", name, line.convert.says


def _places(theirs: str, fields: Mapping[str, Any]) -> Iterator[str]:
    found = re.compile(re.escape(theirs) + r"\[(\d+)\]")
    return (place[1] for place in map(found.match, fields) if place)


def _alike(fields: Mapping[str, Leaf], ours: Mapping[str, Leaf]) -> dict[str, str]:
    """Their fields whose value is long enough to tell and stands exactly once on either side."""
    theirs = Counter(plain(leaf.value) for leaf in fields.values())
    paths: dict[str, list[str]] = {}
    for path, leaf in ours.items():
        paths.setdefault(plain(leaf.value), []).append(path)
    found = {}
    for name, leaf in fields.items():
        said = plain(leaf.value)
        if len(said) >= TELLING and theirs[said] == 1 and len(paths.get(said, ())) == 1:
            found[name] = paths[said][0]
    return found


def _faults(body: Any, model: type[BaseModel] | None) -> dict[str, str]:
    """What the contract's model finds wrong with a body, by field."""
    if model is None:
        return {}
    try:
        model.model_validate(body)
    except ValidationError as error:
        return {fault.path.lstrip("."): fault.rule for fault in faults_of(error, "")}
    return {}


def answered(lines: dict[str, Line], body: Any, model: type[BaseModel] | None) -> None:
    """What the partner answered: a field called as one of the request stands beside it."""
    requests = {line.cells["request"].name: line for line in lines.values() if "request" in line.cells}
    faults = _faults(body, model)
    for name, leaf in told(body, model).items():
        own = requests.get(name) or requests.get(name.rpartition(".")[2])
        cell = Cell(name, leaf.shown, leaf.masked, fault=faults.get(name, ""))
        if own is not None and "answer" not in own.cells:
            own.cells["answer"] = cell
        else:
            lines.setdefault(f"answer {name}", Line(name)).cells["answer"] = cell


def applied(lines: dict[str, Line], data: Any, model: type[BaseModel] | None) -> None:
    """What entered the bus because of the answer: a field of the same path stands beside the canonical one."""
    for path, leaf in told(data, model).items():
        cell = Cell(path, leaf.shown, leaf.masked)
        own = lines.get(path)
        if own is not None and "applied" not in own.cells:
            own.cells["applied"] = cell
        else:
            lines.setdefault(f"applied {path}", Line(path)).cells["applied"] = cell


def blame(lines: Mapping[str, Line], code: str, words: str, *, by_partner: bool) -> bool:
    """Mark the field a failure speaks of: the one our mapping or the partner's words name. False when they name none."""
    if by_partner:
        for line in lines.values():
            cell = line.cells.get("request")
            last = cell.name.rpartition(".")[2] if cell is not None else ""
            if len(last) > 2 and re.search(rf"\b{re.escape(last)}\b", f"{code} {words}"):
                line.cells.setdefault("answer", Cell(last, None)).fault = words or code
                return True
        return False
    if named := UNMAPPABLE.match(words):
        path = named["path"] if named["path"] in lines else f"request {named['field']}"
        lines_of = lines.get(path)
        if lines_of is not None:
            lines_of.cells.setdefault("request", Cell(named["field"], None)).fault = named["reason"]
            return True
    return False


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
UNMAPPABLE = re.compile(r"(?P<field>[^ ]+) \(from (?P<path>[^)]+)\): (?P<reason>.+)", re.S)
"""How `mappings.table.Unmappable` says what it could not."""


def gap(lines: Mapping[str, Line], message: Any, code: str, code_list: str) -> bool:
    """Mark the canonical fields that hold a code its list does not have."""
    found = False
    for path, leaf in leaves(message, message):
        if plain(leaf.value) == code and path in lines:
            lines[path].cells.setdefault("request", Cell(code_list, None)).fault = f"code_gap {code_list}"
            found = True
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same: as text, or as the same instant with another offset."""
    return plain(one) == plain(other) or (instant(one) is not None and instant(one) == instant(other))


def instant(value: Any) -> datetime | None:
    """An instant written as ISO 8601 with its offset; None for anything else."""
    if not isinstance(value, str) or not _INSTANT.match(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def plain(value: Any) -> str:
    """A value as the same text, however its side writes it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return str(value)


def parsed(text: str) -> Any:
    """JSON, or the text itself under the name it has none of."""
    try:
        value = json.loads(text)
    except ValueError:
        return {"": text}
    return value if isinstance(value, dict | list) else {"": value}
