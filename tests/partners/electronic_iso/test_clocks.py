"""Two clocks for the same dossier: both are told the same, and where the ISO system's runs longer it shows (domain notes 3.12, 8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.electronic_iso.reconcile import note, theirs
from bus.adapter import Account, Call, Entry, Row
from bus.outcome import Delivered
from contracts.envelope import Envelope, judge
from contracts.working_time import VIETNAMESE
from mappings.convert import as_day
from mappings.electronic_iso.inbound import slip_opened, step_changed
from mappings.electronic_iso.outbound import request
from mappings.routes import owed
from tests.contracts.examples import event
from tests.partners.electronic_iso.conftest import Desk, Running, a_call, a_delivery

DUE = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)
CODE = "000.00.17.H59-260702-0001"


def step(number: str, budget: float | None, result: str = "DAT", code: str = CODE) -> Envelope:
    """A step that began on the 6th of July at 8 in the morning, a Monday."""
    fields = {"MaThayDoi": number, "ThoiDiem": "2026-07-06T08:00:00", "MaHoSo": code, "MaPhieu": "PH1", "MaBuoc": "B1"}
    fields |= {"TenBuoc": "Thẩm định", "NguoiXuLy": "Lê Hoàng Long", "BatDau": "2026-07-06T08:00:00", "KetQua": result}
    return step_changed(fields | ({} if budget is None else {"HanXuLyGio": budget}))


async def accounts(*events: Envelope) -> tuple[list[Any], Account]:
    """Ours, and the ISO system's, of July."""
    notes = [note(one) for one in events]
    held = await theirs(None, notes, date(2026, 7, 1), date(2026, 7, 31), Call("c", 1.0))  # type: ignore[arg-type]
    return [one for one in notes if isinstance(one, Entry)], held


async def opened(desk: Desk, told: Envelope) -> Any:
    """What opening a slip brings."""
    row = desk.adapter.prepare(a_delivery("TiepNhanHoSo", told))
    assert isinstance(row, Row), row
    (outcome,) = await desk.adapter.deliver([row], a_call())
    assert isinstance(outcome, Delivered), outcome
    return outcome.replies[0]


@pytest.mark.parametrize(
    ("budget", "day"), [(16.0, date(2026, 7, 14)), (48.0, date(2026, 7, 14)), (64.0, date(2026, 7, 16))]
)
async def test_a_step_that_runs_past_the_dossiers_due_day_differs_by_its_day(budget: float, day: date) -> None:
    """Six working days of eight hours from Monday morning end on the 14th; eight on the 16th."""
    ours, account = await accounts(slip_opened(CODE, "PH1", "k", DUE, DUE), step("1", budget))
    assert ours == [Entry(CODE, date(2026, 7, 14), 1)]
    assert account.entries == (Entry(CODE, day, 1),)


async def test_a_pause_or_a_new_due_time_ends_what_was_told_before() -> None:
    opened, late = slip_opened(CODE, "PH1", "k1", DUE, DUE), step("1", 64.0)
    _, account = await accounts(opened, late, step("2", None, "TAM_DUNG"))
    assert account.entries == (Entry(CODE, date(2026, 7, 14), 1),)
    _, account = await accounts(opened, late, slip_opened(CODE, "PH1", "k2", DUE, DUE + timedelta(days=7)))
    assert account.entries == (Entry(CODE, date(2026, 7, 21), 1),)


def test_a_step_gets_the_office_hours_that_the_officers_deadline_leaves() -> None:
    value = event("dossier.status_changed.v1")
    began, until = datetime(2026, 7, 6, 1, 0, tzinfo=UTC), datetime(2026, 7, 8, 10, 0, tzinfo=UTC)
    value["data"]["change"] |= {
        "at": began.isoformat(),
        "started_at": began.isoformat(),
        "deadline_at": until.isoformat(),
    }
    told = request("CapNhatBuoc", judge(value).message)
    assert told["HanXuLyGio"] == VIETNAMESE.between(began, until) / timedelta(hours=1) == 23.0
    value["data"]["change"] |= {"to_status": 5}
    value["data"]["dossier"] |= {"status": 5}
    assert request("CapNhatBuoc", judge(value).message)["HanXuLyGio"] is None


async def test_a_due_time_moved_by_a_supplement_is_told_before_the_step_and_kept_on_the_same_slip(
    desk: Desk, iso: Running
) -> None:
    value = event("dossier.supplemented.v1")
    moved = {"due_before_at": "2026-07-14T17:00:00+07:00", "due_after_at": "2026-07-17T17:00:00+07:00"}
    value["data"]["dossier"]["supplements"][-1] |= moved
    value["data"]["dossier"]["due_at"] = moved["due_after_at"]
    supplemented = judge(value)
    assert [debt.operation for debt in owed(supplemented, {"electronic_iso"})] == ["TiepNhanHoSo", "CapNhatBuoc"]
    received = event("dossier.received.v1")
    received["data"]["dossier"]["code"] = received["subject"] = supplemented.subject
    slips = [await opened(desk, judge(received)), await opened(desk, supplemented), await opened(desk, supplemented)]
    assert len({slip.message.slip for slip in slips}) == 1
    assert as_day(slips[1].message.due_at) == date(2026, 7, 17)
    assert [len(iso.simulator.book.of(kind)) for kind in ("slip", "due", "repeat")] == [1, 1, 1]
    value["data"]["dossier"]["supplements"][-1] |= {"due_before_at": None, "due_after_at": None}
    assert [debt.operation for debt in owed(judge(value), {"electronic_iso"})] == ["CapNhatBuoc"]
