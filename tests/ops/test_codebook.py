"""A missing code makes a delivery wait; adding the row sets exactly those free, in lane order, in whichever process they wait."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.civil_registry.simulator import DEMO as REGISTRY
from contracts import codes
from ops import simulate, up
from ops.api.guard import new_key
from ops.gateway import application
from ops.house import House
from ops.sample import generate
from tests.demo import ROOT
from tests.ops.conftest import CLIENTS, Served, settings_of
from tests.partners.civil_registry.conftest import asked_for
from tests.servers import free_port

UNKNOWN, OTHER = "9.999999", "9.888888"
ROW = {"list": "procedure", "name_vi": "Thủ tục riêng của tỉnh", "valid_from": "2025-07-01", "source": "QĐ 1/QĐ-UBND"}
Event = dict[str, Any]


def dossiers(code: str, count: int, seed: int) -> list[Event]:
    """The events of some dossiers, all of a procedure the catalogue does not have."""
    told = []
    for envelope in generate(400, 40, seed, date(2026, 1, 5)):
        event = json.loads(envelope.to_json())
        event["data"]["dossier"]["procedure"] |= {"code": code, "name": "Thủ tục riêng của tinh"}
        told.append(event)
    wanted = list(dict.fromkeys(event["subject"] for event in told))[:count]
    return [event for event in told if event["subject"] in wanted]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A bus with a folder for codes, whose portal and civil registry both look codes up."""
    simulators = await simulate.serve(
        ("dossier_system", "national_portal", "electronic_iso", "civil_registry"), tmp_path
    )
    keys, clients = {}, {}
    for name, rights in CLIENTS.items():
        keys[name], digest = new_key()
        clients[name] = {"key_sha256": digest, **rights}
    folder = {"folder": str(tmp_path / "codes")}
    settings = settings_of(tmp_path, {name: one.url for name, one in simulators.items()}, clients, codes=folder)
    settings.partners["civil_registry"] = {**REGISTRY, "base_url": simulators["civil_registry"].url}
    house = House(settings, receivers=up.receivers(simulators))
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as http:
        yield Served(house, http, simulators, keys)
    await house.stop()
    await gateway.stop()
    await simulate.stop(simulators.values())
    codes.load_extra(tmp_path / "none")


async def gaps(served: Served, wanted: int) -> list[dict[str, Any]]:
    """The gaps, once there are so many and nothing is on its way."""
    for _ in range(400):
        told: list[dict[str, Any]] = (await served.http.get("/v1/code-gaps", headers=served.auth("viewer"))).json()[
            "items"
        ]
        totals = (await served.http.get("/v1/status", headers=served.auth("viewer"))).json()
        if len({gap["code"] for gap in told}) == wanted and not totals["sending"]:
            return told
        await asyncio.sleep(0.025)
    raise TimeoutError(told)


async def post(served: Served, events: list[Event]) -> None:
    batch = {"Content-Type": "application/cloudevents-batch+json"} | served.auth("dossier-system")
    answer = await served.http.post("/v1/events", content=json.dumps(events).encode(), headers=batch)
    assert {verdict["status"] for verdict in answer.json()["verdicts"]} == {"accepted"}


async def add(served: Served, client: str = "desk", **row: Any) -> httpx.Response:
    return await served.http.post("/v1/codes", json=row, headers=served.auth(client))


async def test_exactly_those_who_wait_for_a_row_go_on_when_it_is_added_in_lane_order(served: Served) -> None:
    ours, others = dossiers(UNKNOWN, 3, seed=5), dossiers(OTHER, 2, seed=6)
    await post(served, ours + others)
    await served.house.intake.accept([asked_for(unit="99998")], client="test")
    told = await gaps(served, 3)
    assert {(gap["list"], gap["code"]) for gap in told} == {
        ("procedure", UNKNOWN),
        ("procedure", OTHER),
        ("ward", "99998"),
    }
    assert all(gap["partners"] == ["civil_registry" if gap["list"] == "ward" else "national_portal"] for gap in told)
    portal = served.simulator("national_portal")
    assert not portal.dossiers

    added = await add(served, code=UNKNOWN, **ROW)
    assert (added.status_code, added.json()["new"]) == (201, True)
    assert added.json()["released"] == sum(gap["count"] for gap in told if gap["code"] == UNKNOWN) == 3
    left = await gaps(served, 2)
    assert sum(gap["count"] for gap in left) == sum(gap["count"] for gap in told if gap["code"] != UNKNOWN)
    await until(lambda: set(portal.dossiers) == {event["subject"] for event in ours})
    for subject in portal.dossiers:
        rows = [entry for entry in portal.book.entries if entry.get("MaHoSo") == subject]
        assert rows[0]["kind"] == "create"
        moments = [entry["data"]["ThoiDiemXuLy"] for entry in rows if entry["kind"] == "progress"]
        assert moments == sorted(moments)

    await add(served, list="ward", code="99998", name_vi="Xã Mới", source="NQ 1/NQ-HĐND")
    await until(
        lambda: "99998" in [e["result"]["maDonVi"] for e in served.simulator("civil_registry").book.of("taken")]
    )
    assert {gap["code"] for gap in await gaps(served, 1)} == {OTHER}


async def until(holds: Any) -> None:
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.025)
    raise TimeoutError


async def test_a_lane_that_a_person_holds_stays_held_when_its_code_comes(served: Served) -> None:
    events = dossiers(UNKNOWN, 1, seed=5)
    await post(served, events)
    await gaps(served, 1)
    where = {"dossier": events[0]["subject"], "partner": "national_portal", "cause": "code_gap"}
    held = {"verb": "hold", "where": where, "reason": "asked by the officer"}
    assert (await served.http.post("/v1/deliveries/actions", json=held, headers=served.auth("desk"))).json()["done"]
    assert (await add(served, code=UNKNOWN, **ROW)).json()["released"] == 1
    await asyncio.sleep(0.3)
    portal = served.simulator("national_portal")
    assert not portal.dossiers
    release = {"verb": "release", "where": {"dossier": where["dossier"]}, "reason": "go on"}
    let_go = await served.http.post("/v1/deliveries/actions", json=release, headers=served.auth("desk"))
    assert let_go.json()["done"] > 10, "a dossier's deliveries are many, and are let go at once"
    await until(lambda: portal.dossiers)


async def test_a_gap_says_what_the_event_calls_it_and_what_may_be_meant(served: Served) -> None:
    await add(served, code="9.777777", **ROW)
    await post(served, dossiers(UNKNOWN, 1, seed=5))
    await served.house.intake.accept([asked_for(unit="28757")], client="test")
    by_list = {gap["list"]: gap for gap in await gaps(served, 2)}
    assert by_list["procedure"]["name"] == "Thủ tục riêng của tinh"
    assert by_list["procedure"]["suggested"][0]["code"] == "9.777777"
    assert [row["code"] for row in by_list["ward"]["suggested"]][:2] == ["28858", "28757"]


async def test_a_row_is_added_once_and_never_against_another(served: Served) -> None:
    assert (await add(served, client="viewer", code=UNKNOWN, **ROW)).status_code == 403
    assert (await add(served, code=UNKNOWN, **ROW)).status_code == 201
    again = await add(served, code=UNKNOWN, **ROW)
    assert (again.status_code, again.json()["new"]) == (200, False)
    other = await add(served, code=UNKNOWN, **ROW | {"name_vi": "Thủ tục khác"})
    assert other.status_code == 409
    assert "has 9.999999 already" in other.json()["detail"]
    assert (await add(served, code="1", **ROW | {"list": "colour"})).status_code == 404
    assert (await add(served, code="1:2", **ROW)).status_code == 422
    assert (await add(served, code="1", **ROW | {"source": ""})).status_code == 422


async def test_lists_are_shown_by_code_day_and_name(served: Served) -> None:
    async def rows(path: str, **query: Any) -> list[dict[str, Any]]:
        answer = await served.http.get(f"/v1/codes{path}", params=query, headers=served.auth("viewer"))
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    assert {"list": "procedure", "rows": 4577} in await rows("")
    assert [row["name_vi"] for row in await rows("/ward", code="28858")] == ["Xã Hữu Định", "Phường Phú Tân"]
    assert [row["name_vi"] for row in await rows("/ward", code="28858", on="2025-06-30")] == ["Xã Hữu Định"]
    assert await rows("/ward", code="28858", on="1800-01-01") != []
    assert await rows("/ward", code="77777", on="2026-01-01") == []
    assert (await rows("/ward", like="phuong phu tan", on="2026-01-01"))[0]["code"] == "28858"
    missing = await served.http.get("/v1/codes/colour", headers=served.auth("viewer"))
    assert missing.status_code == 404


async def test_without_a_folder_a_row_cannot_be_added_and_the_answer_says_what_to_set(tmp_path: Path) -> None:
    key, digest = new_key()
    urls = dict.fromkeys(("dossier_system", "national_portal", "electronic_iso"), "http://127.0.0.1:9")
    house = House(settings_of(tmp_path, urls, {"desk": {"key_sha256": digest, "scopes": ["act"]}}), work=())
    await house.start()
    transport = httpx.ASGITransport(app=application(house, anonymous=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://bus") as http:
        told = await http.post("/v1/codes", json={"code": "1", **ROW}, headers={"Authorization": f"Bearer {key}"})
    await house.stop()
    assert told.status_code == 409
    assert "[codes] folder is not set" in told.json()["detail"]


FILED = {"MaHoSo": "G22.99-260105-000017", "MaTTHC": f"{UNKNOWN}.000.00.00.H59", "MaDonVi": "000.00.88.H59"}
FILED |= {"TenChuHoSo": "Nguyễn Văn An", "SoDinhDanh": "084080000123", "NgayNop": "20260105081502"}


async def test_a_dossier_filed_on_the_portal_is_parked_and_shown_until_its_procedure_and_agency_are_known(
    served: Served,
) -> None:
    push = {"X-Portal-Secret": "push"}
    answer = await served.http.post("/callbacks/national_portal/hoso", json=FILED, headers=push)
    assert answer.json()["error_code"] == 0
    (gap,) = await gaps(served, 1)
    assert (gap["list"], gap["code"], gap["partners"]) == ("procedure", UNKNOWN, ["dossier_system"])
    await add(served, code=UNKNOWN, **ROW)
    (gap,) = await gaps(served, 1)
    assert (gap["list"], gap["code"]) == ("agency", "000.00.88.H59")
    home = served.simulator("dossier_system").book
    assert "vn.lienthong.portal.dossier_filed.v1" not in {notice["type"] for notice in home.of("notice")}
    await add(served, list="agency", code="000.00.88.H59", name_vi="Sở Mới", source="QĐ 2/QĐ-UBND")
    await until(lambda: len(home.of("notice")) == 2)
    told = {notice["type"]: notice["data"] for notice in home.of("notice")}
    assert told["vn.lienthong.portal.dossier_filed.v1"]["filing"]["agency_id"] == "000.00.88.H59"
    assert len(told["vn.lienthong.portal.owner_identified.v1"]["account"]) == 16


@contextmanager
def running(*words: str, config: Path) -> Iterator[None]:
    """A process of the bus of its own, with a settings file; drained at the end."""
    command = [sys.executable, "-m", "ops", *words, "--config", str(config)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=config.parent)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(40) == 0


@pytest.mark.slow
async def test_on_postgresql_a_row_added_at_one_process_sets_free_what_waits_in_another(
    tmp_path: Path, postgres_url: str
) -> None:
    simulators = await simulate.serve(("dossier_system", "national_portal", "electronic_iso"), tmp_path)
    key, digest = new_key()
    clients = {"desk": {"key_sha256": digest, "scopes": ["events", "read", "act"]}}
    settings = settings_of(tmp_path, {name: one.url for name, one in simulators.items()}, clients)
    port = free_port()
    config = tmp_path / "lienthong.toml"
    secret = 'credentials = { username = "sim", password = "sim" }'
    config.write_text(
        f'[ledger]\nurl = "{postgres_url}"\n[keys]\nfile = "{settings.keys.file}"\n[http]\nport = {port}\n'
        f'[codes]\nfolder = "{tmp_path}/codes"\n[clients.desk]\nkey_sha256 = "{digest}"\n'
        f'scopes = ["events", "read", "act"]\n[partners.national_portal]\n'
        f'base_url = "{simulators["national_portal"].url}"\nunit = "000.00.00.H59"\n{secret}\n'
    )
    with running("serve", config=config), running("work", config=config):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, headers={"Authorization": f"Bearer {key}"}
        ) as http:
            await until_served(http)
            events = dossiers(UNKNOWN, 3, seed=5)
            batch = {"Content-Type": "application/cloudevents-batch+json"}
            assert (await http.post("/v1/events", content=json.dumps(events).encode(), headers=batch)).is_success
            for _ in range(400):
                if sum(gap["count"] for gap in (await http.get("/v1/code-gaps")).json()["items"]) == 3:
                    break
                await asyncio.sleep(0.05)
            assert (await http.post("/v1/codes", json={"code": UNKNOWN, **ROW})).json()["released"] == 3
            portal = simulators["national_portal"].app.state.simulator
            await until(lambda: set(portal.dossiers) == {event["subject"] for event in events})
    await simulate.stop(simulators.values())


async def until_served(http: httpx.AsyncClient) -> None:
    for _ in range(400):
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError
