"""Every operation that carries many dossiers in a call: each row has an outcome of its own, and none shows another's data."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bus.adapter import Operation, Partner, Row
from bus.outcome import Delivered, Outcome, Taken
from contracts.envelope import judge
from ops.conformance.trial import Thread, threads
from tests.partners.rooms import OPERATIONS, Room, a_call, room_of

ARRAYS = [(partner, operation) for partner, operation in OPERATIONS if operation.batch > 1]
TOLD_BY_ROW = [(partner, operation) for partner, operation in ARRAYS if operation.reads]
each_array = pytest.mark.parametrize(
    ("partner", "operation"), ARRAYS, ids=[f"{partner.name}-{operation.name}" for partner, operation in ARRAYS]
)
each_told_by_row = pytest.mark.parametrize(
    ("partner", "operation"),
    TOLD_BY_ROW,
    ids=[f"{partner.name}-{operation.name}" for partner, operation in TOLD_BY_ROW],
)


async def two_threads(partner: Partner, operation: Operation) -> list[Thread]:
    """Runs of two dossiers that go well up to the operation; where there is one alone, it and its like under another code."""
    found: dict[str, Thread] = {}
    runs = threads(partner.name, operation.name)
    for thread in (*runs, *map(another, runs)):
        if thread[-1][0].subject not in found and len(found) < 2:
            async with room_of(partner) as room:
                with contextlib.suppress(AssertionError):
                    for step in thread:
                        await room.go(step)
                    found[thread[-1][0].subject] = thread
    assert len(found) == 2, "there are no two dossiers to try it with"
    return list(found.values())


def another(thread: Thread) -> Thread:
    """The same run of another dossier."""
    code = thread[-1][0].subject
    other = code[:-1] + str((int(code[-1]) + 1) % 10)
    events = (json.loads(event.to_json().decode().replace(code, other)) for event, _ in thread)
    return tuple(
        (judge(told | {"id": f"{told['id']}-2"}), name) for told, (_, name) in zip(events, thread, strict=True)
    )


@asynccontextmanager
async def two_rows(partner: Partner, operation: Operation) -> AsyncIterator[tuple[Room, list[Row]]]:
    """A room, and rows of two dossiers that are next."""
    async with room_of(partner) as room:
        rows: list[Row] = []
        for *earlier, last in await two_threads(partner, operation):
            lane = replace(room, memo={}, full=False, sent=0)
            for step in earlier:
                await lane.go(step)
            rows.append(lane.row(last))
        room.server.heard = []
        yield room, rows


async def in_one_call(room: Room, rows: list[Row]) -> list[Outcome]:
    call = room.adapter.ask if rows[0].job.step == "ask" else room.adapter.deliver
    outcomes = list(await call(rows, a_call()))
    assert sum(not heard.session for heard in room.server.heard) == 1, "they were not told in one call"
    return outcomes


@each_array
async def test_of_many_dossiers_in_a_call_each_keeps_its_own_slice_alone(
    partner: Partner, operation: Operation
) -> None:
    async with two_rows(partner, operation) as (room, rows):
        outcomes = await in_one_call(room, rows)
    for outcome, row, other in zip(outcomes, rows, reversed(rows), strict=True):
        assert isinstance(outcome, Delivered | Taken), outcome
        kept = outcome.request + outcome.reply + outcome.words.encode()
        kept += b"".join(event.to_json() for event in getattr(outcome, "replies", ()))
        assert other.job.dossier.encode() not in kept, f"{row.job.dossier} shows {other.job.dossier}"


@each_told_by_row
async def test_a_reply_that_leaves_a_dossier_out_settles_the_others_only(
    partner: Partner, operation: Operation
) -> None:
    async with two_rows(partner, operation) as (room, rows):
        whole = await in_one_call(room, rows)
        left_out = rows[0].job.dossier
        room.server.heard, room.server.spoils = (
            [],
            lambda body: json.dumps(without(json.loads(body), left_out)).encode(),
        )
        first, second = await in_one_call(room, rows)
    assert not isinstance(first, Delivered)
    assert type(second) is type(whole[1])


def without(value: Any, dossier: str) -> Any:
    """A JSON document without the rows that name the dossier."""
    if isinstance(value, list):
        return [without(one, dossier) for one in value if dossier not in json.dumps(one)]
    if isinstance(value, dict):
        return {name: without(inner, dossier) for name, inner in value.items()}
    return value
