"""Bulk actions over HTTP with a real partner: previewed, tried on a few, approved by another, gone on with after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import httpx
import pytest

from ops import simulate, up
from ops.api.guard import new_key
from ops.gateway import application
from ops.house import House
from ops.sample import generate
from tests.ops.conftest import settings_of

pytestmark = pytest.mark.slow
PORTAL = "national_portal"
RECEIVED = [e for e in generate(400, 60, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1")][:15]
SCOPES = {"lan": ["read", "act"], "mai": ["read", "approve"]}
DEAD = {"partner": PORTAL, "state": ["dead"]}


@dataclass
class Province:
    """A bus whose portal refused fifteen dossiers; clients `lan` (operator) and `mai` (approver)."""

    house: House
    http: httpx.AsyncClient
    keys: dict[str, str]
    portal: Any

    async def ask(self, who: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        answer = await self.http.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def make(self, *, status: int = 201, **more: Any) -> Any:
        body = {"verb": "resend", "where": DEAD, "reason": "the portal is mended", **more}
        return await self.ask("lan", "POST", "/v1/tasks", body, status)

    async def until(self, number: int, state: str) -> Any:
        """The task once it stands so."""
        for _ in range(400):
            told = await self.ask("lan", "GET", f"/v1/tasks/{number}")
            if told["state"] == state:
                return told
            await asyncio.sleep(0.05)
        raise TimeoutError(told)


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    simulators = await simulate.serve(("dossier_system", "electronic_iso", PORTAL), tmp_path)
    keys, clients = {}, {}
    for name, scopes in SCOPES.items():
        keys[name], digest = new_key()
        clients[name] = {"key_sha256": digest, "scopes": scopes}
    urls = {name: one.url for name, one in simulators.items()}
    settings = settings_of(tmp_path, urls, clients, tasks={"rate_per_s": 1000.0})
    house = House(settings, receivers=up.receivers(simulators))
    portal = simulators[PORTAL].app.state.simulator
    portal.weather.row, portal.weather.left["refuse_row"] = ANY, 10_000
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    await house.intake.accept([event.model_copy(update={"sequence": 1}) for event in RECEIVED], client="test")
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as http:
        found = Province(house, http, keys, portal)
        for _ in range(400):
            told = await found.ask("lan", "GET", "/v1/status")
            if told["partners"].get(PORTAL, {}).get("dead") == len(RECEIVED):
                break
            await asyncio.sleep(0.05)
        portal.weather.left["refuse_row"] = 0
        yield found
    await gateway.stop()
    await house.stop()
    await simulate.stop(simulators.values())


async def test_a_preview_tells_the_reach_and_shows_one_request_masked(province: Province) -> None:
    told = await province.make(status=200, dry_run=True)
    assert (told["count"], told["goes"], told["dossiers"], told["partners"]) == (15, 15, 15, [PORTAL])
    assert told["verdicts"] == [{"verdict": "mend", "rule": "", "count": 15}]
    assert (told["needs_approval"], told["canary"], told["more"]) == (True, 3, False)
    request = str(told["example"]["request"])
    assert "MaHoSo" in request
    names = [event.data["dossier"]["applicant"]["name"] for event in RECEIVED]
    assert not [name for name in names if name in request]
    assert (await province.ask("lan", "GET", "/v1/tasks"))["items"] == []


async def test_many_at_once_are_refused_and_as_a_task_need_another_persons_approval(province: Province) -> None:
    body = {"verb": "resend", "where": DEAD, "reason": "the portal is mended"}
    refused = await province.ask("lan", "POST", "/v1/deliveries/actions", body, 422)
    assert "are a task" in refused["detail"]
    made = await province.make()
    waits = await province.until(made["id"], "approval")
    assert waits["counts"] == {"waiting": 12, "passed": 3}
    path = f"/v1/tasks/{made['id']}/approve"
    await province.ask("lan", "POST", path, {"reason": "mine"}, 403)
    await province.ask("mai", "POST", path, {"reason": "seen with the portal"})
    done = await province.until(made["id"], "done")
    assert done["counts"] == {"passed": 15}
    assert done["approved_by"] == "mai"
    assert {(item["before"], item["after"]) for item in done["items"]} == {("dead", "delivered")}
    story = await province.ask("lan", "GET", f"/v1/dossiers/{RECEIVED[0].subject}")
    assert [(n["who"], n["verb"], n["before"], n["after"]) for n in story["notes"]] == [
        ("lan", "resend", "dead refused", "pending")
    ]
    assert (await province.ask("lan", "POST", f"/v1/tasks/{made['id']}/pause", {"reason": "late"}, 409))["detail"]
    await province.ask("lan", "POST", "/v1/tasks/99/pause", {"reason": "none"}, 404)


async def test_a_canary_that_is_refused_again_halts_the_rest(province: Province) -> None:
    first = (await province.ask("lan", "GET", f"/v1/deliveries?partner={PORTAL}&state=dead"))["items"][-1]
    province.portal.weather.row, province.portal.weather.left["refuse_row"] = first["dossier"], 100
    made = await province.make()
    halted = await province.until(made["id"], "halted")
    assert halted["counts"] == {"waiting": 12, "passed": 2, "failed": 1}
    failed = await province.ask("lan", "GET", f"/v1/tasks/{made['id']}?state=failed")
    assert [(item["after"], item["rule"]) for item in failed["items"]] == [("dead", "refused")]


async def test_the_demonstration_lets_a_second_person_approve(province: Province) -> None:
    app = application(province.house, anonymous=True)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url="http://127.0.0.1"
    ) as http:
        made = (await http.post("/v1/tasks", json={"verb": "skip", "where": DEAD, "reason": "not needed"})).json()
        await province.until(made["id"], "approval")
        approved = await http.post(f"/v1/tasks/{made['id']}/approve", json={"reason": "not needed"})
        assert approved.json()["approved_by"] == "second person"
    assert (await province.until(made["id"], "done"))["counts"] == {"passed": 15}


async def dead_one(province: Province) -> Any:
    return (await province.ask("lan", "GET", f"/v1/deliveries?partner={PORTAL}&state=dead"))["items"][0]


async def test_an_edit_is_judged_by_the_contract_and_touches_neither_keys_nor_people(province: Province) -> None:
    path = f"/v1/deliveries/{(await dead_one(province))['id']}/edit"
    form = {field["path"]: field for field in (await province.ask("lan", "GET", path))["fields"]}
    assert form["dossier.code"]["locked"]
    assert form["dossier.applicant.name"]["locked"]
    assert "*" in form["dossier.applicant.name"]["value"]
    assert form["dossier.channel"]["options"] == ["counter", "online", "post"]
    for changes, says in (
        ({"dossier.code": "X"}, "may be changed here"),
        ({"dossier.applicant.name": "Ai"}, "may be changed here"),
        ({"dossier.nothing": "x"}, "may be changed here"),
        ({"dossier.status": "77"}, "$.data.dossier.status"),
        ({"dossier.received_at": ""}, "time of reception"),
        ({"dossier.channel": form["dossier.channel"]["value"]}, "nothing was changed"),
    ):
        refused = await province.ask("lan", "POST", path, {"changes": changes, "reason": "as asked"}, 422)
        assert says in refused["detail"], refused
    assert (await province.ask("lan", "GET", "/v1/tasks"))["items"] == []


async def test_an_approved_edit_enters_as_a_new_event_in_the_old_ones_place(province: Province) -> None:
    old = await dead_one(province)
    path = f"/v1/deliveries/{old['id']}/edit"
    change = {"changes": {"dossier.procedure.name": "Tên đúng"}, "reason": "asked by the desk"}
    made = await province.ask("lan", "POST", path, change, 201)
    assert [(line["path"], line["after"]) for line in made["difference"]] == [("dossier.procedure.name", "Tên đúng")]
    assert made["state"] == "approval"
    await asyncio.sleep(1.5)
    assert (await province.ask("lan", "GET", f"/v1/tasks/{made['id']}"))["state"] == "approval"
    await province.ask("mai", "POST", f"/v1/tasks/{made['id']}/approve", {"reason": "the desk is right"})
    done = await province.until(made["id"], "done")
    assert done["counts"] == {"passed": 1}
    for _ in range(200):
        story = await province.ask("lan", "GET", f"/v1/dossiers/{old['dossier']}")
        told = {
            (d["event"], d["state"], d["number"])
            for d in story["deliveries"]
            if (d["partner"], d["operation"]) == (PORTAL, old["operation"])
        }
        (new,) = [event for event in story["events"] if event["client"] == "desk"]
        if (new["id"], "delivered", old["number"]) in told:
            break
        await asyncio.sleep(0.05)
    assert told == {(old["event"], "cancelled", old["number"]), (new["id"], "delivered", old["number"])}
    assert (new["causation_id"], new["client"], new["source"]) == (old["event"], "desk", "urn:lienthong:desk")
    told = {(n["who"], n["verb"], n["after"]) for n in story["notes"]}
    assert told == {("lan", "cancel", "cancelled")}, "and so were the progress rows that waited behind it"
    assert (await province.ask("lan", "GET", "/v1/status?verify=true"))["verified"]


async def test_an_edit_of_what_moved_since_is_refused_and_nothing_is_sent(province: Province) -> None:
    old = await dead_one(province)
    change = {"changes": {"dossier.procedure.name": "Tên đúng"}, "reason": "asked by the desk"}
    made = await province.ask("lan", "POST", f"/v1/deliveries/{old['id']}/edit", change, 201)
    body = {"verb": "skip", "where": {"ids": [old["id"]]}, "reason": "settled by letter"}
    await province.ask("lan", "POST", "/v1/deliveries/actions", body)
    await province.ask("mai", "POST", f"/v1/tasks/{made['id']}/approve", {"reason": "the desk is right"})
    done = await province.until(made["id"], "done")
    assert [(item["state"], item["rule"]) for item in done["items"]] == [("refused", "changed")]
    story = await province.ask("lan", "GET", f"/v1/dossiers/{old['dossier']}")
    assert {event["client"] for event in story["events"]} <= {"test", PORTAL, "electronic_iso"}
