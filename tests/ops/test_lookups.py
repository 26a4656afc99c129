"""Look-ups over HTTP against a tiny partner: asked for a purpose, answered in time, cut to what was asked for, and on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from ops import simulate
from ops.api.guard import new_key
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from tests.ops.conftest import settings_of
from tests.ops.people_partner import PARTNER, PERSON_ID, Registry, a_person

CLIENTS = {"dossier-system": ["lookup"], "desk": ["lookup", "read", "act", "metrics"], "other": ["events"]}


@dataclass
class Desk:
    """The bus at work, its HTTP interface, and the partner's side."""

    house: House
    http: httpx.AsyncClient
    registry: Registry
    keys: dict[str, str]

    def auth(self, client: str = "dossier-system") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[client]}"}

    async def by_code(self, code: str = "AB1", **query: Any) -> httpx.Response:
        query = {"what": "by_code", "purpose": "verification", **query}
        return await self.http.get(f"/v1/lookups/people/{code}", params=query, headers=self.auth())

    async def by_number(self, number: str = PERSON_ID, client: str = "dossier-system", **body: Any) -> httpx.Response:
        asked = {"what": "by_number", "key": number, "purpose": "verification", **body}
        return await self.http.post("/v1/lookups/people", json=asked, headers=self.auth(client))

    async def record(self, **asked: Any) -> list[dict[str, Any]]:
        told = await self.http.post("/v1/audit/lookups", json=asked, headers=self.auth("desk"))
        items: list[dict[str, Any]] = told.json()["items"]
        return items


def settings(folder: Path, url: str, clients: dict[str, Any], **own: Any) -> Settings:
    urls = {"dossier_system": "", "national_portal": "", "electronic_iso": ""}
    base = settings_of(folder, urls, clients)
    people = {"base_url": url, "timeout_s": 1.0, "breaker": {"failures": 2, "open_s": 30}, **own}
    return base.model_copy(update={"partners": {"people": people}})


@pytest.fixture
def own(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a test sets for the partner: `@pytest.mark.parametrize("own", [{...}])`."""
    return getattr(request, "param", {})


@pytest.fixture
async def desk(tmp_path: Path, own: dict[str, Any]) -> AsyncIterator[Desk]:
    registry = Registry(body={"people": [a_person()], "correlation": "c-77"})
    partner = simulate.Served(
        Starlette(routes=[Route("/ask", registry.serve, methods=["POST"])]), simulate.bind("127.0.0.1", 0)
    )
    await partner.started()
    keys, clients = {}, {}
    for name, scopes in CLIENTS.items():
        keys[name], digest = new_key()
        clients[name] = {"key_sha256": digest, "scopes": scopes}
    house = House(settings(tmp_path, partner.url, clients, **own), partners={"people": PARTNER})
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as http:
        yield Desk(house, http, registry, keys)
    await house.stop()
    await gateway.stop()
    await partner.stop()


async def test_only_what_says_nothing_about_a_person_is_told_unless_asked_for_by_name(desk: Desk) -> None:
    plain = (await desk.by_number()).json()
    assert plain["matches"] == [{"status": "active", "home": {"ward": "29557"}}]
    assert plain["withheld"] == ["citizen_id", "name", "home.street"]
    asked = (await desk.by_number(fields=["name", "home.ward"])).json()
    assert asked["matches"] == [{"name": "Nguyễn Văn An", "home": {"ward": "29557"}}]
    whole = (await desk.by_number(fields=["home"])).json()
    assert whole["matches"] == [{"home": a_person()["home"]}]
    assert (whole["reference"], whole["count"], whole["cached"]) == ("c-77", 1, False)


async def test_a_person_is_never_asked_for_in_an_address(desk: Desk) -> None:
    refused = await desk.http.get(
        f"/v1/lookups/people/{PERSON_ID}", params={"purpose": "verification"}, headers=desk.auth()
    )
    assert refused.status_code == 405
    assert "POST /v1/lookups/people" in refused.json()["detail"]
    assert (desk.registry.heard, await desk.record()) == ([], [])
    assert (await desk.by_code()).status_code == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"purpose": ""}, "purpose"),
        ({"purpose": "curiosity"}, "purpose"),
        ({"purpose": "inspection"}, "says why in a few words"),
        ({"key": "1234"}, "12 digits"),
        ({"fields": ["shoe_size"]}, "tells no such field; it tells citizen_id, name, status"),
        ({"what": "by_nothing"}, "there are by_number, by_code"),
    ],
)
async def test_a_question_without_its_terms_is_refused_before_the_partner_is_asked(
    desk: Desk, changes: dict[str, Any], says: str
) -> None:
    refused = await desk.by_number(**changes)
    assert refused.status_code in (404, 422)
    assert refused.headers["content-type"] == "application/problem+json"
    assert says in refused.json()["detail"]
    assert desk.registry.heard == []


async def test_without_a_purpose_or_a_known_system_nothing_is_asked(desk: Desk) -> None:
    unsaid = await desk.http.get("/v1/lookups/people/AB1", params={"what": "by_code"}, headers=desk.auth())
    assert (unsaid.status_code, "purpose" in unsaid.json()["detail"]) == (422, True)
    unknown = await desk.http.get("/v1/lookups/stars/1", params={"purpose": "verification"}, headers=desk.auth())
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "nothing is looked up at stars; there are people")
    assert (await desk.by_number(client="other")).status_code == 403


async def test_what_can_be_asked_is_listed_with_what_is_personal(desk: Desk) -> None:
    told = (await desk.http.get("/v1/lookups", headers=desk.auth())).json()
    assert [(item["what"], item["question"]) for item in told["items"]] == [
        ("by_number", {"number": "personal"}),
        ("by_code", {"code": "plain"}),
    ]
    assert told["items"][0]["fields"]["status"] == "plain"
    assert {each["purpose"] for each in told["purposes"] if each["needs_reason"]} == {"support", "inspection"}


async def test_not_found_is_an_answer_and_of_several_none_is_chosen(desk: Desk) -> None:
    desk.registry.body = {"people": []}
    none = await desk.by_number()
    assert (none.status_code, none.json()["matches"]) == (200, [])
    desk.registry.body = {"people": [a_person(), a_person(status="moved")]}
    several = await desk.by_number()
    assert [match["status"] for match in several.json()["matches"]] == ["active", "moved"]
    assert [item["outcome"] for item in await desk.record()] == ["several", "none"]


async def test_it_is_on_record_who_asked_about_whom_and_what_for(desk: Desk) -> None:
    code = "000.00.17.H59-230425-0001"
    told = await desk.by_number(purpose="inspection", reason="đơn tố cáo số 12", officer="Trần Văn Sáu", dossier=code)
    (one,) = await desk.record(kind="citizen", value=PERSON_ID)
    assert (one["who"], one["officer"], one["purpose"], one["reason"], one["dossier"], one["outcome"]) == (
        "dossier-system",
        "Trần Văn Sáu",
        "inspection",
        "đơn tố cáo số 12",
        code,
        "found",
    )
    assert one["trace_id"] == told.json()["trace_id"] != ""
    assert await desk.record(kind="citizen", value="084080000124") == []
    desk.registry.body = {"people": [a_person(citizen_id="084080000999")]}
    await desk.by_code()
    assert [item["what"] for item in await desk.record(kind="citizen", value="084080000999")] == ["by_code"]
    assert (await desk.http.post("/v1/audit/lookups", json={}, headers=desk.auth())).status_code == 403


async def test_an_answer_is_told_again_as_declared_and_each_telling_is_on_record(desk: Desk) -> None:
    first, again = (await desk.by_code()).json(), (await desk.by_code()).json()
    assert (first["cached"], again["cached"], len(desk.registry.heard)) == (False, True, 1)
    assert (again["asked_at"], again["matches"]) == (first["asked_at"], first["matches"])
    await desk.by_code("AB2")
    await desk.by_number()
    await desk.by_number()
    assert len(desk.registry.heard) == 4  # another key, and a look-up that declares no cache
    assert [item["cached"] for item in await desk.record()] == [False, False, False, True, False]


async def test_that_nothing_was_found_is_not_told_again(desk: Desk) -> None:
    desk.registry.body = {"people": []}
    assert (await desk.by_code()).json()["count"] == 0
    desk.registry.body = {"people": [a_person()]}
    assert (await desk.by_code()).json()["count"] == 1


async def test_an_answer_of_an_older_change_than_the_caller_knows_is_asked_anew(desk: Desk) -> None:
    desk.registry.body = {"people": [a_person()], "change": 3}
    assert (await desk.by_code(at_least=3)).json()["version"] == 3
    assert (await desk.by_code(at_least=3)).json()["cached"]
    desk.registry.body["change"] = 4
    assert (await desk.by_code(at_least=4)).json()["version"] == 4
    desk.registry.body["change"] = 2  # a copy that lags behind
    assert (await desk.by_code(at_least=5)).json()["version"] == 2
    assert (await desk.by_code()).json()["version"] == 4


@pytest.mark.parametrize("own", [{"lookups": {"cached": 2}}], indirect=True)
async def test_answers_in_memory_are_bounded(desk: Desk) -> None:
    for code in ("A", "B", "A", "C"):
        await desk.by_code(code)
    assert len(desk.house.lookups["people"].answers) == 2
    assert (await desk.by_code("A")).json()["cached"]
    assert not (await desk.by_code("B")).json()["cached"]


@pytest.mark.parametrize("own", [{"lookups": {"cache_s": 0}}], indirect=True)
async def test_a_province_may_allow_no_telling_again(desk: Desk) -> None:
    assert [(await desk.by_code()).json()["cached"] for _ in range(2)] == [False, False]


@pytest.mark.parametrize(
    ("status", "text", "http", "cause", "outcome"),
    [
        (429, b"", 503, "busy", "unavailable"),
        (404, b"", 503, "not_sent", "unavailable"),
        (401, b"", 503, "expired", "unavailable"),
        (500, b"server error", 502, "unknown", "unknown"),
        (200, b"<html>", 502, "unknown", "unknown"),
        (400, b"no such thing", 502, "refused", "refused"),
        (413, b"", 502, "contract", "refused"),
    ],
)
async def test_why_there_is_no_answer(
    desk: Desk, status: int, text: bytes, http: int, cause: str, outcome: str
) -> None:
    desk.registry.status, desk.registry.text, desk.registry.retry_after = status, text, "7" if status == 429 else ""
    told = await desk.by_number()
    assert (told.status_code, told.json()["cause"]) == (http, cause)
    assert told.headers.get("retry-after") == ("7" if status == 429 else None)
    (one,) = await desk.record()
    assert (one["outcome"], one["trace_id"]) == (outcome, told.json()["trace_id"])


async def test_a_partners_words_are_told_without_whom_they_name(desk: Desk) -> None:
    desk.registry.body = {"people": [], "error": f"Số {PERSON_ID} đã đổi sang 084080000777"}
    told = (await desk.by_number()).json()
    assert (told["code"], told["words"]) == ("E1", "Số 084******123 đã đổi sang 084******777")


async def test_a_caller_waits_no_longer_than_it_says(desk: Desk) -> None:
    desk.registry.wait_s = 5
    began = asyncio.get_running_loop().time()
    late = await desk.by_number(timeout_s=0.2)
    assert asyncio.get_running_loop().time() - began < 0.9
    assert (late.status_code, late.json()["cause"]) == (504, "unknown")
    assert [item["outcome"] for item in await desk.record()] == ["timeout"]


async def test_callers_in_a_hurry_close_the_partner_to_nobody(desk: Desk) -> None:
    desk.registry.wait_s = 0.3
    told = await asyncio.gather(*(desk.by_number(timeout_s=0.05) for _ in range(3)))
    assert {one.status_code for one in told} == {504}
    assert (await desk.by_number()).status_code == 200
    assert not any(view.breaker_open for view in await desk.house.ledger.partners())


async def test_a_partner_that_uses_up_its_own_time_is_left_alone(desk: Desk) -> None:
    desk.registry.wait_s = 2
    assert {one.status_code for one in await asyncio.gather(desk.by_number(), desk.by_number())} == {504}
    assert (await desk.by_number()).status_code == 503


@pytest.mark.parametrize("own", [{"lookups": {"at_once": 2}}], indirect=True)
async def test_a_flood_of_questions_has_few_seats(desk: Desk) -> None:
    desk.registry.wait_s = 0.05
    told = await asyncio.gather(*(desk.by_number(f"0840800{n:05}") for n in range(30)))
    assert desk.registry.most == 2
    assert sorted({one.status_code for one in told}) == [200, 503]
    assert sum(one.status_code == 200 for one in told) == 18


async def test_a_silent_partner_is_left_alone_by_look_ups_and_deliveries_alike(desk: Desk) -> None:
    desk.registry.status, desk.registry.text = 500, b"server error"
    for _ in range(2):
        assert (await desk.by_number()).status_code == 502
    shut = await desk.by_number()
    assert (shut.status_code, len(desk.registry.heard)) == (503, 2)
    assert 0 < int(shut.headers["retry-after"]) <= 30
    (view,) = await desk.house.ledger.partners()
    assert view.breaker_open


async def test_a_paused_partner_is_not_asked(desk: Desk) -> None:
    await desk.house.ledger.pause("people", "an officer", "they asked us to")
    paused = await desk.by_number()
    assert (paused.status_code, paused.json()["code"], desk.registry.heard) == (503, "paused", [])
    assert "retry-after" not in paused.headers


async def test_figures_name_systems_and_no_people(desk: Desk) -> None:
    await desk.by_number()
    told = (await desk.http.get("/metrics", headers=desk.auth("desk"))).text
    assert 'lienthong_lookups_total{cached="false",ending="found",lookup="by_number",partner="people"} 1.0' in told
    assert PERSON_ID not in told
