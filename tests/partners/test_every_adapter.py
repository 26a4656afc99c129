"""Every partner's adapter against its simulator and a server that does all that networks and gateways do (reliability, sections 2 and 4).

Whatever stands in `adapters/` is tested, the newest room before its author writes a test. A room differs by what it declares: the
`dedupe` of an operation, the statuses its contract lets confirm by themselves (`Partner.confirms`).
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.transport import http
from adapters.transport.faults import MEANS
from bus.adapter import Adapter, Operation, Partner, Row
from bus.outcome import Absent, Cause, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from ops.conformance.trial import Step
from ops.partner_docs import faults_of
from tests.partners import bad_server
from tests.partners.bad_server import BadServer, FullHouse, Heard, Trouble
from tests.partners.rooms import (
    PATIENT_S,
    TRACE,
    Room,
    a_call,
    before,
    each_operation,
    each_partner,
    personal,
)
from tests.servers import free_port

SHORT_S = 0.3
"""The deadline of a call that nothing but its deadline ends."""
ECHO = "500 with the request in it"
Wanted = tuple[type[Outcome], Cause | None]
UNKNOWN: tuple[Wanted, ...] = ((Unknown, None),)
UNREAD_EARLY: tuple[Wanted, ...] = ((Unknown, None), (Transient, None), (Held, None))
"""Where an operation takes several calls, the first may have been a harmless question."""


def fits(outcome: Outcome, wanted: tuple[Wanted, ...]) -> bool:
    return any(isinstance(outcome, kind) and cause in (None, outcome.cause) for kind, cause in wanted)


def said(outcome: Outcome) -> str:
    return f"{type(outcome).__name__}({outcome.cause}, {outcome.words[:80]})"


async def broken(room: Room, row: Row, trouble: Trouble, **when: Any) -> Outcome:
    """The outcome of a call that meets the trouble; in time."""
    deadline_s = SHORT_S if trouble.outlasts else PATIENT_S
    with room.server.lays(trouble, **when):
        began = time.monotonic()
        outcome = await room.send(row, deadline_s)
        assert time.monotonic() - began < deadline_s + 1, "the call did not end at its total deadline"
    return outcome


async def calls_of(room: Room, step: Step) -> list[Heard]:
    """The requests of a delivery that goes well, but for those that fetch a session."""
    room.server.heard = []
    await room.go(step)
    return [heard for heard in room.server.heard if not heard.session]


@each_operation
async def test_what_nobody_can_read_is_never_taken_for_success(partner: Partner, operation: Operation) -> None:
    """F16, F18, F19: the request left and no readable answer came."""
    wrong = []
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        calls = await calls_of(room, step)
        troubles = bad_server.UNANSWERED | bad_server.MALFORMED
        troubles |= {ECHO: Trouble(bad_server.http("500 Oh", "text/plain", calls[-1].body))}
        for name, trouble in troubles.items():
            for skip in range(len(calls)):
                outcome = await broken(room, row, trouble, skip=skip)
                if not fits(outcome, UNREAD_EARLY if len(calls) > 1 else UNKNOWN) and not (
                    isinstance(outcome, Delivered) and _confirmed(room.partner, name, trouble)
                ):
                    wrong.append(f"{name}, request {skip + 1} of {len(calls)}: {said(outcome)}")
    assert not wrong, "\n".join(wrong)


def _confirmed(partner: Partner, name: str, trouble: Trouble) -> bool:
    """Whether the partner's contract may take this answer for a confirmation by its status alone."""
    return name in bad_server.LEGIBLE and int(trouble.answer[9:12]) in partner.confirms


STATUSES: dict[str, tuple[tuple[Wanted, ...], tuple[str, ...]]] = {
    "401 Unauthorized": (((Transient, Cause.EXPIRED), (Held, Cause.FORBIDDEN)), ()),
    "403 Forbidden": (((Held, Cause.FORBIDDEN),), ()),
    "404 Not Found": (((Transient, Cause.NOT_SENT),), ()),
    "405 Method Not Allowed": (((Transient, Cause.NOT_SENT),), ()),
    "429 Too Many Requests": (((Transient, Cause.BUSY),), ("Retry-After: 7",)),
    "503 Service Unavailable": (((Transient, Cause.BUSY),), ("Retry-After: 7",)),
    "202 Accepted": (((Taken, None), (Unknown, None)), ()),
}
"""A gateway's page under each status, and what it must come to (reliability, section 2)."""


@each_operation
async def test_every_status_comes_to_what_the_table_says(partner: Partner, operation: Operation) -> None:
    wrong = []
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        for status, (wanted, more) in STATUSES.items():
            if int(status[:3]) in partner.confirms:
                wanted = (*wanted, (Delivered, None))
            trouble = Trouble(bad_server.http(status, "text/html", bad_server.PAGE, *more))
            outcome = await broken(room, row, trouble, always=True)
            if not fits(outcome, wanted):
                wrong.append(f"{status}: {said(outcome)}")
            elif more and (not isinstance(outcome, Transient) or outcome.retry_after_s != 7.0):
                wrong.append(f"{status}: the partner's Retry-After is lost")
    assert not wrong, "\n".join(wrong)


@each_operation
async def test_what_has_not_left_the_house_is_sent_again(
    partner: Partner, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F18, F22: refused, no such name, a connection that is never made."""
    monkeypatch.setattr(http, "CONNECT_LIMIT_S", 0.1)
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        with FullHouse() as full:
            places = [f"http://127.0.0.1:{free_port()}", "http://partner.invalid", full]
            outcomes = [await _only(room.elsewhere(place), row) for place in places]
    for place, outcome in zip(places, outcomes, strict=True):
        assert fits(outcome, ((Transient, Cause.NOT_SENT),)), f"{place}: {said(outcome)}"


@each_operation
async def test_a_partner_whose_certificate_is_not_good_is_sent_nothing(
    partner: Partner, operation: Operation, certificate: Path
) -> None:
    """F25: the partner is held, and no byte of a request leaves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        outcome = await _only(room.elsewhere(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"), row)
    server.close()
    assert fits(outcome, ((Held, Cause.TLS),)), said(outcome)
    assert not any(heard)


async def _only(adapter: Adapter, row: Row) -> Outcome:
    (outcome,) = await adapter.deliver([row], a_call())
    await adapter.close()
    return outcome


@each_operation
async def test_a_redirect_is_not_followed(partner: Partner, operation: Operation) -> None:
    """F26: nothing of the request and no credential goes to the other host."""
    trap = BadServer("http://127.0.0.1:9", trouble=Trouble(), always=True)
    await trap.start()
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        for name, (status, _) in bad_server.REDIRECTS.items():
            trouble = Trouble(bad_server.http(status, "text/html", b"", f"Location: {trap.url}/there"))
            outcome = await broken(room, row, trouble, always=True)
            assert fits(outcome, UNKNOWN), f"{name}: {said(outcome)}"
    await trap.stop()
    assert trap.heard == []


@each_operation
async def test_before_there_is_a_session_nothing_of_the_dossier_has_left(
    partner: Partner, operation: Operation
) -> None:
    """A token that cannot be had is no unknown outcome, and refused credentials are not tried again and again."""
    wrong = []
    troubles = bad_server.UNANSWERED | bad_server.MALFORMED
    troubles |= {
        status: Trouble(bad_server.http(status, "text/html", bad_server.PAGE, *more))
        for status, (_, more) in STATUSES.items()
    }
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        for name, trouble in troubles.items():
            room.vault.tokens.clear()
            outcome = await broken(room, row, trouble, always=True, session=True)
            tried = sum(heard.session for heard in room.server.heard)
            if not tried:
                return  # this partner has no sessions
            if not fits(outcome, ((Transient, None), (Held, None))):
                wrong.append(f"{name}: {said(outcome)}")
            if isinstance(outcome, Held) and tried > 1:
                wrong.append(f"{name}: tried {tried} times")
    assert not wrong, "\n".join(wrong)


@each_operation
async def test_what_was_taken_before_its_answer_was_lost_has_one_effect(partner: Partner, operation: Operation) -> None:
    """F15: in doubt, then settled as the operation declares: sent again under its key, asked for, or left for a person."""
    async with before(partner, operation) as (room, step):
        already = room.simulator.done().total()
        row = room.row(step)
        calls = await _how_many(partner, operation)
        outcome = await broken(room, row, Trouble(then="reset", forward=True), skip=calls - 1)
        assert fits(outcome, UNKNOWN), said(outcome)
        assert room.simulator.done().total() - already == (not operation.reads), "it was not taken in the first place"
        declared = room.partner.operation(operation.name).dedupe
        again = room.row(step, request=outcome.request, attempt=2, tries=1, in_doubt=True)
        assert not outcome.request or again.body == row.body, "a repeat has another content"
        if declared == "query":
            settled = await room.ask(room.row(step, request=outcome.request, step="ask", in_doubt=True))
            assert isinstance(settled, Delivered | Taken | Absent), said(settled)
            if isinstance(settled, Absent):
                settled = await room.send(again)
        elif declared == "key":
            settled = await room.send(again)
        else:
            return
        assert isinstance(settled, Delivered | Taken), said(settled)
        once = room.simulator.done().total() - already == (not operation.reads)
        assert once or operation.harmless_twice, "two effects of one delivery"


async def _how_many(partner: Partner, operation: Operation) -> int:
    async with before(partner, operation) as (room, step):
        return len(await calls_of(room, step))


@each_operation
async def test_the_trace_goes_along_and_nothing_personal_where_it_may_be_seen(
    partner: Partner, operation: Operation
) -> None:
    """G15, G16, S12, S13: not in addresses, headers, log lines or codes, whatever comes back."""
    async with before(partner, operation) as (room, step):
        names = personal(step[0])
        row = room.row(step)
        with _log() as lines:
            calls = await calls_of(room, step)
            echo = bad_server.http("422 No", "application/json", row.body)
            codes = [(await broken(room, row, Trouble(echo))).code]
            for trouble in (Trouble(), Trouble(bad_server.http("500 Oh", "text/plain", row.body))):
                codes.append((await broken(room, row, trouble)).code)
    assert any(call.headers.get("traceparent") == TRACE for call in calls), "traceparent does not reach the partner"
    assert not any("baggage" in call.headers for call in calls)
    seen = [f"{call.method} {call.path} {call.headers}" for call in calls] + lines + codes
    shown = sorted(name[:2] for name in names if any(name in line for line in seen))
    assert not shown, f"{len(shown)} personal values can be seen, beginning with {shown}"


@contextmanager
def _log() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, at DEBUG, of all libraries."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.exc_info or ''}")

    root, keep = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as ours:
            yield lines
        lines += [str(entry) for entry in ours]
    finally:
        root.setLevel(level)
        root.removeHandler(keep)


@each_operation
async def test_a_business_refusal_is_the_partners_last_word(partner: Partner, operation: Operation) -> None:
    """A 422 in JSON: its contract's own shape or none, never success and never sent again by itself as if nothing had left."""
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        outcome = await broken(room, row, Trouble(bad_server.http("422 No", "application/json", b'{"x": 1}')))
    assert fits(outcome, ((Permanent, None), (Unknown, None))), said(outcome)


@pytest.mark.slow
@each_operation
async def test_a_reply_without_end_costs_no_memory(partner: Partner, operation: Operation) -> None:
    """F20: 200 MB, and 200 MB in 200 kB."""
    async with before(partner, operation) as (room, step):
        row = room.row(step)
        await room.go(step)
        for name, trouble in (bad_server.HEAVY | {"a gzip bomb": bad_server.gzip_bomb()}).items():
            Path("/proc/self/clear_refs").write_text("5")
            begin = _resident_bytes("VmRSS")
            outcome = await broken(room, row, trouble)
            grown = _resident_bytes("VmHWM") - begin
            assert fits(outcome, UNKNOWN), f"{name}: {said(outcome)}"
            assert grown < 50 * bad_server.MIB, f"{name}: {grown / bad_server.MIB:.0f} MiB"


def _resident_bytes(what: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


@each_partner
async def test_every_line_of_the_failure_table_is_reached(partner: Partner) -> None:
    """What the partner says in its own shape, by its simulator, comes to what the table says, and a person knows what to do."""
    table = faults_of(partner.name)
    assert table or not partner.operations or partner.confirms, "there is no failure table"
    open_lines = list(table)
    for operation in (o for o in partner.operations if table and not o.inside):
        async with before(partner, operation) as (room, step):
            row = room.row(step)
            await room.go(step)
            for line in tuple(open_lines):
                wanted = MEANS[line.means]
                room.simulator.weather.code = line.codes[0] if line.codes else "7"
                room.simulator.weather.words = line.words[0].upper() if line.words else ""
                room.simulator.weather.left["says"] = -1
                if fits(await room.send(row), wanted):
                    open_lines.remove(line)
    assert not open_lines, f"never reached: {open_lines}"
    for line in table:
        assert line.source
        assert line.means == "done" or (line.advice_vi and line.advice_en), f"nobody knows what to do: {line}"
