"""Expected steps on the console: dotted while they are to come, marked when late, named when missing; the same on every page."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from bus.clock import when
from ops import deadlines
from ops.console.expected import lines, mark
from ops.console.text import Speech
from ops.console.track import Lane, Mark, draw
from tests.console.conftest import CODE, Browser, Office

NOW = 1_780_000_000.0
PORTAL = "national_portal"


def a_step(stand: str, due_at: float | None, partner: str = PORTAL, **more: Any) -> dict[str, Any]:
    told = {"step": "portal_status", "partner": partner, "title_vi": "Cổng nhận", "title_en": "The portal has it"}
    return told | {"stand": stand, "due_at": when(due_at), "year": None} | more


def two_lanes() -> list[Lane]:
    received = Mark(NOW - 3600, "m-event", "idle", "")
    return [
        Lane("", "Một cửa", "m-event", "idle", "", [received]),
        Lane(PORTAL, "Cổng", "m-pending", "idle", "", [received]),
    ]


def test_what_is_to_come_is_dotted_behind_now() -> None:
    home, portal = two_lanes()
    mark([home, portal], {"expected": [a_step("expected", NOW + 600)]}, Speech("vi", NOW))
    assert portal.due is not None
    assert (portal.due.symbol, portal.due.at) == ("m-expected", NOW + 600)
    assert portal.due.note.startswith("trước ")
    assert home.due is None


@pytest.mark.parametrize(
    ("stand", "symbol", "note"), [("late", "m-late", "30 min late"), ("missing", "m-missing", "Missing")]
)
def test_what_was_due_is_marked_where_it_was_due_and_the_marks_stay_in_order(
    stand: str, symbol: str, note: str
) -> None:
    lanes = two_lanes()
    mark(lanes, {"expected": [a_step(stand, NOW - 1800)]}, Speech("en", NOW))
    (row,) = [row for row in draw(lanes, NOW).rows if row.lane.name == PORTAL]
    assert [placed.mark.symbol for placed in row.placed] == ["m-event", symbol]
    assert row.placed[1].mark.note == note
    assert row.placed[0].x < row.placed[1].x < draw(lanes, NOW).now_x


def test_a_step_of_the_desk_stands_in_its_lane_and_one_without_a_lane_is_told_in_words() -> None:
    home, portal = two_lanes()
    story = {"expected": [a_step("missing", NOW - 60, "dossier_system"), a_step("late", NOW - 30, "postal")]}
    mark([home, portal], story, Speech("vi", NOW))
    assert [one.symbol for one in home.marks] == ["m-event", "m-missing"]
    assert len(portal.marks) == 1
    assert len(lines(story, Speech("vi", NOW))) == 2


def test_a_result_about_to_be_late_is_red_and_a_year_we_know_nothing_of_is_named() -> None:
    story = {"expected": [a_step("risk", NOW + 60, step="result"), a_step("uncounted", None, year=2031)]}
    (_, symbol, tone, _), (_, other, bad, words) = lines(story, Speech("en", NOW))
    assert (symbol, tone, other, bad) == ("m-late", "bad", "m-missing", "bad")
    assert "2031" in words


async def shown(browser: Browser, path: str) -> str:
    answer: httpx.Response = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_every_page_says_the_same_of_a_late_step(office: Office) -> None:
    lan = await office.person("lan", "viewer")
    assert "hạn" in (await shown(lan, f"/console/dossiers/{CODE}")), "to come"
    assert "Không có bước nào trễ" in await shown(lan, "/console/expected")
    office.clock.advance(3600.0)
    await deadlines.look(office.house.ledger)
    lan = await office.person("hoa", "viewer")  # the first one's session has ended by now
    home = await shown(lan, "/console/")
    assert re.search(r"Hạn xử lý</span><b>2</b>", home), "portal and ISO"
    assert "Cổng DVC quốc gia nhận trạng thái" in home
    listed = await shown(lan, "/console/expected?step=portal_status")
    assert CODE in listed
    assert "Trễ 45 phút" in listed
    page = await shown(lan, f"/console/dossiers/{CODE}")
    assert "Cổng DVC quốc gia nhận trạng thái: trễ" in page
    assert 'href="#m-late"' in page
    assert "The national portal has the status: late" in await shown(lan, f"/console/dossiers/{CODE}?lang=en")


async def test_what_a_dossier_still_has_to_have_stands_beside_its_track_the_worst_first(office: Office) -> None:
    async def owed(name: str) -> list[tuple[str, str]]:
        told = (
            (await shown(await office.person(name, "viewer"), f"/console/dossiers/{CODE}"))
            .partition('id="h-owed"')[2]
            .partition("</section>")[0]
        )
        return [(found[1], found[2]) for found in re.finditer(r"<p>(.*?)</p><small>(.*?)</small>", told)]

    assert all(below.startswith(("Dự kiến trước", "Hạn")) for _, below in await owed("lan"))
    office.clock.advance(1700.0)
    late, *others = await owed("hoa")
    assert late[0] == "Cổng DVC quốc gia nhận trạng thái"
    assert late[1].endswith("trễ 13 phút")
    assert any(below.startswith("Dự kiến trước") for _, below in others)


async def test_a_partner_agency_sees_its_own_deadlines_alone(office: Office) -> None:
    office.clock.advance(3600.0)
    await deadlines.look(office.house.ledger)
    iso = await office.person("iso", "viewer", partner="electronic_iso")
    listed = await shown(iso, "/console/expected")
    assert "Hệ thống ISO mở phiếu" in listed
    assert "Cổng DVC quốc gia nhận trạng thái" not in listed
    assert "Cổng DVC quốc gia nhận trạng thái" not in await shown(iso, f"/console/dossiers/{CODE}")


async def test_a_page_of_deadlines_leads_to_the_next(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.console.expected.PAGE", 1)
    office.clock.advance(3600.0)
    await deadlines.look(office.house.ledger)
    lan = await office.person("lan", "viewer")
    first = await shown(lan, "/console/expected")
    following = re.search(r'href="(\?step=&amp;cursor=[^"]+)"', first)
    assert following
    second = await shown(lan, "/console/expected" + following[1].replace("&amp;", "&"))
    assert "Hệ thống ISO mở phiếu" in second.partition("<table")[2]
    assert "Trang sau" not in second


@pytest.mark.parametrize(
    ("seconds", "words"), [(59, "59 giây"), (3599, "59 phút"), (3600, "1 giờ"), (3660, "1 giờ 01"), (90_000, "1 ngày")]
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert Speech("vi", NOW).span(seconds) == words
