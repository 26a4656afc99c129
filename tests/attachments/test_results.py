"""Results through a whole house: fetched, verified, told in the story and to the dossier system, held back where it is so wanted."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.result_files import check
from bus.ledger.words import Filter
from bus.policy import RetryPolicy
from contracts.envelope import Envelope, judge
from ops import attachments, dossiers, simulate
from ops.house import House
from ops.settings import AttachmentSettings, Settings
from ops.story import tell
from tests.attachments.host import Host, served
from tests.contracts.examples import event
from tests.ops.conftest import settings_of
from tests.signed_pdf import AGENCY, OFFICER, Authority, plain, signed

CODE = str(event("dossier.result_issued.v1")["subject"])
PUBLIC = "https://hoso.example.com"
AUTHORITY = Authority.new()
GOOD = signed(AUTHORITY.signer())


class Office:
    """A house, its file host, and what the portal and the dossier system have taken."""

    def __init__(self, house: House, host: Host, simulators: dict[str, simulate.Served]) -> None:
        self.house, self.host, self.simulators = house, host, simulators
        self.sequence = 0

    def book(self, name: str, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.simulators[name].app.state.simulator.book.of(kind)
        return found

    async def issue(self, *urls: str, name: str = "dossier.result_issued.v1") -> None:
        """The dossier's result papers at these addresses."""
        self.sequence += 1
        value = event("dossier.result_issued.v1", id=f"e{self.sequence}", sequence=self.sequence)
        papers = [{"id": f"KQ{n}", "title": f"Kết quả {n}", "url": url} for n, url in enumerate(urls)]
        value["data"]["dossier"]["results"] = papers
        value["type"] = f"vn.lienthong.{name}"
        (verdict,) = await self.house.intake.accept([judge(value)], client="test")
        assert verdict["status"] == "accepted", verdict

    async def checks(self, count: int) -> list[dict[str, Any]]:
        """The data of that many events `result.checked`, as soon as they are told."""
        return [one.data for one in await self.told("vn.lienthong.result.checked.v1", count)]

    async def told(self, kind: str, count: int) -> list[Envelope]:
        """That many events of a kind about the dossier, as soon as they are there."""
        found: list[Envelope] = []
        for _ in range(400):
            found = await self.house.ledger.about(CODE, kind)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.025)
        raise TimeoutError(f"{len(found)} of {count} {kind}")

    async def state(self, partner: str = "national_portal", operation: str = "DongBoHoSoMC") -> tuple[str, str]:
        """State and hold key of the partner's latest delivery of that operation."""
        views, _ = await self.house.ledger.deliveries(Filter(partner=partner, operation=operation))
        return views[0].state.value, views[0].hold_key

    async def until(self, *states: str, **of: str) -> str:
        told = ("", "")
        for _ in range(400):
            told = await self.state(**of)
            if told[0] in states:
                return told[1]
            await asyncio.sleep(0.025)
        raise TimeoutError(str(told))

    async def held(self, checks: int) -> None:
        """Wait until the portal's delivery is held with so many checks known."""
        for _ in range(400):
            if await self.state() == ("waiting", f"result:{CODE}:{checks}"):
                return
            await asyncio.sleep(0.025)
        raise TimeoutError(str(await self.state()))

    async def story(self) -> dict[str, Any]:
        told = await dossiers.story(self.house.ledger, self.house.partners, CODE)
        assert told is not None
        return told


@asynccontextmanager
async def an_office(folder: Path, **more: Any) -> AsyncIterator[Office]:
    (folder / "trusted").mkdir()
    (folder / "trusted" / "ca.pem").write_bytes(AUTHORITY.pem)
    async with served() as host:
        simulators = await simulate.serve(("dossier_system", "national_portal", "electronic_iso"), folder)
        own = {"hosts": [PUBLIC], "inside": {PUBLIC: host.url}, "trusted": str(folder / "trusted"), **more}
        urls = {name: one.url for name, one in simulators.items()}
        house = House(settings_of(folder, urls, {}, attachments=own))
        await house.start()
        try:
            yield Office(house, host, simulators)
        finally:
            await house.stop()
            for one in simulators.values():
                await one.stop()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = RetryPolicy(base_s=0.02, cap_s=0.05, floor_s=0.01)
    made = attachments.file_settings
    monkeypatch.setattr(
        attachments, "file_settings", lambda s: made(s).model_copy(update={"retry": quick, "tell_after": 3})
    )
    monkeypatch.setattr(attachments, "PACE_S", 0.05)


async def test_a_result_is_fetched_verified_told_and_not_kept(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.host.put("/kq.pdf", GOOD)
        await office.issue(f"{PUBLIC}/kq.pdf")
        (told,) = await office.checks(1)
        assert (told["verdict"], told["kind"], told["size_bytes"]) == ("valid", "application/pdf", len(GOOD))
        assert [(one["signer"], one["organisation"]) for one in told["signatures"]] == [(OFFICER, AGENCY)]
        await office.until("delivered", partner="dossier_system", operation="notify")
        notices = [one for one in office.book("dossier_system", "notice") if one["type"].endswith("result.checked.v1")]
        assert [one["data"]["sha256"] for one in notices] == [told["sha256"]]
        assert await office.until("delivered") == ""
        assert list((tmp_path / "attachments").iterdir()) == []
        story = await office.story()
        assert "chữ ký số hợp lệ" in tell(story, "vi")
        assert AGENCY in tell(story, "vi")
        assert "the signature is valid" in tell(story, "en")
        assert OFFICER not in json.dumps(story, ensure_ascii=False)


async def test_every_paper_of_a_result_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.host.put("/a.pdf", GOOD)
        office.host.put("/b.pdf", plain())
        office.host.put("/c.jpg", b"\xff\xd8\xff" + bytes(1000))
        office.host.put("/d.pdf", b"<html>Dang nhap</html>")
        elsewhere = "https://tep.example.com/e.pdf"
        await office.issue(*(f"{PUBLIC}/{name}" for name in ("a.pdf", "b.pdf", "c.jpg", "d.pdf", "f.pdf")), elsewhere)
        told = await office.checks(6)
        assert [one.get("verdict") or one["problem"] for one in told] == [
            *("valid", "unsigned", "unsigned", "wrong_type", "refused", "not_allowed")
        ]
        assert office.host.asked == ["/a.pdf", "/b.pdf", "/c.jpg", "/d.pdf", "/f.pdf"]
        text = tell(await office.story(), "vi")
        assert "Tệp không tải được: Kết quả 5 (máy chủ tệp không nằm trong danh sách được phép)" in text


async def test_papers_that_were_handed_in_are_looked_at_too_and_the_desk_hears_of_those_nobody_can_read(
    tmp_path: Path,
) -> None:
    async with an_office(tmp_path) as office:
        office.host.put("/don.pdf", GOOD)
        office.host.put("/anh.jpg", b"\xff\xd8\xff" + bytes(1000))
        value = event("dossier.received.v1", subject=CODE, id="papers", sequence=1)
        papers = [
            {"id": f"TP{place}", "title": name, "url": f"{PUBLIC}/{name}", "withdrawn": place == 3}
            for place, name in enumerate(("don.pdf", "anh.jpg", "mat.pdf", "rut.pdf"))
        ]
        value["data"]["dossier"] |= {"code": CODE, "papers": papers}
        (verdict,) = await office.house.intake.accept([judge(value)], client="test")
        assert verdict["status"] == "accepted", verdict
        told = [one.data for one in await office.told("vn.lienthong.paper.checked.v1", 3)]
        assert [(one["paper_id"], one.get("verdict") or one["problem"]) for one in told] == [
            *(("TP0", "valid"), ("TP1", "unsigned"), ("TP2", "refused"))
        ]
        assert (told[0]["size_bytes"], len(told[0]["sha256"])) == (len(GOOD), 64)
        await office.until("delivered", partner="dossier_system", operation="notify")
        notices = [n["data"] for n in office.book("dossier_system", "notice") if n["type"].endswith("paper.checked.v1")]
        assert [one["paper_id"] for one in notices] == ["TP2"]
        assert "Tệp không tải được: mat.pdf" in tell(await office.story(), "vi")


async def test_files_with_other_hosts_are_flagged_for_the_officer(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.host.put("/a.pdf", GOOD)
        await office.issue(f"{PUBLIC}/a.pdf", "https://tep.example.com/e.pdf")
        (issued, *_) = (await office.story())["events"]
        assert issued["flags"] == ["file_host:tep.example.com"]


async def test_what_a_process_that_died_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "attachments").mkdir()
    for name, age_s in (("old", 7200), ("new", 60)):
        file = tmp_path / "attachments" / name
        file.write_bytes(b"sealed")
        os.utime(file, (time.time() - age_s,) * 2)
    async with an_office(tmp_path):
        assert [path.name for path in (tmp_path / "attachments").iterdir()] == ["new"]


async def test_a_pdf_that_takes_too_long_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "VERIFY_S", 0.05)
    async with an_office(tmp_path) as office:
        room: Any = office.house.adapter("result_files")
        room._verify_pdf = lambda _file: time.sleep(0.3)
        office.host.put("/a.pdf", GOOD)
        await office.issue(f"{PUBLIC}/a.pdf")
        assert (await office.checks(1))[0]["verdict"] == "unreadable"


async def test_a_host_that_is_down_is_asked_again_and_told_of_when_patience_ends(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.host.put("/kq.pdf", GOOD, status="503 Service Unavailable")
        await office.issue(f"{PUBLIC}/kq.pdf")
        (told,) = await office.checks(1)
        assert told["problem"] == "unreachable"
        assert office.host.asked == ["/kq.pdf"] * 3
        office.host.put("/kq.pdf", GOOD)
        await office.issue(f"{PUBLIC}/kq.pdf", name="dossier.corrected.v1")
        assert (await office.checks(2))[1]["verdict"] == "valid"


async def test_the_portal_waits_for_a_good_signature_where_it_is_required(tmp_path: Path) -> None:
    async with an_office(tmp_path, require_signature=True) as office:
        office.host.put("/kq.pdf", plain())
        await office.issue(f"{PUBLIC}/kq.pdf")
        await office.checks(1)
        await office.held(checks=1)
        assert office.simulators["national_portal"].app.state.simulator.dossiers == {}
        assert "result files: unsigned" in json.dumps(await office.story())
        office.host.put("/kq.pdf", GOOD)
        await office.issue(f"{PUBLIC}/kq.pdf", name="dossier.corrected.v1")
        await office.until("delivered")
        assert CODE in office.simulators["national_portal"].app.state.simulator.dossiers


async def test_without_the_requirement_a_bad_signature_holds_nothing_up(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.host.put("/kq.pdf", plain())
        await office.issue(f"{PUBLIC}/kq.pdf")
        assert (await office.checks(1))[0]["verdict"] == "unsigned"
        await office.until("delivered")


async def test_what_waits_goes_on_once_signatures_are_not_required_any_more(tmp_path: Path) -> None:
    async with an_office(tmp_path, require_signature=True) as office:
        office.host.put("/kq.pdf", plain())
        await office.issue(f"{PUBLIC}/kq.pdf")
        await office.checks(1)
        await office.held(checks=1)
        assert await attachments.release(office.house.ledger, wanted=False) == {"national_portal"}


def test_without_hosts_nothing_is_looked_at() -> None:
    assert not AttachmentSettings().checks
    assert not AttachmentSettings(hosts=(PUBLIC,), check_results=False).checks


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"hosts": ["hoso.example.com"]}, "is no host with its scheme"),
        ({"hosts": ["https://hoso.example.com/tep"]}, "is no host with its scheme"),
        ({"hosts": ["https://me@hoso.example.com"]}, "is no host with its scheme"),
        ({"hosts": [PUBLIC], "require_signature": True}, "require_signature needs"),
        ({"trusted": "/no/such/folder"}, "there is no folder"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Settings.model_validate({"attachments": wrong})
