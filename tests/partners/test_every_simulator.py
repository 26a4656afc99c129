"""Every partner's simulator: its book outlives it, its weather is as told, it says what its effects are, and it can be told over HTTP."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from adapters.weather import MODES, Weather
from bus.adapter import Operation, Partner
from bus.outcome import Cause, Delivered, Outcome, Taken, Transient, Unknown
from ops import simulate
from ops.conformance.trial import Step
from tests.partners.rooms import OPERATIONS, Room, before, each_operation, each_partner, good_thread, room_of

SHORT_S = 0.3
GOOD: tuple[tuple[type[Outcome], Cause | None], ...] = ((Delivered, None), (Taken, None))
IN_DOUBT: tuple[tuple[type[Outcome], Cause | None], ...] = ((Unknown, Cause.UNKNOWN),)
BUSY: tuple[tuple[type[Outcome], Cause | None], ...] = ((Transient, Cause.BUSY),)
WEATHER = {
    "slow": GOOD,
    "hang": IN_DOUBT,
    "lost": IN_DOUBT,
    "lost_500": IN_DOUBT,
    "500": IN_DOUBT,
    "502_page": IN_DOUBT,
    "down": IN_DOUBT,
    "maintenance": BUSY,
    "busy": BUSY,
    "html": IN_DOUBT,
    "empty": IN_DOUBT,
    "malformed": IN_DOUBT,
    "session": GOOD,
}
PARTNERS_OWN = {"says", "refuse_row", "keep_doubles"}
"""`says` is tried with the failure table; the others mean what each partner makes of them."""


def test_every_mode_has_its_test() -> None:
    assert set(WEATHER) | PARTNERS_OWN == set(MODES)


def test_a_share_of_the_calls_meets_trouble_the_same_ones_for_the_same_seed() -> None:
    def met(seed: int) -> list[int]:
        weather = Weather()
        weather.tell({"mode": "500", "share": 0.05, "seed": seed})
        return [call for call in range(1000) if weather.takes("500")]

    assert met(7) == met(7) != met(8)
    assert 20 < len(met(7)) < 80
    weather = Weather(left={"500": 1})
    weather.tell({"mode": "500", "share": 1})
    weather.tell({"mode": "500", "times": 0})
    assert not weather.takes("500")


def has_effect(operation: Operation) -> bool:
    return not operation.reads and not operation.inside


@each_operation
async def test_the_weather_is_as_it_was_told(partner: Partner, operation: Operation) -> None:
    wrong = []
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        for mode, wanted in WEATHER.items():
            seconds = 0.01 if mode == "slow" else 3 * SHORT_S
            told = await _post(room, {"mode": mode, "times": 1, "seconds": seconds, "retry_after": "4"})
            assert told.status_code == 200, told.text
            outcome = await room.send(row, SHORT_S if mode in ("hang", "lost") else 20.0)
            said_as_prose = mode in ("500", "lost_500") and isinstance(outcome, Transient)  # "server error" in a table
            if not said_as_prose and not any(
                isinstance(outcome, kind) and cause in (None, outcome.cause) for kind, cause in wanted
            ):
                wrong.append(f"{mode}: {type(outcome).__name__} {outcome.words[:60]}")
            if wanted is BUSY and getattr(outcome, "retry_after_s", None) != 4.0:
                wrong.append(f"{mode}: the time to come back is lost")
            room.simulator.weather.left.clear()
    assert not wrong, "\n".join(wrong)


@each_operation
async def test_one_delivery_has_one_effect(partner: Partner, operation: Operation) -> None:
    """The ledger's book and the partner's are compared, operation by operation; not every partner knows our dossier's code."""
    thread = await good_thread(partner, operation)
    async with room_of(partner) as room:
        for step in thread:
            await room.go(step)
    sent = Counter(name for _, name in thread if has_effect(partner.operation(name)))
    done: Counter[str] = Counter()
    for (name, _), times in room.simulator.done().items():
        done[name] += times
    assert done == sent


@each_partner
async def test_every_operation_that_changes_something_has_its_effect_declared(partner: Partner) -> None:
    async with room_of(partner) as room:
        declared = set(room.simulator.effects.values())
    assert declared == {operation.name for operation in partner.operations if has_effect(operation)}


@each_operation
async def test_the_book_outlives_the_simulator(partner: Partner, operation: Operation, tmp_path: Path) -> None:
    """Started again it knows what it knew, and a repeat for one."""
    book = tmp_path / "book.jsonl"
    async with before(partner, operation, book) as (room, step):
        row = room.row(step)
        await room.go(step)
        memo, full, told = room.memo, room.full, room.simulator.done()
    async with room_of(partner, book) as room:
        assert room.simulator.done() == told
        room.memo, room.full = memo, full
        outcome = await _again(room, step, operation, row.body)
        assert isinstance(outcome, Delivered | Taken), outcome
        assert room.simulator.done() == told or operation.harmless_twice, "the repeat was taken for new"


async def _again(room: Room, step: Step, operation: Operation, body: bytes) -> Outcome:
    """What the bus would do about a delivery in doubt."""
    if room.partner.operation(operation.name).dedupe != "query":
        return await room.send(room.row(step, request=body, in_doubt=True))
    room.full, room.memo = False, {}
    return await room.ask(room.row(step, request=body, step="ask", in_doubt=True))


@each_partner
async def test_the_same_requests_make_the_same_book(partner: Partner) -> None:
    books = []
    threads = [await good_thread(found, operation) for found, operation in OPERATIONS if found is partner][-1:]
    for thread in 2 * threads:
        async with room_of(partner) as room:
            for step in thread:
                await room.go(step)
            books.append([{"kind": entry["kind"], "fields": sorted(entry)} for entry in room.simulator.book.entries])
    assert books[:1] == books[1:]


@each_partner
def test_what_the_demos_callers_look_up_are_questions_of_the_room(partner: Partner) -> None:
    """Else nothing streams in the demo, and nobody is told why."""
    for what, asked in simulate.questions(partner.name):
        partner.lookup(what).question.model_validate(asked)


@each_partner
async def test_it_is_told_and_read_over_http(partner: Partner) -> None:
    async with room_of(partner) as room, httpx.AsyncClient(base_url=room.server.behind) as desk:
        shown = (await desk.get("/_sim")).json()
        page = await desk.get("/_sim", headers={"Accept": "text/html"})
        assert set(MODES) <= set(shown["modes"]) == set(room.simulator.weather.modes)
        assert all(mode in page.text for mode in room.simulator.weather.modes)
        formed = await desk.post("/_sim/misbehave", data={"mode": "busy", "times": "3"})
        assert formed.status_code == 303
        assert (await desk.get("/_sim")).json()["weather"] == {"busy": 3}
        curl = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await desk.post("/_sim/misbehave", content=b'{"mode": "busy", "times": 3}', headers=curl)).is_success
        for rubbish in (
            b'{"mode": "500", "share": 2}',
            b"",
            b"[]",
            b"{}",
            b'{"mode": "snow"}',
            b'{"mode": "busy", "times": "x"}',
            b"\xff",
        ):
            assert (await desk.post("/_sim/misbehave", content=rubbish)).status_code == 422
        assert room.simulator.weather.left == {"busy": 3}
        room.simulator.book.write("remark", subject="H59-1")
        entries = (await desk.get("/_sim/book", params={"kind": "remark"})).json()
        assert [entry["subject"] for entry in entries] == ["H59-1"]


async def _post(room: Room, told: dict[str, Any]) -> httpx.Response:
    async with httpx.AsyncClient(base_url=room.server.behind) as desk:
        return await desk.post("/_sim/misbehave", content=json.dumps(told))
