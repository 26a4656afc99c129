"""The ISO system calls us: who may, what becomes of its call, and how it is answered."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zeep
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from zeep.wsse.username import UsernameToken

from adapters.electronic_iso import RECEIVERS
from adapters.electronic_iso.simulator import signed_call
from adapters.receiver import Answer, Incoming, Received
from adapters.soap_simulator import SOAP, WSSE
from adapters.transport import xml
from contracts.envelope import Envelope
from mappings.electronic_iso.inbound import step_changed
from ops.simulate import Served, bind
from tests.conftest import HandClock
from tests.partners.electronic_iso.conftest import CREDENTIALS, SAMPLE, settings

DOSSIER = SAMPLE[0].subject
(RECEIVER,) = RECEIVERS
USER, PASSWORD = CREDENTIALS["callback_username"], CREDENTIALS["callback_password"]
CHANGE = {
    "MaThayDoi": "TD-1",
    "MaPhieu": "PH000001",
    "MaHoSo": DOSSIER,
    "MaBuoc": "KD01",
    "TenBuoc": "Kiểm tra & đối chiếu",
    "NguoiXuLy": "Lê Văn Bảy",
    "BatDau": "2026-07-02T08:00:00+07:00",
    "KetThuc": "2026-07-02T10:30:00+07:00",
    "HanXuLyGio": "4",
    "KetQua": "TAM_DUNG",
    "GhiChu": "chờ <bổ sung>",
    "ThoiDiem": "2026-07-02T10:30:00+07:00",
}


def call(clock: HandClock, fields: Mapping[str, str] = CHANGE, *, age_s: float = 0.0, **who: str) -> bytes:
    """A call made by the ISO system's own code."""
    created = datetime.fromtimestamp(clock.at, UTC) - timedelta(seconds=age_s)
    return signed_call(dict(fields), who.get("username", USER), who.get("password", PASSWORD), created)


async def receive(body: bytes, clock: HandClock) -> Received | Answer:
    return await RECEIVER.receive(Incoming(body, {}, settings(), clock, "https://truc.example"))


def refusal(answer: Received | Answer) -> tuple[str, str]:
    """The code and words of a fault."""
    assert isinstance(answer, Answer), answer
    assert answer.status == 500
    fault = xml.parse(answer.body).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert fault is not None
    prefix, _, code = (fault.findtext("faultcode") or "").partition(":")
    assert fault.nsmap[prefix] == (WSSE if prefix == "wsse" else SOAP)
    return code, fault.findtext("faultstring") or ""


async def test_a_change_becomes_an_event_that_keeps_every_field(clock: HandClock) -> None:
    received = await receive(call(clock), clock)
    assert isinstance(received, Received)
    (event,) = received.events
    assert (event.type, event.subject) == ("vn.lienthong.iso.step_changed.v1", DOSSIER)
    assert event.time == datetime(2026, 7, 2, 3, 30, tzinfo=UTC)
    assert event.data["step"] == {
        "code": "KD01",
        "title": "Kiểm tra & đối chiếu",
        "officer": "Lê Văn Bảy",
        "started_at": "2026-07-02T01:00:00+00:00",
        "ended_at": "2026-07-02T03:30:00+00:00",
        "budget_hours": 4.0,
        "result": "paused",
        "note": "chờ <bổ sung>",
    }


async def test_the_same_change_told_again_is_the_same_event(clock: HandClock) -> None:
    told = [await receive(call(clock), clock) for _ in range(2)]
    first, second = (received.events[0] for received in told if isinstance(received, Received))
    assert (first.id, first.content()) == (second.id, second.content())


@pytest.mark.parametrize(
    ("status", "answered"), [("accepted", 200), ("duplicate", 200), ("conflict", 500), ("refused", 500)]
)
async def test_the_answer_follows_the_verdict(clock: HandClock, status: str, answered: int) -> None:
    received = await receive(call(clock), clock)
    assert isinstance(received, Received)
    assert received.answer([{"status": status}]).status == answered


STRANGERS: dict[str, dict[str, Any]] = {
    "a wrong password": {"password": "sai"},
    "a wrong name": {"username": "ai đó"},
    "a token of six minutes ago": {"age_s": 360},
    "a token of six minutes hence": {"age_s": -360},
}


@pytest.mark.parametrize("case", STRANGERS)
async def test_a_caller_who_is_not_known_is_refused(clock: HandClock, case: str) -> None:
    assert refusal(await receive(call(clock, **STRANGERS[case]), clock))[0] == "FailedAuthentication"


async def test_while_one_password_replaces_the_other_both_are_known(clock: HandClock) -> None:
    both = settings(callback_password="mới", previous_callback_password=PASSWORD)
    for password in ("mới", PASSWORD):
        incoming = Incoming(call(clock, password=password), {}, both, clock, "https://truc.example")
        assert isinstance(await RECEIVER.receive(incoming), Received)
    replaced = Incoming(call(clock), {}, settings(callback_password="mới"), clock, "https://truc.example")
    assert refusal(await RECEIVER.receive(replaced))[0] == "FailedAuthentication"


async def test_without_credentials_of_ours_nobody_is_known(clock: HandClock) -> None:
    incoming = Incoming(call(clock, username="", password=""), {}, settings(callback_password=""), clock, "")
    assert refusal(await RECEIVER.receive(incoming))[0] == "FailedAuthentication"


async def test_a_token_serves_once_however_its_nonce_is_spelt(clock: HandClock) -> None:
    body = call(clock)
    assert isinstance(await receive(body, clock), Received)
    nonce = body.partition(b"Nonce>")[2].partition(b"</")[0]
    respelt = nonce.replace(b"==", b"")
    respelt = respelt[:-1] + bytes([respelt[-1] + 1]) + b"=="
    assert base64.b64decode(respelt) == base64.b64decode(nonce)
    for replay in (body, body.replace(nonce, respelt)):
        assert refusal(await receive(replay, clock)) == ("FailedAuthentication", "this UsernameToken was used before")


async def test_a_nonce_is_remembered_past_its_window(clock: HandClock) -> None:
    body = call(clock, age_s=-299)
    assert isinstance(await receive(body, clock), Received)
    clock.advance(598)
    assert refusal(await receive(body, clock))[1] == "this UsernameToken was used before"
    clock.advance(2)
    assert refusal(await receive(body, clock))[1].startswith("the UsernameToken is too old")


def without(name: str) -> dict[str, str]:
    return {field: value for field, value in CHANGE.items() if field != name}


BAD_FIELDS: dict[str, dict[str, str]] = {
    **{f"no {name}": without(name) for name in CHANGE if name not in ("KetThuc", "HanXuLyGio", "GhiChu")},
    "an empty number": CHANGE | {"MaThayDoi": " "},
    "a dossier code that is none": CHANGE | {"MaHoSo": "x"},
    "a result nobody agreed to": CHANGE | {"KetQua": "XONG"},
    "a time that is none": CHANGE | {"KetThuc": "hôm qua"},
    "a year we cannot count": CHANGE | {"BatDau": "99999-01-01T00:00:00Z"},
    "a number that is none": CHANGE | {"HanXuLyGio": "nhiều"},
    "a budget without end": CHANGE | {"HanXuLyGio": "INF"},
    "a field nobody knows": CHANGE | {"MoiLa": "1"},
}


@pytest.mark.parametrize("case", BAD_FIELDS)
async def test_a_change_that_leaves_the_contract_is_refused_without_inner_details(clock: HandClock, case: str) -> None:
    code, words = refusal(await receive(call(clock, BAD_FIELDS[case]), clock))
    assert code == "Client"
    assert words
    assert not any(inner in words for inner in ("Traceback", "zeep", "lxml", ".py", "Lê Văn Bảy"))


@pytest.mark.parametrize(
    "replaced",
    [
        (b"<iso:ThayDoi>", b"<iso:Khac>"),
        (b"</iso:BaoThayDoi>", b""),
        (b"iso:BaoThayDoi>", b"iso:LayThayDoi>"),
        (SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
        (b"<soap:Envelope", b"<!DOCTYPE a [<!ENTITY b 'c'>]><soap:Envelope"),
        (b"PasswordDigest", b"PasswordText"),
        (b"Created>", b"Expires>"),
    ],
    ids=str,
)
async def test_a_call_in_another_shape_is_refused(clock: HandClock, replaced: tuple[bytes, bytes]) -> None:
    refusal(await receive(call(clock).replace(*replaced), clock))


class Door:
    """Our SOAP address in a small web app; it keeps what was let in."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.events: list[Envelope] = []
        self.url = ""

    async def soap(self, request: Request) -> Response:
        received = await receive(await request.body(), self.clock)
        if isinstance(received, Received):
            known = {event.id for event in self.events}
            self.events += received.events
            status = "duplicate" if received.events[0].id in known else "accepted"
            received = received.answer([{"status": status}])
        return Response(received.body, received.status, media_type=received.content_type)

    async def wsdl(self, _request: Request) -> Response:
        assert RECEIVER.describe is not None
        answer = RECEIVER.describe(f"{self.url}/soap/electronic_iso")
        return Response(answer.body, answer.status, media_type=answer.content_type)


@pytest.fixture
async def door(clock: HandClock) -> AsyncIterator[Door]:
    door = Door(clock)
    path = "/soap/electronic_iso"
    app = Starlette(routes=[Route(path, door.soap, methods=["POST"]), Route(path, door.wsdl, methods=["GET"])])
    served = Served(app, bind("127.0.0.1", 0))
    await served.started()
    door.url = served.url
    yield door
    await served.stop()


async def test_any_soap_software_can_call_us_by_the_wsdl_we_serve(door: Door) -> None:
    def outside() -> str:
        client = zeep.Client(
            f"{door.url}/soap/electronic_iso?wsdl", wsse=UsernameToken(USER, PASSWORD, use_digest=True)
        )
        client.transport.session.trust_env = False
        service = client.bind("TrucLienThong", "TrucPort")
        fields = CHANGE | {"HanXuLyGio": 4.0, "BatDau": datetime.fromisoformat(CHANGE["BatDau"])}
        answers = {service.BaoThayDoi(ThayDoi=fields) for _ in range(2)}
        client.transport.session.close()
        return str(answers.pop())

    assert await asyncio.to_thread(outside) == "OK"
    assert len(door.events) == 2
    assert len({event.id for event in door.events}) == 1


async def test_what_is_polled_and_what_is_told_is_one_event(clock: HandClock) -> None:
    received = await receive(call(clock), clock)
    assert isinstance(received, Received)
    polled = step_changed(CHANGE | {"HanXuLyGio": 4.0})
    assert (polled.id, polled.content()) == (received.events[0].id, received.events[0].content())
