"""Notices by webhook: signed as docs/events.md says, kept once, and every answer with its outcome."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.dossier_system.adapter import DossierSettings
from adapters.dossier_system.simulator import SECRET
from adapters.transport.signature import HEADER, WINDOW_S, sign, verify
from bus.adapter import Row
from bus.outcome import Cause, Delivered, Held, Outcome, Permanent, Transient, Unknown
from contracts.dossier_system.messages import Notice
from contracts.marks import redact
from ops.events_doc.example import examples
from ops.simulate import Served, bind
from tests.conftest import HandClock
from tests.partners.dossier_system.conftest import SLIP_OPENED, TRACE, Desk, Running, a_call, a_notice, adapter_to
from tests.weather import DEADLINE_S, Storm, each_storm, lay

OUTWARD = [name for name, event in examples().items() if event["source"] != "urn:lienthong:dossier-system"]


def by_the_document(secret: str, at: str, body: bytes) -> str:
    """The signature as docs/events.md words it, without our own code."""
    signed = f"{at}.{json.loads(body)['id']}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


async def posted(home: Running, body: bytes, header: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (
            await http.post(f"{home.url}/events", content=body, headers={HEADER.encode(): header.encode("latin-1")})
        ).status_code


@pytest.mark.parametrize("name", OUTWARD)
async def test_every_event_that_goes_out_is_taken_once_and_whole(desk: Desk, home: Running, name: str) -> None:
    outcome = await desk.deliver(a_notice(name))
    assert isinstance(outcome, Delivered)
    (entry,) = home.simulator.book.of("notice")
    assert (entry["type"], entry["subject"]) == (name, examples()[name]["subject"])
    assert json.loads(outcome.request)["data"] == entry["data"]


async def test_what_leaves_is_signed_as_the_document_says_and_carries_key_and_trace(clock: HandClock) -> None:
    heard: list[tuple[dict[str, str], bytes]] = []

    async def note(request: Request) -> Response:
        heard.append((dict(request.headers), await request.body()))
        return Response(status_code=204)

    served = Served(Starlette(routes=[Route("/events", note, methods=["POST"])]), bind("127.0.0.1", 0))
    await served.started()
    adapter = adapter_to(served.url, clock)
    first = await Desk(adapter).deliver(a_notice(key="key-7"), a_call(traceparent=TRACE))
    clock.advance(60)
    await Desk(adapter).deliver(a_notice(key="key-7", request=first.request))
    await adapter.close()
    await served.stop()
    for headers, body in heard:
        at, given = (part.partition("=")[2] for part in headers[HEADER.lower()].split(","))
        assert given == by_the_document(SECRET, at, body)
        assert headers["content-type"].startswith("application/cloudevents+json")
        assert headers["idempotency-key"] == "key-7"
    (once, body), (again, repeated) = heard
    assert once["traceparent"] == TRACE
    assert body == repeated
    assert once[HEADER.lower()] != again[HEADER.lower()]


@given(body=st.binary(max_size=200), event_id=st.text(max_size=40), at=st.integers(0, 10**11), flip=st.integers(0))
def test_a_signature_holds_for_its_body_id_and_time_and_for_nothing_else(
    body: bytes, event_id: str, at: int, flip: int
) -> None:
    event_id = event_id.encode("utf-8", "replace").decode()
    header = sign("one", at, event_id, body)
    assert verify(header, ["two", "one"], at, event_id, body)
    altered = bytearray(body + b" ")
    altered[flip % len(altered)] ^= 1
    assert not verify(header, ["one"], at, event_id, bytes(altered))
    assert not verify(header, ["one"], at, event_id + "x", body)
    assert not verify(header, ["two"], at, event_id, body)
    assert not verify(header, ["one"], at + WINDOW_S + 1, event_id, body)
    assert not verify(header.replace(f"t={at}", f"t={at + 1}"), ["one"], at, event_id, body)


@given(header=st.text(max_size=60) | st.builds("t={},v1={}".format, st.text(max_size=8), st.text(max_size=8)))
def test_no_header_however_odd_breaks_the_check(header: str) -> None:
    assert not verify(header, ["secret"], 0.0, "id", b"body")


async def test_a_forged_altered_old_or_unsigned_notice_is_not_taken(home: Running) -> None:
    body = json.dumps(examples()[SLIP_OPENED]).encode()
    event_id, now = examples()[SLIP_OPENED]["id"], int(time.time())
    forged = {
        "another secret": (body, sign("guess", now, event_id, body)),
        "another body": (body.replace(b"PH-2026", b"PH-2027"), sign(SECRET, now, event_id, body)),
        "ten minutes old": (body, sign(SECRET, now - 600, event_id, body)),
        "no signature": (body, ""),
        "not a number": (body, "t=\xb2,v1=\xe9"),
    }
    for case, (sent, header) in forged.items():
        assert await posted(home, sent, header) == 401, case
    assert await posted(home, b"{", "t=1,v1=x") == 400
    assert home.simulator.book.entries == []


async def test_a_notice_replayed_within_the_window_has_one_effect(home: Running) -> None:
    body = json.dumps(examples()[SLIP_OPENED]).encode()
    header = sign(SECRET, int(time.time()), examples()[SLIP_OPENED]["id"], body)
    assert [await posted(home, body, header) for _ in range(2)] == [204, 204]
    assert [entry["kind"] for entry in home.simulator.book.entries] == ["notice", "repeat"]


@each_storm
async def test_a_storm_becomes_the_outcome_of_the_table_and_one_notice_in_the_end(
    desk: Desk, home: Running, storm: Storm
) -> None:
    lay(home.simulator, storm)
    found = await desk.deliver(a_notice(), a_call(deadline_s=DEADLINE_S))
    assert (type(found), found.cause) == (storm.outcome, storm.cause)
    assert len(home.simulator.book.of("notice")) == storm.taken
    assert isinstance(await desk.deliver(a_notice(request=found.request)), Delivered)
    assert len(home.simulator.book.of("notice")) == 1


async def test_what_is_in_doubt_is_sent_again_under_its_key_and_taken_once(desk: Desk, home: Running) -> None:
    home.simulator.weather.left["lost_500"] = 1
    doubt = await desk.deliver(a_notice())
    assert isinstance(doubt, Unknown)
    row = desk.adapter.prepare(a_notice(step="ask", in_doubt=True, request=doubt.request))
    assert isinstance(row, Row)
    (settled,) = await desk.adapter.ask([row], a_call())
    assert isinstance(settled, Delivered)
    assert [entry["kind"] for entry in home.simulator.book.entries] == ["notice", "repeat"]


async def test_a_refusal_is_permanent_in_the_dossier_systems_own_words(desk: Desk, home: Running) -> None:
    home.simulator.weather.left["refuse_row"] = 1
    outcome = await desk.deliver(a_notice())
    assert isinstance(outcome, Permanent)
    assert (outcome.code, json.loads(outcome.words)["error"]) == ("422", "hồ sơ đã khóa")
    assert outcome.request


async def test_a_wrong_secret_holds_the_channel(home: Running, clock: HandClock) -> None:
    adapter = adapter_to(home.url, clock, secret="sai")
    outcome = await Desk(adapter).deliver(a_notice())
    await adapter.close()
    assert isinstance(outcome, Held)
    assert (outcome.cause, outcome.key) == (Cause.FORBIDDEN, "")
    assert home.simulator.book.entries == []


def test_a_webhook_without_a_secret_is_no_setting() -> None:
    told: dict[str, Any] = {"base_url": "http://127.0.0.1:9"}
    for credentials in ({}, {"webhook_secret": ""}):
        with pytest.raises(ValidationError, match="webhook_secret"):
            DossierSettings.model_validate(told | {"credentials": credentials})
    DossierSettings.model_validate(told | {"channel": "amqp"})


JSON, PAGE = "application/json; charset=utf-8", "text/html"
ANSWERS: dict[str, tuple[int, str, bytes, type[Outcome]]] = {
    "202, kept for later": (202, JSON, b"{}", Delivered),
    "204": (204, "", b"", Delivered),
    "200 with JSON": (200, JSON, b'{"ok": true}', Delivered),
    "200 with nothing": (200, JSON, b"", Unknown),
    "200 with a page": (200, PAGE, b"<html>", Unknown),
    "there already": (409, JSON, b"{}", Delivered),
    "a gateway's conflict": (409, PAGE, b"<html>", Permanent),
    "refused": (422, JSON, b"{}", Permanent),
    "unknown address, in JSON": (404, JSON, b"{}", Permanent),
    "unknown address, a gateway's": (404, PAGE, b"<html>", Transient),
    "not entitled": (403, JSON, b"{}", Held),
    "elsewhere": (307, JSON, b"{}", Unknown),
    "broken": (500, JSON, b"{}", Unknown),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_every_answer_has_its_outcome(clock: HandClock, case: str) -> None:
    status, kind, body, outcome = ANSWERS[case]

    async def answer(_request: Request) -> Response:
        return Response(body, status, {"Content-Type": kind, "Location": "http://127.0.0.1:9/"})

    served = Served(Starlette(routes=[Route("/events", answer, methods=["POST"])]), bind("127.0.0.1", 0))
    await served.started()
    adapter = adapter_to(served.url, clock)
    found = await Desk(adapter).deliver(a_notice())
    await adapter.close()
    await served.stop()
    assert type(found) is outcome
    assert bool(found.request) is not isinstance(found, Transient | Held)


def test_a_notice_is_shown_without_anything_personal() -> None:
    event = examples()["vn.lienthong.portal.dossier_filed.v1"]
    shown = json.dumps(redact(event, Notice), ensure_ascii=False)
    filing = event["data"]["filing"]
    for name in ("owner_name", "owner_id", "phone", "address"):
        assert filing[name] not in shown, name
    assert event["id"] in shown
    assert event["type"] in shown


async def test_no_failure_names_a_person(clock: HandClock, desk: Desk, home: Running) -> None:
    filed = a_notice("vn.lienthong.portal.dossier_filed.v1")
    owner = filed.envelope.data["filing"]["owner_name"]
    home.simulator.weather.left["502_page"] = 1
    away = adapter_to("http://127.0.0.1:9", clock)
    for outcome in (await desk.deliver(filed), await Desk(away).deliver(filed)):
        assert owner not in repr(replace(outcome, request=b""))
    await away.close()
