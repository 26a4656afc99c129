"""Every partner we ask, by look-up or by polling, when its answer cannot be had or read: nothing is invented, nothing passed over."""

from __future__ import annotations

from typing import Any

import pytest

from bus.adapter import Found, Lookup, Partner, Poll
from bus.outcome import Cause, Held, Outcome, Transient
from ops.conformance.trial import a_question
from tests.partners import bad_server
from tests.partners.bad_server import Trouble
from tests.partners.rooms import PARTNERS, PATIENT_S, TRACE, Room, a_call, room_of

SHORT_S = 0.3
TROUBLES = bad_server.UNANSWERED | bad_server.MALFORMED
LOOKUPS = [(partner, lookup) for partner in PARTNERS.values() for lookup in partner.lookups]
POLLED = [partner for partner in PARTNERS.values() if partner.polls_every_s is not None]

each_lookup = pytest.mark.parametrize(
    ("partner", "lookup"), LOOKUPS, ids=[f"{p.name}-{one.name}" for p, one in LOOKUPS]
)
each_polled = pytest.mark.parametrize("partner", POLLED, ids=[partner.name for partner in POLLED])


async def _heard(room: Room, question: Any) -> int:
    """How many requests a good exchange takes, but for those that fetch a session."""
    room.server.heard = []
    await question()
    return sum(not heard.session for heard in room.server.heard)


@each_lookup
async def test_a_look_up_whose_answer_cannot_be_read_finds_nothing_and_says_so(
    partner: Partner, lookup: Lookup
) -> None:
    wrong = []
    question = a_question(lookup.question)
    async with room_of(partner) as room:
        if not await _heard(room, lambda: lookup.ask(room.adapter, question, a_call())):
            return  # it is answered from what we keep
        assert any(heard.headers.get("traceparent") == TRACE for heard in room.server.heard)
        for name, trouble in TROUBLES.items():
            with room.server.lays(trouble, always=True):
                answer = await lookup.ask(room.adapter, question, a_call(SHORT_S if trouble.outlasts else PATIENT_S))
            empty = isinstance(answer, Found) and not answer.matches and name in bad_server.LEGIBLE
            if not isinstance(answer, Outcome) and not empty:
                wrong.append(f"{name}: {answer}")
    assert not wrong, "\n".join(wrong)


@each_lookup
async def test_a_look_up_puts_nothing_personal_into_an_address(partner: Partner, lookup: Lookup) -> None:
    """But for what the partner's contract demands, and then only towards the partner."""
    question = a_question(lookup.question)
    async with room_of(partner) as room:
        await lookup.ask(room.adapter, question, a_call())
        headers = [value for heard in room.server.heard for value in heard.headers.values()]
    told = [str(value) for value in question.model_dump().values() if len(str(value)) > 5]
    assert not any(value in header for value in told for header in headers)


@each_polled
async def test_a_poll_that_cannot_be_read_moves_no_cursor(partner: Partner) -> None:
    wrong = []
    async with room_of(partner) as room:
        first = await room.adapter.poll("", a_call())
        assert isinstance(first, Poll), f"nothing is polled: {first}"
        if not await _heard(room, lambda: room.adapter.poll("", a_call())):
            return
        for name, trouble in TROUBLES.items():
            with room.server.lays(trouble, always=True):
                answer = await room.adapter.poll(first.cursor, a_call(SHORT_S if trouble.outlasts else PATIENT_S))
            still = answer == Poll((), first.cursor) and name in bad_server.LEGIBLE  # an end by its contract
            if not isinstance(answer, Outcome) and not still:
                wrong.append(f"{name}: {answer}")
    assert not wrong, "\n".join(wrong)


@each_polled
async def test_a_poll_is_told_to_wait_as_a_delivery_is(partner: Partner) -> None:
    wanted = {
        "429 Slow Down": (Transient, Cause.BUSY),
        "503 Later": (Transient, Cause.BUSY),
        "403 No": (Held, Cause.FORBIDDEN),
    }
    async with room_of(partner) as room:
        if not await _heard(room, lambda: room.adapter.poll("", a_call())):
            return
        for status, (kind, cause) in wanted.items():
            trouble = Trouble(bad_server.http(status, "text/html", bad_server.PAGE, "Retry-After: 7"))
            with room.server.lays(trouble, always=True):
                answer = await room.adapter.poll("", a_call())
            assert isinstance(answer, Outcome), f"{status}: {answer}"
            assert (type(answer), answer.cause) == (kind, cause), status


@each_polled
async def test_what_is_polled_twice_is_the_same_event(partner: Partner) -> None:
    """Overlap is absorbed by the event's id, so the same row has the same id and the same content; a partner whose news are numbered by
    what is kept of it in the ledger, and here nothing is, is left out."""
    async with room_of(partner) as room:
        first = await room.adapter.poll("", a_call())
        assert isinstance(first, Poll)
        second = await room.adapter.poll(first.cursor, a_call())
    assert isinstance(second, Poll)
    if first.keeps:
        return
    ours = {event.id: event.data for event in first.events}
    theirs = {event.id: event.data for event in second.events}
    assert all(ours[one] == theirs[one] for one in ours.keys() & theirs.keys())
