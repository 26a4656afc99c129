"""A mapping is a table: one row, one field, one source. The whole engine, small enough to read over tea.

`table(row(...), ...)` is compiled once into a list of small functions; `build` writes a partner's message from a canonical one, `read`
goes the other way for rows whose converter has an inverse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from mappings.convert import Converter, Unsayable, plain


class Unmappable(Exception):
    """A message that cannot be said in the partner's words: which field, from which path, why. No value is named."""

    def __init__(self, partner_field: str, path: str, reason: str) -> None:
        super().__init__(f"{partner_field} (from {path or 'several fields'}): {reason}")
        self.partner_field = partner_field
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """One line: canonical `path` to partner `field`. `required` may not come out empty; `inner` maps each member of a list."""

    path: str
    field: str
    convert: Converter
    source: str
    required: bool = False
    inner: Table | None = None
    compute: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the partner's order; `empty` is what the partner writes where there is nothing.

    `of` is the canonical shape its paths begin at, `to` the contract's model its fields belong to; `beside` names fields of `to` that are
    filled beside the table (a number the lane remembers), or, where a table reads, fields of `of`.
    """

    rows: tuple[Row, ...]
    empty: Any
    of: type | None = None
    to: type | None = None
    beside: tuple[str, ...] = ()
    steps: tuple[Callable[[Any, dict[str, Any]], None], ...] = field(repr=False, default=())

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def row(path: str, partner_field: str, convert: Converter | None = None, *, source: str, required: bool = False) -> Row:
    """The value at `path` of the message, converted."""
    return Row(path, partner_field, convert or plain(), source, required)


def computed(partner_field: str, function: Callable[[Any], Any], *, source: str, required: bool = False) -> Row:
    """What needs more than one field: a named function of the message, its docstring the reason."""
    says = (function.__doc__ or function.__name__).strip().splitlines()[0]
    return Row("", partner_field, Converter(says, lambda value, _message: value), source, required, compute=function)


def many(path: str, partner_field: str, inner: Table, *, source: str) -> Row:
    """A list: each member mapped by `inner`; an empty list stays a list."""
    return Row(path, partner_field, plain(), source, inner=inner)


def table(
    *rows: Row, empty: Any = "", of: type | None = None, to: type | None = None, beside: tuple[str, ...] = ()
) -> Table:
    """Compile rows. Raises ValueError when two rows fill one field."""
    fields = [line.field for line in rows]
    if doubled := {name for name in fields if fields.count(name) > 1}:
        raise ValueError(f"filled twice: {', '.join(sorted(doubled))}")
    return Table(rows, empty, of, to, beside, tuple(_step(line, empty) for line in rows))


def build(mapping: Table, message: Any) -> dict[str, Any]:
    """The partner's message. Raises Unmappable, or CodeGap when a code has no row for its date."""
    written: dict[str, Any] = {}
    for step in mapping.steps:
        step(message, written)
    return written


def read(mapping: Table, message: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical values of a partner's message, nested by their paths; empty and absent fields are left out. Raises Unmappable."""
    found: dict[str, Any] = {}
    for line in mapping:
        raw = message.get(line.field)
        if raw in (None, "", mapping.empty) or not line.path:
            continue
        if line.inner is not None:
            members = [raw] if isinstance(raw, Mapping) else raw  # a list of one sometimes comes as its only member
            if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
                raise Unmappable(line.field, line.path, "not a list of objects")
            _put(found, line.path, [read(line.inner, member) for member in members])
        elif line.convert.back is not None:
            try:
                value = line.convert.back(raw)
            except (ValueError, TypeError) as error:
                raise Unmappable(line.field, line.path, f"unreadable: {type(error).__name__}") from None
            if value is not None:
                _put(found, line.path, value)
    return found


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        found = found.setdefault(name, {})
    found[last] = value


def _step(line: Row, empty: Any) -> Callable[[Any, dict[str, Any]], None]:
    """One row as one function of the message."""
    if line.inner is not None:
        return _members(line, line.inner)
    if line.compute is not None:
        return _computed(line, line.compute, empty)
    return _converted(line, empty)


def _members(line: Row, inner: Table) -> Callable[[Any, dict[str, Any]], None]:
    get, name = attrgetter(line.path), line.field

    def write(message: Any, written: dict[str, Any]) -> None:
        try:
            found = get(message)
        except AttributeError:  # something on the way is absent
            found = None
        written[name] = [build(inner, member) for member in found or ()]

    return write


def _computed(line: Row, compute: Callable[[Any], Any], empty: Any) -> Callable[[Any, dict[str, Any]], None]:
    name, required = line.field, line.required

    def write(message: Any, written: dict[str, Any]) -> None:
        try:
            said = compute(message)
        except _FAULTS as error:
            raise _unmappable(line, error) from None
        if required and said in (None, ""):
            raise Unmappable(name, line.path, NOTHING)
        written[name] = empty if said is None else said

    return write


def _converted(line: Row, empty: Any) -> Callable[[Any, dict[str, Any]], None]:
    get: Callable[[Any], Any] = attrgetter(line.path) if line.path else lambda _message: ""
    out, name, required = line.convert.out, line.field, line.required

    def write(message: Any, written: dict[str, Any]) -> None:
        try:
            raw = get(message)
        except AttributeError:  # something on the way is absent
            raw = None
        said = None
        if raw is not None:
            try:
                said = out(raw, message)
            except _FAULTS as error:
                raise _unmappable(line, error) from None
        if required and said in (None, ""):
            raise Unmappable(name, line.path, NOTHING)
        written[name] = empty if said is None else said

    return write


NOTHING = "required, and there is nothing to say"
_FAULTS = (ValueError, TypeError, AttributeError, KeyError, OverflowError)


def _unmappable(line: Row, error: Exception) -> Unmappable:
    """The reason in our own words, never the words of a library, which may repeat the value."""
    return Unmappable(line.field, line.path, str(error) if isinstance(error, Unsayable) else type(error).__name__)
