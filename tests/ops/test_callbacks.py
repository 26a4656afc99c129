"""A partner's SOAP call that comes early, late, out of order or about nobody we know (reliability G13); the REST ones: online_payment.

What an authentic caller says wrongly is kept for a person; the caller is told so in its own contract.

Authentic, fresh and told once: tests/partners/electronic_iso.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from adapters.electronic_iso.simulator import signed_call
from contracts.envelope import Envelope
from ops.sample import generate
from tests.ops.conftest import Served

RECEIVED = next(e for e in generate(60, 10, 1, date(2026, 7, 1)) if e.type.endswith("dossier.received.v1"))
EVENT = RECEIVED.model_copy(update={"sequence": 1})


async def tell(served: Served, number: str, at: str, dossier: str = EVENT.subject, slip: str = "PH000001") -> int:
    """The ISO system tells of a step that changed at that time; the status it is answered with."""
    change = {
        **{"MaThayDoi": number, "MaPhieu": slip, "MaHoSo": dossier, "MaBuoc": "KD01", "TenBuoc": "Kiểm tra nội bộ"},
        **{"NguoiXuLy": "Lê Văn Bảy", "BatDau": "2026-07-02T08:00:00+07:00", "KetQua": "DAT", "ThoiDiem": at},
    }
    body = signed_call(change, "iso", "iso-secret", datetime.now(UTC))
    return (await served.http.post("/soap/electronic_iso", content=body)).status_code


async def post(served: Served, envelope: Envelope) -> None:
    headers = {"Content-Type": "application/cloudevents+json"} | served.auth("dossier-system")
    assert (await served.http.post("/v1/events", content=envelope.to_json(), headers=headers)).status_code == 202


async def until(found: Callable[[], Any]) -> None:
    for _ in range(400):
        if found():
            return
        await asyncio.sleep(0.025)
    raise TimeoutError


def told_home(served: Served, kind: str = "step_changed") -> list[dict[str, Any]]:
    return [n for n in served.simulator("dossier_system").book.of("notice") if kind in n["type"]]


async def story_of(served: Served, dossier: str) -> dict[str, Any]:
    told: dict[str, Any] = (await served.http.get(f"/v1/dossiers/{dossier}", headers=served.auth("viewer"))).json()
    return told


async def test_one_that_comes_before_the_answer_it_follows_from_is_kept_with_its_dossier(served: Served) -> None:
    """The number of a slip is told in a change before our own call for that slip is answered."""
    ledger = served.house.ledger
    await ledger.pause("electronic_iso", "test", "its answer takes long")
    await post(served, EVENT)
    assert await tell(served, "TD-1", "2026-07-02T10:00:00+07:00") == 200
    await until(lambda: told_home(served))
    assert not told_home(served, "slip_opened")
    await ledger.resume("electronic_iso", "test", "it answers now")
    served.house.wake(["electronic_iso"])
    await served.settled()
    kinds = [event["type"] for event in (await story_of(served, EVENT.subject))["events"]]
    assert {"vn.lienthong.iso.step_changed.v1", "vn.lienthong.iso.slip_opened.v1"} <= set(kinds)
    assert [notice["subject"] for notice in told_home(served)] == [EVENT.subject]


async def test_an_older_one_that_comes_later_is_told_as_what_it_is_and_takes_nothing_back(served: Served) -> None:
    await post(served, EVENT)
    await served.settled()
    for number, hour in (("TD-2", 10), ("TD-1", 9)):
        assert await tell(served, number, f"2026-07-02T{hour:02}:00:00+07:00") == 200
    await served.settled()
    changes = [e for e in (await story_of(served, EVENT.subject))["events"] if "step_changed" in e["type"]]
    assert sorted(event["time"] for event in changes) == ["2026-07-02T02:00:00.000Z", "2026-07-02T03:00:00.000Z"]
    assert len(told_home(served)) == 2


async def test_one_about_a_dossier_nobody_knows_is_kept_for_a_person(served: Served) -> None:
    """The dossier system, which knows them all, is told; when it knows none such, an officer finds it among the dead."""
    served.simulator("dossier_system").weather.left["refuse_row"] = 1
    unknown = "000.00.17.H59-260701-9999"
    assert await tell(served, "TD-9", "2026-07-02T10:00:00+07:00", unknown, "PH009999") == 200

    dead = {"state": "dead", "dossier": unknown}
    kept: list[dict[str, Any]] = []
    for _ in range(400):
        told = await served.http.get("/v1/deliveries", params=dead, headers=served.auth("viewer"))
        if kept := told.json()["items"]:
            break
        await asyncio.sleep(0.025)
    assert [(one["partner"], one["cause"], one["event_type"].split(".")[-2]) for one in kept] == [
        ("dossier_system", "refused", "step_changed")
    ]


async def test_a_filing_the_portal_pushed_wrongly_is_kept_for_a_person_and_a_strangers_is_not(served: Served) -> None:
    """Elsewhere it is seen in a log alone (domain notes 3.1, Intake)."""
    filing = {
        "MaHoSo": "G00.99.1-260703-000001",
        "MaTTHC": "1.001193",
        "TenChuHoSo": "Nguyễn Văn An",
        "NgayNop": "hôm qua",
    }

    async def push(secret: str) -> dict[str, Any]:
        sent = await served.http.post(
            "/callbacks/national_portal/hoso", json=filing, headers={"X-Portal-Secret": secret}
        )
        return dict(sent.json())

    assert (await push("sai"))["error_code"] == -1
    assert await served.house.ledger.raw_rows("national_portal") == []
    assert [(await push("push"))["error_code"] for _ in range(2)] == [-1, -1]
    (kept,) = await served.house.ledger.raw_rows("national_portal")
    told = json.loads(kept.body)
    assert (kept.times, told["row"]["MaHoSo"]) == (2, filing["MaHoSo"])
    assert "NgayNop" in told["why"]
    filing["NgayNop"] = "20260703081500"
    assert (await push("push"))["error_code"] == 0
    filing["TenChuHoSo"] = "Nguyễn Văn Anh"
    assert (await push("push"))["error_code"] == -1, "other content under the same code and time"
    changed, _ = await served.house.ledger.raw_rows("national_portal")
    assert json.loads(changed.body)["row"]["TenChuHoSo"] == "Nguyễn Văn Anh"
    shown = (await served.http.get("/v1/kept-raw?partner=national_portal", headers=served.auth("viewer"))).text
    assert "NgayNop" in shown
    assert "Nguyễn Văn An" not in shown
