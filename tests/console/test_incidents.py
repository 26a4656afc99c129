"""Incidents as an officer meets them: on the home page, on a page of their own, taken on with a note."""

from __future__ import annotations

import pytest

from bus.ledger.incidents import DUTY, Condition
from ops.incidents import patience
from tests.console.conftest import Office

PORTAL, ISO = "national_portal", "electronic_iso"
DOWN = Condition("breaker", PORTAL, since=0.0, dossiers=1213, deliveries=1500)
FULL = Condition("disk", facts={"free": "0.5 GB"}, since=0.0)


async def look(office: Office, *found: Condition) -> dict[str, int]:
    """What the duty writes down when it finds this; the open ones by kind."""
    ledger = office.house.ledger
    fence = await ledger.take_duty(DUTY, ledger.process, 600)
    assert fence is not None
    book = ledger.incidents()
    await book.look(fence, found, {kind: patience()[kind] for kind in ("breaker", "disk")})
    return {one.kind: one.id for one in await book.open()}


@pytest.fixture
async def down(office: Office) -> int:
    """The portal's incident, and one of the house, open."""
    return (await look(office, DOWN, FULL))["breaker"]


async def test_the_home_page_shows_what_is_wrong_now_the_most_urgent_first(office: Office, down: int) -> None:
    browser = await office.person("lan", "operator")
    home = (await browser.get("/console/")).text
    assert home.index("Ổ đĩa của sổ cái sắp đầy") > 0
    assert "Cổng Dịch vụ công quốc gia không trả lời" in home
    assert "Giữ 1.213 hồ sơ, 1.500 lượt gửi đang chờ." in home
    assert "Bên phải xử lý: đối tác" in home
    english = (await browser.get("/console/?lang=en")).text
    assert "does not answer" in english
    assert "Holds up 1,213 dossiers; 1,500 deliveries wait." in english


async def test_the_record_names_an_incident_that_the_bus_opened_and_leads_to_it(office: Office, down: int) -> None:
    auditor = await office.person("kiem", "auditor")
    said = f'<a href="/console/incidents/{down}">Cổng Dịch vụ công quốc gia không trả lời</a>'
    shown = (await auditor.get("/console/audit")).text
    assert said in shown
    assert f"{down}: breaker" not in shown


async def test_one_is_taken_on_with_a_note_and_an_owner_and_that_is_recorded(office: Office, down: int) -> None:
    browser = await office.person("lan", "operator")
    path = f"/console/incidents/{down}"
    shown = (await browser.get(path)).text
    assert "chưa có ai" in shown
    refused = await browser.submit(shown, path, note=" ", owner="lan")
    assert (refused.status_code, "Ghi ngắn gọn đang làm gì." in refused.text) == (422, True)
    assert (await browser.submit(shown, path, note="đã gọi Bộ", owner="tổ trực")).status_code == 303
    assert "“đã gọi Bộ”" in (await browser.get(path)).text
    assert "Người nhận việc: tổ trực." in (await browser.get("/console/incidents")).text
    assert ("lan", "acknowledge incident", "đã gọi Bộ", "") in await office.notes()


async def test_one_that_is_over_is_listed_with_its_totals_and_cannot_be_taken_on(office: Office, down: int) -> None:
    browser = await office.person("lan", "operator")
    shown = (await browser.get(f"/console/incidents/{down}")).text
    await look(office, FULL)
    office.clock.advance(600)
    browser = await office.person("mai", "operator")
    await look(office, FULL)
    listed = (await browser.get("/console/incidents")).text
    past = listed[listed.index("h-past") :]
    assert "1.213" in past
    assert "1.500" in past
    shown = (await browser.get("/console/")).text
    late = await browser.submit(shown, f"/console/incidents/{down}", note="đã gọi Bộ", owner="")
    assert (late.status_code, "Sự cố này đã hết" in late.text) == (422, True)
    closed = (await browser.get(f"/console/incidents/{down}")).text
    assert "Đóng lúc" in closed
    assert "Hết trước khi có người nhận." in closed


async def test_who_is_bound_to_a_partner_sees_its_incidents_alone(office: Office, down: int) -> None:
    theirs, others = (
        await office.person("cong", "viewer", partner=PORTAL),
        await office.person("iso", "viewer", partner=ISO),
    )
    assert "không trả lời" in (await theirs.get("/console/")).text
    for path in ("/console/", "/console/incidents"):
        shown = (await others.get(path)).text
        assert "không trả lời" not in shown
        assert "Ổ đĩa" not in shown
    assert (await theirs.get(f"/console/incidents/{down}")).status_code == 200
    assert "<form" not in (await theirs.get(f"/console/incidents/{down}")).text.partition("<main")[2]
    assert (await others.get(f"/console/incidents/{down}")).status_code == 404


@pytest.mark.parametrize("number", ["0", "999", "abc", "9" * 30])
async def test_one_that_is_not_there_is_not_found(office: Office, number: str) -> None:
    browser = await office.person("lan", "viewer")
    assert (await browser.get(f"/console/incidents/{number}")).status_code == 404
