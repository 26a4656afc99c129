"""The partners' page: how each is and since when, what waits and until when, its certificate, its mismatches, and trying it."""

from __future__ import annotations

import asyncio
import re
from datetime import date, datetime

import pytest

from bus.ledger.incidents import DUTY, Condition, Reading
from bus.ledger.words import PartnerChange
from bus.outcome import Cause
from ops.console.partners import rows
from ops.console.text import Speech
from ops.forecast import Forecast, forecast, pace
from ops.incidents import patience
from ops.reconcile import mismatches
from tests.console.conftest import RECEIVED, Office

PORTAL, ISO = "national_portal", "electronic_iso"
DOWN = Condition("breaker", PORTAL, since=0.0, dossiers=3, deliveries=5)
NOW = 1_000_000.0


async def look(office: Office, *found: Condition) -> None:
    """What the duty writes down when it finds this."""
    ledger = office.house.ledger
    fence = await ledger.take_duty(DUTY, ledger.process, 600)
    assert fence is not None
    await ledger.incidents().look(fence, found, {"breaker": patience()["breaker"]})


async def cell(office: Office, path: str = "/console/partners") -> str:
    """The portal's row as an officer reads it, without its marks."""
    browser = await office.person(f"p{len(office.browsers)}", "operator")
    page = (await browser.get(path)).text
    row = page[page.index(f'id="{PORTAL}"') :]
    return " ".join(re.sub(r"<[^>]+>", " ", row[: row.index("</tr>")]).split())


async def test_a_partner_is_down_then_recovering_then_good_for_a_time(office: Office) -> None:
    at = office.clock.now()
    await office.house.ledger.record([], [PartnerChange(PORTAL, open_until=at + 60)])
    assert "Chập chờn" in await cell(office)
    await look(office, DOWN)
    assert "Không chạy" in await cell(office)
    await office.house.ledger.record([], [PartnerChange(PORTAL, close=True)])
    await look(office)
    assert "Đang hồi phục" in await cell(office)
    office.clock.advance(300)
    await look(office)
    office.clock.advance(300)
    assert "Tốt 10 phút" in await cell(office)


async def test_its_breaker_budget_certificate_and_mismatches_are_shown(office: Office) -> None:
    book, at = office.house.ledger.incidents(), office.clock.now()
    today = int((at + 7 * 3600) // 86_400)
    await book.keep("certificate", {(PORTAL, 0): at + 9.5 * 86_400})
    # The house compares yesterday by itself.
    await book.keep("mismatch", {(PORTAL, today): 8.0, (PORTAL, today - 2): 3.0})
    await office.house.ledger.record([], [PartnerChange(PORTAL, open_until=at + 60)])
    shown = await cell(office)
    assert "Mở thử lại" in shown
    assert "0 / 4" in shown
    assert "9 ngày" in shown
    (row,) = await rows(office.house, Speech("vi", at), PORTAL)
    assert row.trend == (0, 0, 0, 0, 3, 0, 8)
    assert row.contract == "2020"


async def test_the_home_page_counts_mismatches_and_opens_the_partners_that_have_them(office: Office) -> None:
    lan = await office.person("lan", "operator")
    home = (await lan.get("/console/")).text
    assert re.search(r"Lệch đối soát</span><b>0</b>", home)
    await office.house.ledger.incidents().keep(
        "mismatch", {(PORTAL, int((office.clock.now() + 7 * 3600) // 86_400)): 8.0}
    )
    home = (await lan.get("/console/")).text
    assert re.search(r"Lệch đối soát</span><b>8</b><small>ở 1 đối tác</small>", home)
    (there,) = re.findall(r'href="(/console/partners\?[^"]+)"', home)
    listed = (await lan.get(there)).text
    assert re.findall(r'<tr id="(\w+)"', listed) == [PORTAL]


async def test_a_due_date_that_lies_sealed_in_an_event_is_foretold_to_be_missed(office: Office) -> None:
    due = datetime.fromisoformat(RECEIVED.data["dossier"]["due_at"]).timestamp()
    assert "trễ hẹn" not in await cell(office)
    office.clock.advance(due - office.clock.now() + 60)
    (row,) = await rows(office.house, Speech("vi", office.clock.now()), PORTAL)
    assert row.forecast.late == 1
    assert "1 trễ hẹn" in row.foretold


async def test_who_put_it_on_hold_and_why_stands_there_and_it_waits_to_be_resumed(office: Office) -> None:
    await office.house.ledger.pause(PORTAL, "lan", "bảo trì")
    shown = await cell(office)
    assert "Tạm giữ lan tạm giữ: bảo trì" in shown
    assert "chờ mở lại" in shown
    assert "Mở lại…" in shown


async def test_a_partner_is_tried_and_that_is_recorded(office: Office) -> None:
    browser = await office.person("lan", "operator")
    page = (await browser.get(f"/console/partners/{ISO}")).text
    assert "Đối tác không báo giờ bảo trì." in page
    failed = await browser.submit(page, f"/console/partners/{ISO}")
    assert failed.status_code == 200
    assert "Không kết nối được đối tác" in failed.text
    (note,) = [line for line in await office.notes() if line[1] == "test partner"]
    assert note[2].startswith(f"{ISO}: {Cause.NOT_SENT.value} after ")
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    async with server:
        reached = office.house.partner_settings["dossier_system"]
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        office.house.partner_settings["dossier_system"] = reached.model_copy(update={"base_url": url})
        good = await browser.submit(page, "/console/partners/dossier_system")
    assert "Kết nối được sau" in good.text


async def test_who_is_bound_to_a_partner_sees_and_tries_no_other(office: Office) -> None:
    browser = await office.person("cong", "operator", partner=PORTAL)
    page = (await browser.get("/console/partners")).text
    assert (PORTAL in page, ISO in page) == (True, False)
    assert (await browser.get(f"/console/partners/{ISO}")).status_code == 404
    assert (await browser.submit(page, f"/console/partners/{ISO}")).status_code == 404
    assert (await browser.get("/console/partners/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("moving", "stuck", "per_s", "allowed", "begins_at", "told"),
    [
        (0, 0, 0.0, None, 0.0, Forecast("clear")),
        (0, 4, 1.0, None, 0.0, Forecast("stuck")),
        (100, 0, 2.0, None, 0.0, Forecast("at", NOW + 50, 1)),
        (100, 0, 2.0, 1.0, 0.0, Forecast("at", NOW + 100, 2)),
        (100, 0, 0.0, 1.0, 0.0, Forecast("at", NOW + 100, 2)),
        (100, 0, 2.0, None, NOW + 30, Forecast("at", NOW + 80, 2)),
        (100, 0, 2.0, None, None, Forecast("held", late=0)),
        (100, 0, 0.0, None, 0.0, Forecast("unknown", late=0)),
        (10_000_000, 0, 1.0, None, 0.0, Forecast("unknown", late=0)),
    ],
)
def test_a_forecast_counts_who_will_miss_their_date(
    moving: int, stuck: int, per_s: float, allowed: float | None, begins_at: float | None, told: Forecast
) -> None:
    dates = {"D-1": NOW + 40, "D-2": NOW + 70, "D-3": NOW + 86_400}
    assert forecast(moving, stuck, per_s, allowed, begins_at, NOW, dates) == told


def test_the_pace_is_of_lately_or_of_the_best_time_while_nothing_goes() -> None:
    sums = [
        Reading(PORTAL, slot, value, 300.0 * slot) for slot, value in enumerate((0, 600, 900, 900, 900, 900, 900, 900))
    ]
    assert pace(sums[:3], 600.0) == 1.5
    assert pace(sums, 2100.0) == 2.0
    assert pace([], 0.0) == 0.0


def test_a_comparison_counts_the_lines_that_differ_on_each_day() -> None:
    only_ours = {"ours": {"day": "2026-07-02"}, "theirs": None}
    on_another_day = {"ours": {"day": "2026-07-01"}, "theirs": {"day": "2026-07-02"}}
    both = {"ours": {"day": "2026-07-02"}, "theirs": {"day": "2026-07-02"}}
    counted = mismatches(PORTAL, date(2026, 7, 1), date(2026, 7, 3), [only_ours, on_another_day, both])
    first = (date(2026, 7, 1) - date(1970, 1, 1)).days
    assert counted == {(PORTAL, first): 1.0, (PORTAL, first + 1): 3.0, (PORTAL, first + 2): 0.0}
