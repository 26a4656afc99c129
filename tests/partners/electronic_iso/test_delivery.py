"""Slips and steps out: what the ISO system's book holds afterwards, and what each of its answers means."""

from __future__ import annotations

import pytest

from adapters.electronic_iso.simulator import IsoSimulator
from adapters.soap_simulator import SOAP
from bus.outcome import Cause, Contract, Delivered, Held, Outcome, Permanent, Transient, Unknown
from contracts.electronic_iso import NAMESPACE
from tests.conftest import HandClock
from tests.partners.electronic_iso.conftest import Desk, Running, Told, a_call, a_delivery, adapter_to, an_event
from tests.weather import DEADLINE_S, Storm, each_storm, lay

SLIP = {"MaPhieu": "PH000001"}
RECEIVED = an_event("dossier.received.v1")
CHANGED = an_event("dossier.status_changed.v1")
STEP = an_event("dossier.step_completed.v1")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def envelope(inner: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}" xmlns="{NAMESPACE}"><s:Body>{inner}</s:Body></s:Envelope>'.encode()


def fault(code: str, text: str = "không được") -> bytes:
    return envelope(
        f'<s:Fault><faultcode xmlns="">{code}</faultcode><faultstring xmlns="">{text}</faultstring></s:Fault>'
    )


async def test_opening_a_slip_brings_its_number_to_the_memo_and_to_the_dossier_system(desk: Desk, iso: Running) -> None:
    outcome = await desk.deliver(a_delivery("TiepNhanHoSo", RECEIVED))
    assert isinstance(outcome, Delivered), outcome
    assert outcome.memo == SLIP
    (reply,) = outcome.replies
    assert (reply.type, reply.subject) == ("vn.lienthong.iso.slip_opened.v1", RECEIVED.subject)
    assert reply.data["slip"] == "PH000001"
    (slip,) = iso.simulator.book.of("slip")
    assert slip["data"]["MaHoSo"] == RECEIVED.subject
    assert slip["data"]["MaTTHC"] == RECEIVED.data["dossier"]["procedure"]["code"]
    assert slip["data"]["MaQuyTrinhISO"].startswith("QT-")


async def test_a_slip_opened_twice_is_the_same_slip(desk: Desk, iso: Running) -> None:
    job = a_delivery("TiepNhanHoSo", RECEIVED)
    first, second = await desk.deliver(job), await desk.deliver(job)
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert first.memo == second.memo
    assert first.replies[0].id == second.replies[0].id
    assert len(iso.simulator.book.of("slip")) == 1


async def test_a_step_and_an_end_carry_the_slip_the_lane_remembers(desk: Desk, iso: Running) -> None:
    dossier = CHANGED.subject
    opened = await desk.deliver(a_delivery("TiepNhanHoSo", CHANGED))
    assert isinstance(opened, Delivered)
    for operation in ("CapNhatBuoc", "KetThuc"):
        outcome = await desk.deliver(a_delivery(operation, CHANGED, memo=opened.memo))
        assert isinstance(outcome, Delivered), outcome
    (step,), (close,) = iso.simulator.book.of("step"), iso.simulator.book.of("close")
    assert step["MaHoSo"] == close["MaHoSo"] == dossier
    assert step["data"]["NguoiXuLy"] == CHANGED.data["change"]["officer"]
    assert close["data"]["TrangThai"] == str(CHANGED.data["change"]["to_status"])


async def test_a_repeated_step_has_one_effect(desk: Desk, iso: Running) -> None:
    opened = await desk.deliver(a_delivery("TiepNhanHoSo", RECEIVED))
    assert isinstance(opened, Delivered)
    job = a_delivery("CapNhatBuoc", STEP, memo=opened.memo)
    first = await desk.deliver(job)
    await desk.deliver(a_delivery("CapNhatBuoc", STEP, memo=opened.memo, request=first.request))
    assert len(iso.simulator.book.of("step")) == 1
    assert len(iso.simulator.book.of("repeat")) == 1


async def test_a_step_without_a_slip_is_poison_in_clear_words(desk: Desk, iso: Running) -> None:
    outcome = await desk.deliver(a_delivery("CapNhatBuoc", CHANGED))
    assert isinstance(outcome, Contract)
    assert outcome.cause is Cause.POISON
    assert outcome.words == "the ISO system has opened no slip for this dossier"
    assert iso.simulator.book.entries == []


async def test_a_retry_sends_the_request_as_it_was_first_sealed(desk: Desk, iso: Running) -> None:
    first = await desk.deliver(a_delivery("TiepNhanHoSo", RECEIVED))
    again = await desk.deliver(a_delivery("TiepNhanHoSo", CHANGED, request=first.request))
    assert again.request == first.request
    assert [entry["MaHoSo"] for entry in iso.simulator.book.of("repeat")] == [RECEIVED.subject]


async def test_the_trace_goes_along_in_the_http_header_and_in_the_soap_header(desk_to_told: Desk, told: Told) -> None:
    told.body = envelope("<TiepNhanHoSoResponse><MaPhieu>P1</MaPhieu></TiepNhanHoSoResponse>")
    await desk_to_told.deliver(a_delivery("TiepNhanHoSo", RECEIVED), a_call(traceparent=TRACE))
    ((headers, body),) = told.heard
    assert headers["traceparent"] == TRACE
    assert headers["soapaction"] == f'"{NAMESPACE}/TiepNhanHoSo"'
    assert f'">{TRACE}</'.encode() in body.partition(b"Body")[0]


async def test_wrong_credentials_hold_the_partner(iso: Running, clock: HandClock) -> None:
    adapter = adapter_to(iso.url, clock, password="sai")
    outcome = await Desk(adapter).deliver(a_delivery("TiepNhanHoSo", RECEIVED))
    probed = await adapter.probe(a_call())
    await adapter.close()
    for found in (outcome, probed):
        assert isinstance(found, Held)
        assert (found.cause, found.key) == (Cause.FORBIDDEN, "")


async def test_a_slip_the_partner_does_not_know_is_refused_in_its_own_words(desk: Desk) -> None:
    outcome = await desk.deliver(a_delivery("CapNhatBuoc", CHANGED, memo={"MaPhieu": "PH999999"}))
    assert isinstance(outcome, Permanent)
    assert (outcome.code, outcome.words) == ("ISO-001", "không có phiếu PH999999")


@each_storm
async def test_a_storm_becomes_the_outcome_of_the_table_and_one_slip_in_the_end(
    desk: Desk, iso: Running, storm: Storm
) -> None:
    lay(iso.simulator, storm)
    found = await desk.deliver(a_delivery("TiepNhanHoSo", RECEIVED), a_call(deadline_s=DEADLINE_S))
    assert (type(found), found.cause) == (storm.outcome, storm.cause)
    assert len(iso.simulator.book.of("slip")) == storm.taken
    settled = await desk.deliver(a_delivery("TiepNhanHoSo", RECEIVED, request=found.request))
    assert isinstance(settled, Delivered)
    assert len(iso.simulator.book.of("slip")) == 1


async def test_nobody_at_home_means_not_sent(clock: HandClock) -> None:
    adapter = adapter_to("http://127.0.0.1:9", clock)
    outcome = await Desk(adapter).deliver(a_delivery("TiepNhanHoSo", RECEIVED))
    await adapter.close()
    assert isinstance(outcome, Transient)
    assert outcome.cause is Cause.NOT_SENT


ENTITIES = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
GOOD = envelope("<TiepNhanHoSoResponse><MaPhieu>P1</MaPhieu></TiepNhanHoSoResponse>")
ANSWERS: dict[str, tuple[int, str, bytes, type[Outcome]]] = {
    "a fault of the table, with status 200": (200, "text/xml", fault("iso:ISO-003"), Permanent),
    "a fault of the table": (500, "text/xml", fault("ISO-002"), Permanent),
    "a fault that says later": (500, "text/xml", fault("s:ISO-101"), Transient),
    "an expired message": (500, "text/xml", fault("wsse:MessageExpired"), Held),
    "a fault of nobody's table": (500, "text/xml", fault("s:Server"), Unknown),
    "a fault without a code": (500, "text/xml", envelope("<s:Fault/>"), Unknown),
    "XML of a gateway, busy": (503, "text/xml", b"<busy/>", Unknown),
    "XML of a gateway, no such address": (404, "text/xml", b"<nothing/>", Transient),
    "XML of a gateway, forbidden": (403, "text/xml", b"<no/>", Held),
    "accepted, which the contract does not know": (202, "text/plain", b"", Unknown),
    "accepted, with an answer": (202, "text/xml", GOOD, Unknown),
    "no number": (200, "text/xml", envelope("<TiepNhanHoSoResponse/>"), Unknown),
    "an empty number": (200, "text/xml", GOOD.replace(b"P1", b" "), Unknown),
    "a number too long": (200, "text/xml", GOOD.replace(b"P1", b"P" * 101), Unknown),
    "two numbers": (200, "text/xml", GOOD.replace(b"</MaPhieu>", b"</MaPhieu><MaPhieu>2</MaPhieu>"), Unknown),
    "another operation's answer": (200, "text/xml", GOOD.replace(b"TiepNhanHoSoR", b"CapNhatBuocR"), Unknown),
    "an empty body": (200, "text/xml", envelope(""), Unknown),
    "no envelope": (200, "text/xml", b"<a/>", Unknown),
    "cut short": (200, "text/xml", GOOD[:-20], Unknown),
    "nothing": (200, "text/xml", b"", Unknown),
    "a good answer of another type": (200, "text/html", GOOD, Unknown),
    "a DTD": (200, "text/xml", b"<!DOCTYPE a>" + GOOD, Unknown),
    "an entity": (200, "text/xml", ENTITIES + GOOD.replace(b"P1", b"&x;"), Unknown),
    "too deep": (200, "text/xml", GOOD.replace(b"P1", b"<a>" * 300 + b"</a>" * 300), Unknown),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_every_answer_has_its_outcome(desk_to_told: Desk, told: Told, case: str) -> None:
    told.status, told.content_type, told.body, outcome = ANSWERS[case]
    assert type(await desk_to_told.deliver(a_delivery("TiepNhanHoSo", RECEIVED))) is outcome


@pytest.mark.parametrize("said", ["<KetQuaXuLy>OK</KetQuaXuLy>", "<KetQuaXuLy>LOI</KetQuaXuLy>", "<KetQuaXuLy/>", ""])
async def test_a_step_is_delivered_only_when_the_partner_says_ok(desk_to_told: Desk, told: Told, said: str) -> None:
    told.body = envelope(f"<CapNhatBuocResponse>{said}</CapNhatBuocResponse>")
    outcome = await desk_to_told.deliver(a_delivery("CapNhatBuoc", CHANGED, memo=SLIP))
    assert type(outcome) is (Delivered if ">OK<" in said else Unknown)


async def test_text_that_xml_cannot_carry_is_poison_and_nothing_is_sent(desk_to_told: Desk, told: Told) -> None:
    outcome = await desk_to_told.deliver(a_delivery("CapNhatBuoc", CHANGED, memo={"MaPhieu": "a\x00b"}))
    assert isinstance(outcome, Contract)
    assert outcome.cause is Cause.POISON
    assert told.heard == []


async def test_every_envelope_has_a_nonce_of_its_own(desk: Desk, iso: Running) -> None:
    for _ in range(3):
        assert isinstance(await desk.deliver(a_delivery("TiepNhanHoSo", RECEIVED)), Delivered)
    assert len(iso.simulator._nonces) == 3


async def test_a_closed_slip_takes_no_step_until_a_correction_opens_it_again(desk: Desk, iso: Running) -> None:
    opened = await desk.deliver(a_delivery("TiepNhanHoSo", CHANGED))
    assert isinstance(opened, Delivered)
    closing = a_delivery("KetThuc", CHANGED, memo=opened.memo)
    assert isinstance(await desk.deliver(closing), Delivered)
    refused = await desk.deliver(a_delivery("CapNhatBuoc", CHANGED, memo=opened.memo))
    assert isinstance(refused, Permanent)
    assert refused.code == "ISO-003"
    again = await desk.deliver(a_delivery("TiepNhanHoSo", CHANGED, key="again"))
    assert isinstance(again, Delivered)
    assert again.memo == opened.memo
    assert isinstance(await desk.deliver(a_delivery("CapNhatBuoc", CHANGED, memo=opened.memo)), Delivered)
    assert isinstance(await desk.deliver(closing), Delivered)
    assert [e["kind"] for e in iso.simulator.book.entries] == ["slip", "close", "reopen", "step", "close"]
    assert IsoSimulator().effects["reopen"] == "TiepNhanHoSo"
