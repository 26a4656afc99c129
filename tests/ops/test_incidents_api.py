"""Incidents over the interface: listed, shown, taken on."""

from __future__ import annotations

import httpx

from bus.ledger.incidents import DUTY, Condition
from ops.incidents import patience
from tests.ops.conftest import Served

PORTAL, ISO = "national_portal", "electronic_iso"


async def opened(served: Served) -> int:
    """The number of the portal's incident, which has just opened."""
    ledger = served.house.ledger
    fence = await ledger.take_duty(DUTY, ledger.process, 600)
    assert fence is not None
    down = Condition("breaker", PORTAL, since=0.0, dossiers=1213, deliveries=1500)
    ((_event, number),) = await ledger.incidents().look(fence, [down], {"breaker": patience()["breaker"]})
    return number


async def test_the_interface_lists_shows_and_takes_on(served: Served) -> None:
    number = await opened(served)
    http, desk, viewer = served.http, served.auth("desk"), served.auth("viewer")
    (one,) = (await http.get("/v1/incidents", headers=viewer)).json()["items"]
    assert (one["id"], one["kind"], one["partner"], one["open"], one["dossiers"]) == (
        number,
        "breaker",
        PORTAL,
        True,
        1213,
    )
    assert (await http.get("/v1/incidents", params={"partner": ISO}, headers=viewer)).json()["items"] == []
    path = f"/v1/incidents/{number}"
    assert await status(http, path, viewer, note="called") == 403
    assert await status(http, path, desk, note="x") == 422
    taken = await http.post(path, json={"note": "called the ministry"}, headers=desk)
    assert (taken.status_code, taken.json()["owner"]) == (200, "desk")
    assert (await http.get(path, headers=viewer)).json()["note"] == "called the ministry"
    assert await status(http, "/v1/incidents/999", desk, note="called") == 404
    everything = (await http.get("/v1/incidents", params={"all": True, "limit": 1}, headers=viewer)).json()
    assert [len(everything["items"]), everything["next"]] == [1, None]


async def status(http: httpx.AsyncClient, path: str, headers: dict[str, str], **body: str) -> int:
    return (await http.post(path, json=body, headers=headers)).status_code
