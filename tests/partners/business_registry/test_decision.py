"""What the register decides of household registrations, and the names it has already (domain notes 7c)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.business_registry import ADAPTER
from bus.adapter import Call, Found, Job, Row
from bus.outcome import Cause, Delivered, Outcome, Taken, Transient, Unknown
from contracts.business_registry.messages import KetQuaHKD
from contracts.canonical.enterprise import Enterprise
from contracts.canonical.household import HouseholdNameQuestion
from contracts.envelope import Envelope, judge
from mappings.business_registry.decision import changed
from mappings.routes import owed
from tests.builders import a_job
from tests.partners.business_registry.conftest import Register
from tests.partners.business_registry.test_journey import one_household

pytestmark = pytest.mark.parametrize("face", ["rest"], indirect=True)
RECEIVED = next(event for event in one_household() if event.type.endswith("dossier.received.v1"))
CODE = RECEIVED.subject
NOW = datetime(2026, 7, 6, 3, 0, tzinfo=UTC)


def watch(event: Envelope = RECEIVED, code: str = CODE) -> Job:
    return a_job(
        partner="business_registry", operation="traCuuKetQuaHKD", envelope=event, dossier=code, step="ask", key=event.id
    )


async def told(register: Register, event: Envelope = RECEIVED) -> None:
    """The desk's state of the dossier, sent."""
    job = a_job(partner="business_registry", operation="dongBoHoSoHKD", envelope=event, dossier=event.subject)
    row = register.adapter.prepare(job)
    assert isinstance(row, Row), row
    (outcome,) = await register.adapter.deliver([row], Call("c", 5.0))
    assert isinstance(outcome, Delivered), outcome


async def asked(register: Register, *jobs: Job) -> list[Outcome]:
    rows = [register.adapter.prepare(job) for job in jobs]
    assert all(isinstance(row, Row) for row in rows)
    return list(await register.adapter.ask(rows, Call("c", 5.0)))  # type: ignore[arg-type]


async def one(register: Register, event: Envelope = RECEIVED) -> Any:
    """The event an answer brings."""
    (outcome,) = await asked(register, watch(event))
    assert isinstance(outcome, Delivered), outcome
    return outcome.replies[0]


async def test_a_registration_is_watched_from_its_reception_to_its_certificate(register: Register) -> None:
    assert [debt.operation for debt in owed(RECEIVED, {"business_registry"})] == ["dongBoHoSoHKD", "traCuuKetQuaHKD"]
    await told(register)
    event = await one(register)
    assert (event.message.state, event.message.status) == ("waiting", 4)
    register.simulator.decide(CODE, "2", hanBoSung="10/07/2026")
    event = await one(register, event)
    assert (event.message.state, event.message.status, str(event.message.deadline_on)) == (
        "supplement",
        5,
        "2026-07-10",
    )
    assert "địa điểm" in event.message.reason
    assert [debt.partner for debt in owed(event, {"business_registry", "dossier_system"})] == [
        "business_registry",
        "dossier_system",
    ]
    register.simulator.decide(CODE, "4")
    event = await one(register, event)
    owner = RECEIVED.data["dossier"]["business"]["owner_id"]
    assert (event.message.state, event.message.status, event.message.number) == ("registered", 9, owner)
    assert event.message.file.startswith("JVBERi0")
    assert len(event.message.file_sha256) == 64
    assert owed(event, {"business_registry"}) == ()


async def test_what_is_not_new_waits_for_the_next_common_moment(register: Register) -> None:
    await told(register)
    event = await one(register)
    (outcome,) = await asked(register, watch(event))
    assert isinstance(outcome, Taken)
    assert outcome.ask_after_s is not None
    assert 0 < outcome.ask_after_s <= 15
    first = register.adapter.prepare(a_job(partner="business_registry", operation="traCuuKetQuaHKD", envelope=RECEIVED))
    assert isinstance(first, Taken)


async def test_one_question_is_about_many_and_one_bad_row_spoils_no_other(register: Register) -> None:
    await told(register)
    register.simulator.decisions[CODE] = {"maHoSo": CODE, "trangThai": "9"}
    other, unknown = "000.05.31.H59-260703-0007", "000.05.31.H59-260703-0008"
    register.simulator.decisions[other] = {"maHoSo": other, "trangThai": 6, "lyDo": "Tên trùng"}
    bad, refused, passed = await asked(register, watch(), watch(code=other), watch(code=unknown))
    assert isinstance(bad, Unknown)
    assert isinstance(refused, Delivered)
    assert (refused.replies[0].subject, refused.replies[0].message.state) == (other, "refused")  # type: ignore[attr-defined]
    assert isinstance(passed, Taken)
    assert CODE not in refused.reply.decode()


async def test_a_registration_withdrawn_at_the_desk_is_watched_no_longer(register: Register) -> None:
    await told(register)
    register.simulator.decide(CODE, "7")
    (outcome,) = await asked(register, watch())
    assert isinstance(outcome, Delivered)
    assert outcome.replies == ()


@pytest.mark.parametrize("end", ["6", "7"])
async def test_a_dossier_that_is_received_anew_is_not_told_its_old_end_again(register: Register, end: str) -> None:
    await told(register)
    register.simulator.decide(CODE, end)
    await asked(register, watch())
    renamed = json.loads(RECEIVED.to_json())
    renamed["data"]["dossier"]["business"]["name"] = "Hộ kinh doanh Tên Khác"
    anew = judge(renamed)
    await told(register, anew)
    assert (await one(register, anew)).message.state == "waiting"


async def test_a_register_that_is_busy_is_asked_again_later(register: Register) -> None:
    await told(register)
    register.simulator.weather.tell({"mode": "says", "times": 1, "code": "99", "words": "Hệ thống bận"})
    (outcome,) = await asked(register, watch())
    assert isinstance(outcome, Transient)
    assert outcome.cause is Cause.LATER


async def test_the_clerks_backlog_shows_by_age_until_the_decision(register: Register) -> None:
    waiting = changed(None, KetQuaHKD(maHoSo=CODE, trangThai="1"), CODE, "k1", NOW)
    done = changed(waiting.message, KetQuaHKD(maHoSo=CODE, trangThai="4"), CODE, "k2", NOW) if waiting else None
    assert waiting is not None
    assert done is not None
    (backlog,) = ADAPTER.watches
    stands = [backlog.note(event) for event in (waiting, done)]
    assert [stand and (stand.dossier, stand.open, stand.state) for stand in stands] == [
        (CODE, True, "waiting"),
        (CODE, False, "registered"),
    ]


async def test_a_name_that_is_taken_in_the_commune_is_told_however_it_is_written(register: Register) -> None:
    place = {"DiaChi": [{"MaTinhThanh": "86", "MaPhuongXa": "29557", "TenPhuongXa": "Phường Phước Hậu"}]}
    household = {"MaSoDoanhNghiep": "086190000123", "LoaiHinhDN": "Hộ kinh doanh", "MaLoaiHinhDN": "HKD"}
    register.simulator.enter(household | {"TenTiengViet": "HỘ KINH DOANH  BÌNH AN", "DiaChiTruSo": [place]})

    async def names(name: str, ward: str) -> list[str]:
        found = await register.adapter.names(HouseholdNameQuestion(name=name, ward=ward), Call("c", 5.0))
        assert isinstance(found, Found), found
        assert all(isinstance(match, Enterprise) for match in found.matches)
        return [match.name for match in found.matches]  # type: ignore[attr-defined]

    assert await names("Hộ kinh doanh bình an", "29557") == ["HỘ KINH DOANH BÌNH AN"]
    assert await names("Hộ kinh doanh Bình An", "29560") == []
    assert await names("Hộ kinh doanh Bình Yên", "29557") == []
