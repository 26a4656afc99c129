"""The envelope: a CloudEvents 1.0 event in the JSON format, read strictly, and the canonical message inside it.

Reading answers with an `Envelope` or raises `Refusal` with every fault found; no other exception for whatever bytes come in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from math import inf
from typing import Annotated, Any, NoReturn

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from contracts.canonical.base import Instant, Shape
from contracts.canonical.events import EVENTS, EventType
from contracts.fault import Fault, Refusal, faults_of, refuse
from contracts.identifier import looks_legacy
from contracts.lifecycle import flag

CLOUDEVENTS = "CloudEvents 1.0"
MAX_DEPTH = 64
MAX_SEQUENCE = 2**31 - 1
KEPT = frozenset({"message", "data_json"})
"""What an envelope works out once and keeps beside its attributes."""
TRACE_ATTRIBUTES = frozenset({"traceparent", "tracestate"})
_EXTENSION = re.compile(r"[a-z0-9]{1,20}\Z")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")


def _sequence(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        return int(value)
    return value


def _known_type(value: str) -> str:
    if value not in EVENTS:
        refuse("event_type", "no such event type; docs/events.md lists them all", "docs/events.md")
    return value


def _traceparent(value: str) -> str:
    return value if _TRACEPARENT.match(value) else ""


Printable = StringConstraints(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")


class Envelope(BaseModel):
    """One event on its way. `sequence` is the event's place among those of one source and subject, from 1 without gaps."""

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.0$")]
    id: Annotated[str, Printable]
    source: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]
    type: Annotated[str, AfterValidator(_known_type)]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
    time: Instant
    sequence: Annotated[int, Field(strict=True, ge=1, le=MAX_SEQUENCE), BeforeValidator(_sequence)] | None = None
    datacontenttype: Annotated[str, StringConstraints(pattern=r"^application/json(;.*)?$")] = "application/json"
    dataschema: Annotated[str, StringConstraints(max_length=512)] | None = None
    correlationid: Annotated[str, Printable] | None = None
    causationid: Annotated[str, Printable] | None = None
    traceparent: Annotated[str, AfterValidator(_traceparent)] = ""
    tracestate: Annotated[str, StringConstraints(max_length=512)] = ""
    data: dict[str, Any]

    @model_validator(mode="after")
    def _extensions_are_cloudevents(self) -> Envelope:
        for name, value in (self.model_extra or {}).items():
            if not _EXTENSION.match(name):
                refuse("extension_name", f"extension {name[:40]!r} is not lower-case letters and digits", CLOUDEVENTS)
            if not isinstance(value, str | int | bool):
                refuse("extension_value", f"extension {name!r} is not a string, integer or boolean", CLOUDEVENTS)
        return self

    @property
    def event_type(self) -> EventType:
        return EVENTS[self.type]

    @cached_property
    def message(self) -> Shape:
        """The canonical message in `data`. Raises Refusal."""
        try:
            return self.event_type.model.model_validate(self.data)
        except ValidationError as error:
            raise Refusal(faults_of(error, "$.data"), self.id, self.source) from None

    @cached_property
    def data_json(self) -> bytes:
        """`data` as JSON, its keys in order; written once for the ledger and for all who pass it on as it is."""
        return orjson.dumps(self.data, option=orjson.OPT_SORT_KEYS)

    def to_json(self) -> bytes:
        """The event in the JSON event format, without empty attributes, its keys in order."""
        return orjson.dumps(self._attributes(), option=orjson.OPT_SORT_KEYS)

    def content(self) -> bytes:
        """The bytes by which a duplicate is told from a conflict: `to_json` but for the trace context."""
        attributes = self._attributes()
        for name in TRACE_ATTRIBUTES:
            attributes.pop(name, None)
        return orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)

    @property
    def traced(self) -> bool:
        """Whether a trace context came with the event, so that `content` differs from `to_json`."""
        return bool(self.traceparent or self.tracestate)

    def _attributes(self) -> dict[str, Any]:
        attributes = {
            name: value
            for name, value in (self.__dict__ | (self.model_extra or {})).items()
            if value is not None and value != "" and name not in KEPT
        }
        attributes["time"] = self.time.isoformat().replace("+00:00", "Z")
        attributes["data"] = orjson.Fragment(self.data_json)
        return attributes

    @classmethod
    def trusted(cls, raw: bytes) -> Envelope:
        """Read back what `to_json` wrote and the door has already judged; fast, unchecked."""
        attributes = orjson.loads(raw)
        attributes["time"] = datetime.fromisoformat(attributes["time"]).astimezone(UTC)
        envelope = cls.__new__(cls)
        extra = {name: attributes.pop(name) for name in attributes.keys() - cls.model_fields.keys()}
        object.__setattr__(envelope, "__dict__", _ABSENT | attributes)
        object.__setattr__(envelope, "__pydantic_fields_set__", set(attributes))
        object.__setattr__(envelope, "__pydantic_extra__", extra)
        object.__setattr__(envelope, "__pydantic_private__", None)
        return envelope


_ABSENT = {name: field.default for name, field in Envelope.model_fields.items() if not field.is_required()}


def read(raw: bytes) -> Envelope:
    """One event from the wire, its data judged as well. Raises Refusal."""
    return judge(parse(raw))


def parse(raw: bytes) -> Any:
    """Strict JSON: no doubled keys, NaN, NUL, lone surrogates, huge numbers or bottomless nesting. Raises Refusal."""
    value = _plain(raw)
    return _strict(raw) if value is None else value


def _plain(raw: bytes) -> Any:
    """The value of compact JSON that hides nothing: what reads back to the same bytes. None for all other, read with more care."""
    if b"\\u" in raw or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = orjson.loads(raw)
        return value if orjson.dumps(value) == raw else None
    except ValueError:
        return None


def _strict(raw: bytes) -> Any:
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except UnicodeDecodeError:
        _bad("the body is not UTF-8", "RFC 8259 8.1")
    except RecursionError:
        _bad(f"nested deeper than {MAX_DEPTH}", "docs/events.md, limits")
    except json.JSONDecodeError as error:
        _bad(f"not JSON: {error.msg} at line {error.lineno} column {error.colno}", "RFC 8259")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        _bad(f"nested deeper than {MAX_DEPTH}", "docs/events.md, limits")
    if b"\\u" in raw:
        _check_escapes(value)
    return value


def sent(value: Any) -> Envelope:
    """An event as the dossier system sends it, from parsed JSON: what the bus alone tells may not be told to it. Raises Refusal."""
    envelope = judge(value)
    if envelope.event_type.direction != "in":
        rule = "this type goes from the bus to the dossier system, not to the bus"
        raise Refusal([Fault("$.type", rule, value=envelope.type)], envelope.id, envelope.source)
    return envelope


def judge(value: Any) -> Envelope:
    """An event from parsed JSON: its attributes, its data, and how they fit together. Raises Refusal."""
    if not isinstance(value, dict):
        _bad("an event is a JSON object", CLOUDEVENTS)
    if "data_base64" in value:
        _bad("data comes as JSON in `data`, not as `data_base64`", "docs/events.md")
    event_id, source = str(value.get("id", ""))[:128], str(value.get("source", ""))[:256]
    try:
        envelope = Envelope.model_validate(value)
    except ValidationError as error:
        raise Refusal(faults_of(error), event_id, source) from None
    return _fitting(envelope)


def make(
    event_type: str, event_id: str, source: str, subject: str, at: datetime | str, data: Mapping[str, Any]
) -> Envelope:
    """An event that we tell: what a partner said, or what became of something, `at` that time. Judged like any other: raises Refusal."""
    told = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": subject,
        "data": data,
    }
    return judge(told | {"time": at if isinstance(at, str) else at.isoformat()})


def _fitting(envelope: Envelope) -> Envelope:
    """Subject and data speak of one dossier, and the type's status is the dossier's. The subject is normalised with it."""
    said = _said(envelope)
    dossier = said("dossier")
    code = dossier.code if dossier is not None else said("dossier_code")
    faults = []
    if code is not None and envelope.subject.upper() != code:
        faults.append(Fault("$.subject", "the subject is the dossier's code", value=envelope.subject))
    document = said("document_id")
    if document is not None and envelope.subject != document:
        faults.append(Fault("$.subject", "the subject is the document's id", value=envelope.subject))
    status = envelope.event_type.status
    if dossier is not None and status is not None and dossier.status != status:
        faults.append(
            Fault("$.data.dossier.status", f"in this event type the status is {status}", value=str(dossier.status))
        )
    change = said("change")
    if dossier is not None and change is not None and change.to_status != dossier.status:
        faults.append(
            Fault("$.data.change.to_status", "a change leads to the dossier's status", value=str(change.to_status))
        )
    if faults:
        raise Refusal(faults, envelope.id, envelope.source)
    if code is not None and envelope.subject != code:
        return envelope.model_copy(update={"subject": code})
    return envelope


def _said(envelope: Envelope) -> Callable[[str], Any]:
    """What the message says, by name, None for what it does not have: a model takes long to say that an attribute is absent."""
    message = envelope.message
    told = _properties(type(message))
    return lambda name: getattr(message, name) if name in told else vars(message).get(name)


@cache
def _properties(model: type) -> frozenset[str]:
    """What instances of a model say beside their fields."""
    return frozenset(name for one in model.__mro__ for name, value in vars(one).items() if isinstance(value, property))


DEADLINE = "deadline:"
"""The flag of an event that must have reached its partner by a day, which follows."""


def flags(envelope: Envelope) -> tuple[str, ...]:
    """What is to be noticed about an event that is accepted: an unusual transition, a name in an old font's bytes, a deadline."""
    found = []
    said = _said(envelope)
    change, dossier = said("change"), said("dossier")
    if change is not None and (unusual := flag(change.from_status, change.to_status)):
        found.append(unusual)
    if dossier is not None and looks_legacy(dossier.applicant.name):
        found.append("legacy_font:applicant.name")
    deadline_on = said("deadline_on")
    if deadline_on is not None:
        found.append(f"{DEADLINE}{deadline_on.isoformat()}")
    return tuple(found)


def _bad(rule: str, source: str, path: str = "$") -> NoReturn:
    raise Refusal([Fault(path, rule, source)])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _bad("an object names the same key twice", "RFC 8259 4; RFC 7493")
    return found


def _no_constant(text: str) -> NoReturn:
    _bad(f"{text} is no JSON number", "RFC 8259 6")


def _integer(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
        _bad("a whole number does not fit 64 bits", "docs/events.md, limits")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if len(text) > 40 or value in (inf, -inf):
        _bad("a number is too large or has more than 40 characters", "docs/events.md, limits")
    return value


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > MAX_DEPTH:
            return deepest
        level = [child for item in level for child in _children(item)]
    return deepest


def _children(value: Any) -> list[Any]:
    members = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [member for member in members if isinstance(member, dict | list)]


def _check_escapes(value: Any) -> None:
    def walk(item: Any) -> None:
        if isinstance(item, str):
            if "\x00" in item:
                _bad("text may not contain NUL", "docs/events.md, limits")
            if not item.isascii():
                try:
                    item.encode()
                except UnicodeEncodeError:
                    _bad("text contains half a surrogate pair", "RFC 3629")
        elif isinstance(item, dict):
            for key, member in item.items():
                walk(key)
                walk(member)
        elif isinstance(item, list):
            for member in item:
                walk(member)

    walk(value)
