"""Every partner's tables: complete against both models, each row with its source, pure, and read back to what they were built from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus.adapter import Operation, Partner, Row
from bus.outcome import Delivered, Outcome
from contracts.canonical.events import EVENTS, PREFIX
from contracts.envelope import Envelope, judge
from contracts.fault import Refusal
from mappings import refusal
from mappings.check import Named, check, tables
from mappings.replies import CALLS, POLLED, REPLIES, becomes
from mappings.routes import ROUTES
from mappings.table import Table, Unmappable, build, read
from ops.conformance import MemoryVault
from ops.conformance.trial import a_question, events
from ops.sample import generate
from ops.up import receivers
from tests.partners.rooms import (
    PARTNERS,
    a_job_for,
    before,
    each_operation,
    each_partner,
    good_thread,
    personal,
    settings_of,
    wiring,
)

TABLES = [named for partner in PARTNERS for named in tables(partner)]
OUTWARD = [named for named in TABLES if not named.reads]
each_table = pytest.mark.parametrize("named", TABLES, ids=[f"{one.module}.{one.name}" for one in TABLES])
each_outward = pytest.mark.parametrize("named", OUTWARD, ids=[f"{one.module}.{one.name}" for one in OUTWARD])
QUESTIONS = {lookup.question for partner in PARTNERS.values() for lookup in partner.lookups}
"""What callers ask; no event brings them."""
MARK = "Zxqv"
"""What stands in for what people said."""


@each_partner
def test_the_tables_are_complete_against_both_models(partner: Partner) -> None:
    """What `lienthong mappings check` says."""
    assert check(partner.name) == []


@each_partner
def test_every_operation_has_its_route_and_every_route_its_operation(partner: Partner) -> None:
    """An operation no event owes would never be called; a route to no operation would owe what cannot be done."""
    routed = {route.operation for route in ROUTES if route.partner == partner.name}
    assert routed == {operation.name for operation in partner.operations}


@each_operation
async def test_what_a_partner_replies_becomes_what_the_table_says(partner: Partner, operation: Operation) -> None:
    async with before(partner, operation) as (room, step):
        outcome = await room.go(step)
    told = outcome.replies if isinstance(outcome, Delivered) else ()
    assert {event.type.removeprefix(PREFIX) for event in told} <= set(becomes(partner.name, operation.name))


def test_every_event_a_partner_brings_stands_in_the_table_of_replies() -> None:
    """And every line of it is a reply somebody can give."""
    brought = {name.removeprefix(PREFIX) for name, kind in EVENTS.items() if kind.direction != "in"}
    assert {reply.event for reply in REPLIES} == brought - {refusal.TYPE.removeprefix(PREFIX)}
    calling = {name for name, offered in receivers(PARTNERS).items() if offered}
    assert {reply.partner for reply in REPLIES if reply.says == CALLS} == calling
    polled = {name for name, partner in PARTNERS.items() if partner.polls_every_s is not None}
    assert {reply.partner for reply in REPLIES if reply.says == POLLED} == polled
    for reply in REPLIES:
        routed = {route.operation for route in ROUTES if route.partner == reply.partner}
        assert reply.says in routed | {CALLS, POLLED}, reply


@each_table
def test_every_row_has_its_source_and_its_rule_in_words(named: Named) -> None:
    for line in named.table:
        assert line.source.strip()
        assert line.convert.says.strip()
        if line.compute is not None:
            assert line.compute.__doc__, f"{line.field}: {line.compute.__name__} gives no reason"


def members(shape: type, value: Any) -> Iterator[Any]:
    """Every message of a shape inside a value."""
    if isinstance(value, shape):
        yield value
    if hasattr(value, "model_fields_set"):
        for name in type(value).model_fields:
            yield from members(shape, getattr(value, name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from members(shape, inner)


def messages_of(mapping: Table, stream: Iterable[Envelope]) -> Iterator[Any]:
    for event in stream:
        yield from members(mapping.of or object, event.message)


@each_outward
def test_what_was_built_reads_back_to_what_it_was_built_from(named: Named) -> None:
    """Rows whose converter has an inverse; what the partner cannot tell apart is built the same again."""
    tried = 0
    asked = [a_question(one.question) for partner in PARTNERS.values() for one in partner.lookups]
    told = messages_of(named.table, [event for stream in events() for event in stream])
    for message in (*told, *(one for one in asked if isinstance(one, named.table.of or ()))):
        _round_trip(named.table, message)
        tried += 1
    no_message = named.table.of in QUESTIONS or not hasattr(named.table.of, "model_fields")
    assert tried or no_message, "no event has such a message"


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), day=st.dates(date(2024, 1, 1), date(2026, 11, 30)))
def test_what_was_built_reads_back_whatever_the_dossier(seed: int, day: date) -> None:
    """The same over samples nobody has looked at, before and after the reform of 2025."""
    stream = tuple(generate(30, 5, seed, day))
    for named in OUTWARD:
        for message in messages_of(named.table, stream):
            _round_trip(named.table, message)


def _round_trip(mapping: Table, message: Any) -> None:
    """Build, read, and say again what was read: each invertible row as it was."""
    before = message.model_dump() if hasattr(message, "model_dump") else None
    try:
        built = build(mapping, message)
    except (Unmappable, LookupError):  # this table is not for such a message, or a code has no row
        return
    assert build(mapping, message) == built, "the same message was built otherwise the second time"
    assert before is None or message.model_dump() == before, "building changed the message"
    for line in mapping:
        said = built[line.field]
        if said in (None, "", mapping.empty):
            assert not line.required, f"{line.field} is required and came out empty"
        elif line.inner is None and line.convert.back is not None and line.path:
            assert line.convert.out(line.convert.back(said), message) == said, f"{line.field} does not read back"
    read(mapping, built)


@each_operation
async def test_preparing_is_pure_and_never_raises(partner: Partner, operation: Operation) -> None:
    """The same delivery is mapped to the same bytes, by another adapter too."""
    async with before(partner, operation) as (room, step):
        first, second = room.row(step), room.row(step)
        other = room.elsewhere(room.server.url)
        third = replace(room, adapter=other).row(step)
        await other.close()
    assert (first.body, first.switch) == (second.body, second.switch) == (third.body, third.switch)
    assert room.row(step, request=first.body).body == first.body, "a repeat is mapped again"


@each_operation
async def test_what_cannot_be_mapped_is_said_without_a_word_of_what_it_was(
    partner: Partner, operation: Operation
) -> None:
    """S12: an event with one field changed or gone is mapped or refused, never a crash, and no value stands in the reason."""
    event, name = (await good_thread(partner, operation))[-1]
    adapter = partner.open(wiring(settings_of(partner, "http://127.0.0.1:9"), MemoryVault()))
    for variant in variants(event):
        prepared = adapter.prepare(a_job_for(partner, name, variant))
        if isinstance(prepared, Row):
            continue
        assert isinstance(prepared, Outcome)
        told = f"{prepared.code} {prepared.words} {prepared.request!r} {prepared.reply!r}"
        shown = [value[:2] for value in personal(variant) if value in told]
        assert not shown, f"the reason names {len(shown)} values: {told[:60]}"
        assert MARK not in told, told
    await adapter.close()


def variants(event: Envelope) -> Iterator[Envelope]:
    """The event with each of its fields gone, or with other words in it, as far as the door lets it in."""
    told = json.loads(event.to_json())

    def walk(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        if path:
            yield path
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, (*path, key))
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                yield from walk(inner, (*path, place))

    changes: tuple[Any, ...] = (None, f"{MARK} {MARK}", "9.999999", [])
    for path in walk(told["data"], ()):
        for change in changes:
            copy = json.loads(event.to_json())
            *parents, last = path
            at = copy["data"]
            for name in parents:
                at = at[name]
            if change is None and isinstance(at, dict):
                del at[last]
            elif type(at[last]) is type(change):
                at[last] = change
            else:
                continue
            try:
                yield judge(copy)
            except Refusal:
                continue
