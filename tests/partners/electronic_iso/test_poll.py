"""Asking the ISO system for its changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.soap_simulator import SOAP
from bus.adapter import Poll
from bus.outcome import Cause, Delivered, Outcome, Transient, Unknown
from contracts.electronic_iso import NAMESPACE
from tests.conftest import HandClock
from tests.partners.electronic_iso.conftest import SAMPLE, Desk, Running, Told, a_call

DOSSIER = SAMPLE[0].subject
FIELDS = {
    "MaPhieu": "PH000001",
    "MaHoSo": DOSSIER,
    "MaBuoc": "KD01",
    "TenBuoc": "Kiểm tra nội bộ",
    "NguoiXuLy": "Lê Văn Bảy",
    "BatDau": "2026-07-02T08:00:00+07:00",
    "KetQua": "DAT",
    "ThoiDiem": "2026-07-02T10:30:00+07:00",
}


def change(number: str, **fields: str) -> str:
    """A `ThayDoi` as it stands in an answer."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in ({"MaThayDoi": number} | FIELDS | fields).items())
    return f"<ThayDoi>{inner}</ThayDoi>"


def changes(*rows: str) -> bytes:
    body = f"<LayThayDoiResponse>{''.join(rows)}</LayThayDoiResponse>"
    return f'<s:Envelope xmlns:s="{SOAP}" xmlns="{NAMESPACE}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


async def poll(desk: Desk, cursor: str = "") -> Poll:
    polled = await desk.adapter.poll(cursor, a_call())
    assert isinstance(polled, Poll), polled
    return polled


async def test_a_change_is_found_once_by_its_number_although_polls_overlap(desk: Desk, iso: Running) -> None:
    iso.simulator.slips[DOSSIER] = "PH000001"
    iso.simulator.change(DOSSIER, KetThuc="2026-07-02T10:30:00+07:00", GhiChu="đã xem")
    first = await poll(desk)
    second = await poll(desk, first.cursor)
    assert [event.id for event in first.events] == [event.id for event in second.events]
    (event,) = first.events
    assert event.subject == DOSSIER
    assert event.data["step"]["note"] == "đã xem"
    assert datetime.fromisoformat(first.cursor) == event.time


async def test_a_partner_without_news_brings_nothing_and_keeps_the_cursor(desk: Desk) -> None:
    cursor = "2026-07-02T00:00:00+00:00"
    assert await poll(desk, cursor) == Poll((), cursor, ())


async def test_changes_before_the_overlap_are_not_asked_for_again(desk: Desk, iso: Running) -> None:
    iso.simulator.slips[DOSSIER] = "PH000001"
    for minutes in (11, 9):
        at = datetime(2026, 7, 2, 10, tzinfo=UTC) - timedelta(minutes=minutes)
        iso.simulator.change(DOSSIER, MaBuoc=f"B{minutes}", ThoiDiem=at.isoformat())
    polled = await poll(desk, "2026-07-02T10:00:00+00:00")
    assert [event.data["step"]["code"] for event in polled.events] == ["B9"]


async def test_a_row_that_cannot_be_read_is_kept_and_spoils_no_other(desk_to_told: Desk, told: Told) -> None:
    told.body = changes(
        change("1"),
        change("2", KetQua="XONG"),
        "<ThayDoi/>",
        change("4", MaHoSo="không phải mã"),
        change("5"),
    )
    polled = await poll(desk_to_told)
    assert len(polled.events) == 2
    assert len(polled.bad_rows) == 3
    assert any("XONG" in row.decode() for row in polled.bad_rows)


async def test_a_time_ahead_of_ours_does_not_hide_what_comes_before_it(
    desk_to_told: Desk, told: Told, clock: HandClock
) -> None:
    told.body = changes(change("1", ThoiDiem=datetime.fromtimestamp(clock.at + 86_400, UTC).isoformat()))
    polled = await poll(desk_to_told)
    assert len(polled.events) == 1
    assert datetime.fromisoformat(polled.cursor).timestamp() == pytest.approx(clock.at, abs=0.001)


async def refused(desk: Desk) -> Outcome:
    polled = await desk.adapter.poll("", a_call())
    assert isinstance(polled, Outcome), polled
    return polled


async def test_an_answer_that_is_none_leaves_the_cursor_alone(desk_to_told: Desk, told: Told) -> None:
    for body in (b"", b"<a/>", changes()[:-9], changes().replace(b"LayThayDoiR", b"CapNhatBuocR")):
        told.body = body
        assert isinstance(await refused(desk_to_told), Unknown)
    told.status, told.content_type, told.headers = 503, "text/plain", {"Retry-After": "7"}
    busy = await refused(desk_to_told)
    assert isinstance(busy, Transient)
    assert (busy.cause, busy.retry_after_s) == (Cause.BUSY, 7.0)


async def test_the_probe_is_a_question_without_effect(desk: Desk, iso: Running) -> None:
    assert isinstance(await desk.adapter.probe(a_call()), Delivered)
    assert iso.simulator.book.entries == []


async def test_the_simulator_can_be_told_that_its_people_did_something(desk: Desk, iso: Running) -> None:
    iso.simulator.slips[DOSSIER] = "PH000001"
    async with httpx.AsyncClient(base_url=iso.url, trust_env=False) as people:
        told = await people.post("/_sim/change", json={"MaHoSo": DOSSIER, "KetQua": "TRA_LAI"})
        stranger = await people.post("/_sim/change", json={"MaHoSo": "x"})
    assert (told.status_code, stranger.status_code) == (200, 422)
    (event,) = (await poll(desk)).events
    assert event.data["step"]["result"] == "sent_back"
