"""The HTTP interface: who may call, what is answered, and what never comes in."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import pytest
from fastapi.routing import APIRoute

from contracts.canonical.events import EVENTS
from ops.events_doc.example import examples
from ops.gateway import application
from ops.sample import generate
from tests.ops.conftest import Served

SINGLE = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
OPEN = {"/", "/healthz", "/readyz", "/docs", "/openapi.json", "/callbacks/{partner}/{path:path}", "/soap/{partner}"} | {
    *("/v1/sign-in/start", "/v1/sign-in/callback", "/.well-known/jwks.json")
}
"""Open to all, or authenticated by the partner's own contract."""


def events(count: int = 5, seed: int = 1) -> list[dict[str, Any]]:
    return [json.loads(envelope.to_json()) for envelope in generate(count, 2, seed, date(2026, 1, 5))]


async def post(served: Served, body: Any, kind: dict[str, str] = SINGLE, client: str = "dossier-system") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await served.http.post("/v1/events", content=raw, headers=kind | served.auth(client))


async def test_every_route_wants_a_key_but_those_said_to_be_open(served: Served) -> None:
    app = application(served.house, anonymous=False)
    for route in app.routes:
        if not isinstance(route, APIRoute) or route.path in OPEN:
            continue
        path = route.path.replace("{code}", "x").replace("{name}", "national_portal").replace("{switch}", "pause")
        for method in route.methods or ():
            for headers in ({}, {"Authorization": "Bearer lt_wrong"}, {"X-API-Key": "wrong"}):
                response = await served.http.request(method, path, headers=headers)
                assert response.status_code == 401, f"{method} {path}"
                assert response.headers["content-type"] == "application/problem+json"


async def test_a_key_opens_only_what_its_scopes_say(served: Served) -> None:
    assert (await served.http.get("/v1/status", headers=served.auth("dossier-system"))).status_code == 403
    assert (await served.http.get("/v1/status", headers=served.auth("viewer"))).status_code == 200
    assert (await post(served, events()[0], client="viewer")).status_code == 403


async def test_a_client_speaks_for_its_own_sources_alone(served: Served) -> None:
    foreign = events()[0] | {"source": "urn:somebody-else"}
    response = await post(served, foreign)
    assert response.status_code == 422
    assert response.json()["faults"][0]["path"] == "$.source"
    assert (await served.house.ledger.totals()).events == 0


async def test_what_the_bus_alone_tells_cannot_be_told_to_it(served: Served) -> None:
    told = [event for name, event in examples().items() if EVENTS[name].direction != "in"]
    verdicts = (await post(served, told, BATCH, client="desk")).json()["verdicts"]
    assert {verdict["faults"][0]["path"] for verdict in verdicts} == {"$.type"}
    assert len(verdicts) == len(told) > 0
    assert (await served.house.ledger.totals()).events == 0


async def test_one_event_is_answered_with_its_verdict(served: Served) -> None:
    event = events()[0]
    first = await post(served, event)
    assert first.status_code == 202
    assert first.json()["status"] == "accepted"
    assert len(first.json()["trace_id"]) in (0, 32)
    assert (await post(served, event)).json()["status"] == "duplicate"
    conflict = await post(served, event | {"time": "2026-01-01T00:00:00Z"})
    assert conflict.status_code == 409
    assert conflict.json()["title"] == "Conflict"


async def test_a_batch_has_a_verdict_per_event_and_the_refused_store_nothing(served: Served) -> None:
    good, bad = events(2)
    bad["data"]["dossier"]["procedure"]["code"] = "not a code"
    response = await post(served, [good, bad, 17, good], BATCH)
    assert response.status_code == 202
    verdicts = response.json()["verdicts"]
    assert [v["status"] for v in verdicts] == ["accepted", "refused", "refused", "duplicate"]
    fault = verdicts[1]["faults"][0]
    assert fault["path"] == "$.data.dossier.procedure.code"
    assert fault["rule"]
    assert fault["source"]
    assert (await served.house.ledger.totals()).events == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", SINGLE, 400),
        (b'{"id": 1, "id": 2}', SINGLE, 400),
        (b'{"specversion": NaN}', SINGLE, 400),
        (b"[" * 100_000, SINGLE, 400),
        ("đ".encode("utf-16"), SINGLE, 400),
        (b"[]", SINGLE, 422),
        (b"{}", SINGLE, 422),
        (b"{}", BATCH, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"[" + b"1," * 1000 + b"1]", BATCH, 413),
        (b'{"x": "' + b"a" * 300_000 + b'"}', SINGLE, 413),
    ],
)
async def test_what_cannot_be_read_is_refused_with_problem_details(
    served: Served, body: bytes, kind: dict[str, str], status: int
) -> None:
    response = await post(served, body, kind)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= response.json().keys()
    assert (await served.house.ledger.totals()).events == 0


async def test_a_slow_body_is_cut_off(served: Served) -> None:
    async def drip() -> Any:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.1)

    response = await served.http.post("/v1/events", content=drip(), headers=SINGLE | served.auth("dossier-system"))
    assert response.status_code == 408


async def test_personal_values_are_masked_in_faults_stories_and_requests(served: Served) -> None:
    event = next(e for e in events(20) if e["data"]["dossier"]["applicant"].get("citizen_id"))
    event["data"]["dossier"]["applicant"]["citizen_id"] = "08408000012X"
    refused = await post(served, event)
    assert "08408000012X" not in refused.text
    for good in events(20):
        await post(served, good)
    await served.settled()
    applicant = events(20)[0]["data"]["dossier"]["applicant"]
    story = await served.http.get(f"/v1/dossiers/{events(20)[0]['subject']}", headers=served.auth("viewer"))
    assert story.status_code == 200
    for value in (applicant["name"], applicant["phone"], applicant.get("citizen_id") or applicant.get("tax_code")):
        assert value not in story.text


async def test_the_whole_way_to_every_partner_and_back(served: Served) -> None:
    for event in events(60, seed=4):
        assert (await post(served, event)).json()["status"] == "accepted"
    told = await served.settled()
    assert told["dead"] == 0
    assert told["delivered"] + told["superseded"] == told["owed"]
    proof = await served.http.get("/v1/status?verify=true", headers=served.auth("desk"))
    assert proof.json()["verified"]
    assert served.simulator("national_portal").book.of("create")
    assert served.simulator("electronic_iso").book.of("slip")
    assert {n["type"] for n in served.simulator("dossier_system").book.of("notice")} >= {
        "vn.lienthong.iso.slip_opened.v1",
        "vn.lienthong.portal.dossier_synced.v1",
    }


async def test_lists_page_by_cursor_and_actions_need_a_reason(served: Served) -> None:
    for event in events(20, seed=2):
        await post(served, event)
    await served.settled()
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await served.http.get("/v1/deliveries", params=query, headers=served.auth("viewer"))).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(seen) == len(set(seen)) == (await served.settled())["owed"]
    without = await served.http.post(
        "/v1/deliveries/actions", json={"verb": "skip", "where": {"ids": seen}}, headers=served.auth("desk")
    )
    assert without.status_code == 422
    everything = {"verb": "cancel", "where": {}, "reason": "all of it"}
    assert (
        await served.http.post("/v1/deliveries/actions", json=everything, headers=served.auth("desk"))
    ).status_code == 422


async def test_a_paused_partner_waits_until_it_is_resumed(served: Served) -> None:
    said = {"reason": "maintenance"}
    assert (
        await served.http.post("/v1/partners/national_portal/pause", json=said, headers=served.auth("desk"))
    ).status_code == 200
    for event in events(10, seed=3):
        await post(served, event)
    await asyncio.sleep(0.3)
    status = (await served.http.get("/v1/status", headers=served.auth("desk"))).json()
    assert status["partners"]["national_portal"]["delivered"] == 0
    assert status["partners"]["national_portal"]["paused"]
    await served.http.post("/v1/partners/national_portal/resume", json=said, headers=served.auth("desk"))
    await served.settled()


async def test_health_readiness_metrics_and_headers(served: Served) -> None:
    assert (await served.http.get("/healthz")).json() == {"live": True}
    ready = await served.http.get("/readyz")
    assert ready.json()["ready"]
    assert ready.headers["x-content-type-options"] == "nosniff"
    assert ready.headers["cache-control"] == "no-store"
    await post(served, events()[0])
    metrics = await served.http.get("/metrics", headers=served.auth("desk"))
    assert "lienthong_events_accepted_total" in metrics.text
    assert "H59" not in metrics.text
    schema = (await served.http.get("/openapi.json")).json()
    assert "/v1/events" in schema["paths"]


async def test_a_stopping_bus_takes_nothing_more(served: Served) -> None:
    served.house.open = False
    response = await post(served, events()[0])
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert (await served.http.get("/readyz")).status_code == 503


async def test_a_partners_refusal_is_told_to_the_dossier_system_and_stands_in_the_story(served: Served) -> None:
    served.simulator("national_portal").weather.left["refuse_row"] = 1
    event = next(e for e in events(20) if e["type"] == "vn.lienthong.dossier.received.v1") | {"sequence": 1}
    served.simulator("national_portal").weather.row = event["subject"]
    assert (await post(served, event)).status_code == 202
    for _ in range(400):
        told = [n for n in served.simulator("dossier_system").book.of("notice") if "refused" in n["type"]]
        if told:
            break
        await asyncio.sleep(0.025)
    (notice,) = told
    assert notice["subject"] == event["subject"]
    assert (notice["data"]["partner"], notice["data"]["operation"]) == ("national_portal", "DongBoHoSoMC")
    assert notice["data"]["words"]
    story = (await served.http.get(f"/v1/dossiers/{event['subject']}", headers=served.auth("viewer"))).json()
    (entry,) = [e for e in story["events"] if e["type"] == "vn.lienthong.exchange.refused.v1"]
    assert entry["causation_id"] == event["id"]
    (dead,) = [d for d in story["deliveries"] if d["state"] == "dead"]
    assert dead["partner"] == "national_portal"


async def test_the_dossier_systems_own_refusal_is_kept_and_told_to_nobody(served: Served) -> None:
    served.simulator("dossier_system").weather.left["refuse_row"] = -1
    event = next(e for e in events(20) if e["type"] == "vn.lienthong.dossier.received.v1") | {"sequence": 1}
    await post(served, event)
    for _ in range(400):
        story = (await served.http.get(f"/v1/dossiers/{event['subject']}", headers=served.auth("viewer"))).json()
        refusals = [e["id"] for e in story["events"] if e["type"] == "vn.lienthong.exchange.refused.v1"]
        if refusals:
            break
        await asyncio.sleep(0.025)
    assert len(refusals) == 1
    assert [d for d in story["deliveries"] if d["event"] in refusals] == []
