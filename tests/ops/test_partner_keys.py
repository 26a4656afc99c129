"""A partner agency's API key: over HTTP and on the command line it reaches what is that partner's, and nothing that goes over all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from bus.ledger.words import Claim, Filter, Move, Result, State
from bus.outcome import Cause
from ops import simulate, up
from ops.api.guard import new_key
from ops.cli import app as commands
from ops.gateway import application
from ops.house import House
from ops.sample import generate
from ops.settings import SettingsError
from ops.settings_file import load
from tests.ops.conftest import settings_of

ISO, PORTAL = "electronic_iso", "national_portal"
SCOPES: dict[str, list[str]] = {
    "all": ["events", "read", "act", "approve", "metrics", "lookup", "people", "sign_in"],
    "reader": ["read"],
    "operator": ["read", "act"],
    "approver": ["read", "approve"],
}
KEYS = [(role, partner) for role in SCOPES for partner in ("", ISO)]
RECEIVED = next(e for e in generate(60, 10, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1"))
CODE = RECEIVED.subject
OWN = {
    ("GET", "/v1/dossiers/{code}"),
    ("GET", "/v1/deliveries"),
    ("GET", "/v1/exchanges/{delivery}"),
    ("GET", "/v1/exchanges/{delivery}/today"),
    ("GET", "/v1/causes"),
    ("POST", "/v1/causes/{fingerprint}"),
    ("GET", "/v1/partners"),
    ("POST", "/v1/partners/{name}/{switch}"),
    ("POST", "/v1/search"),
    ("POST", "/v1/deliveries/actions"),
    ("GET", "/v1/incidents"),
    ("GET", "/v1/incidents/{number}"),
    ("POST", "/v1/incidents/{number}"),
    ("GET", "/v1/overdue"),
    ("GET", "/v1/tasks"),
    ("POST", "/v1/tasks"),
    ("GET", "/v1/tasks/{number}"),
    ("GET", "/v1/tasks/{number}/rows.csv"),
    ("POST", "/v1/tasks/{number}/{turn}"),
    ("GET", "/v1/deliveries/{delivery}/edit"),
    ("POST", "/v1/deliveries/{delivery}/edit"),
}
"""What a key that is bound to a partner may come to; written down here a second time."""
OF_BROWSERS = {("GET", "/v1/sign-in/start"), ("GET", "/v1/sign-in/callback")}
"""What people's own browsers come to, which have no key."""


@dataclass
class Desk:
    """A served bus with one dossier that two partners refused, and its keys by role and partner."""

    app: FastAPI
    house: House
    http: httpx.AsyncClient
    keys: dict[tuple[str, str], str]
    ids: dict[str, int]

    async def ask(self, key: tuple[str, str], method: str, path: str, body: Any = None) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.keys[key]}"}
        return await self.http.request(method, path, headers=sent, json=body)

    async def json(self, key: tuple[str, str], path: str) -> Any:
        answer = await self.ask(key, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    keys, clients = {}, {}
    for role, partner in KEYS:
        keys[role, partner], digest = new_key()
        clients[f"{role}-{partner or 'province'}"] = {"key_sha256": digest, "scopes": SCOPES[role], "partner": partner}
    urls = dict.fromkeys(("dossier_system", PORTAL, ISO), "http://127.0.0.1:9")
    house = House(settings_of(tmp_path, urls, clients), receivers=up.receivers(urls), work=())
    await house.start()
    app = application(house, anonymous=False)
    gateway = simulate.Served(app, simulate.bind("127.0.0.1", 0))
    await gateway.started()
    await house.intake.accept([RECEIVED.model_copy(update={"sequence": 1})], client="test")
    ids = {}
    for partner in (PORTAL, ISO):
        claimed = await house.ledger.claim(
            Claim(partner, worker=house.ledger.process, calls=1, rows=1, lease_s=30, batches={})
        )
        move = Move(State.DEAD, Cause.REFUSED, doubt=0)
        await house.ledger.record([Result(job, move, "Permanent", code="99", words="sai mã") for job in claimed.jobs])
        ((dead,), _) = await house.ledger.deliveries(Filter(partner=partner, states=(State.DEAD,)))
        ids[partner] = dead.id
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as http:
        yield Desk(app, house, http, keys, ids)
    await gateway.stop()
    await house.stop()


def guarded(app: FastAPI) -> list[tuple[str, str]]:
    """Every address of the API; partners' own calls and health have no key."""
    told = app.openapi()["paths"]
    return [(method.upper(), path) for path, of in told.items() if path.startswith("/v1/") for method in of]


@pytest.mark.parametrize("role", SCOPES)
async def test_a_bound_key_comes_to_what_is_its_partner_s_and_to_nothing_that_goes_over_all(
    desk: Desk, role: str
) -> None:
    routes = guarded(desk.app)
    assert set(routes) >= OWN
    for method, path in set(routes) - OF_BROWSERS:
        address = path.replace("{code}", CODE).replace("{delivery}", str(desk.ids[ISO])).replace("{name}", ISO)
        address = address.replace("{fingerprint}", "0" * 12).replace("{number}", "1").replace("{switch}", "pause")
        address = address.replace("{turn}", "pause")
        if method == "GET" and path.startswith(("/v1/lookups/", "/v1/reconcile/")):
            address += "?purpose=verification" if "lookups" in path else "?from=2026-07-01&to=2026-07-02"
        mine, free = [await desk.ask((role, partner), method, address, {}) for partner in (ISO, "")]
        if (method, path) in OWN:
            assert (mine.status_code == 403) == (free.status_code == 403), (role, method, path, mine.text)
        else:
            assert mine.status_code == 403, (role, method, path, mine.status_code)
        assert PORTAL not in mine.text, (role, method, path)


async def test_lists_hold_the_partner_s_own_alone(desk: Desk) -> None:
    key, free = ("operator", ISO), ("operator", "")
    for path in ("/v1/deliveries?state=dead", "/v1/causes", "/v1/partners"):
        assert {item["partner"] for item in (await desk.json(key, path))["items"]} == {ISO}, path
        assert {item["partner"] for item in (await desk.json(free, path))["items"]} >= {ISO, PORTAL}, path
    story = await desk.json(key, f"/v1/dossiers/{CODE}")
    assert {one["partner"] for one in story["deliveries"]} == {ISO}
    for path in (
        f"/v1/deliveries?partner={PORTAL}",
        f"/v1/incidents?partner={PORTAL}",
        f"/v1/overdue?partner={PORTAL}",
    ):
        assert (await desk.ask(key, "GET", path)).status_code == 403, path
    for path in (f"/v1/exchanges/{desk.ids[PORTAL]}", f"/v1/deliveries/{desk.ids[PORTAL]}/edit"):
        assert (await desk.ask(key, "GET", path)).status_code == 404, path
        assert (await desk.ask(free, "GET", path)).status_code == 200, path


async def test_actions_reach_the_partner_s_own_alone(desk: Desk) -> None:
    key, free = ("operator", ISO), ("operator", "")
    told = {"verb": "skip", "where": {"ids": [desk.ids[PORTAL], desk.ids[ISO]]}, "reason": "tried"}
    done = (await desk.ask(key, "POST", "/v1/deliveries/actions", told | {"dry_run": True})).json()
    assert [row["partner"] for row in done["rows"]] == [ISO]
    other = {"verb": "skip", "where": {"partner": PORTAL}, "reason": "tried"}
    for path in ("/v1/deliveries/actions", "/v1/tasks"):
        assert (await desk.ask(key, "POST", path, other)).status_code == 403, path
    assert (await desk.ask(key, "POST", f"/v1/partners/{PORTAL}/pause", {"reason": "tried"})).status_code == 403
    made = (await desk.ask(free, "POST", "/v1/tasks", other)).json()["id"]
    assert (await desk.json(key, "/v1/tasks"))["items"] == []
    for method, path in (("GET", ""), ("GET", "/rows.csv"), ("POST", "/cancel")):
        assert (await desk.ask(key, method, f"/v1/tasks/{made}{path}", {"reason": "tried"})).status_code == 404, path
    group = (await desk.json(free, "/v1/causes"))["items"]
    notes = {
        one["partner"]: await desk.ask(key, "POST", f"/v1/causes/{one['fingerprint']}", {"owner": "ISO", "reason": "x"})
        for one in group
    }
    assert {partner: answer.status_code for partner, answer in notes.items()} == {ISO: 200, PORTAL: 404}
    (left, _) = await desk.house.ledger.deliveries(Filter(partner=PORTAL, states=(State.DEAD,)))
    assert [one.id for one in left] == [desk.ids[PORTAL]], "nothing of another's was touched"


async def test_the_command_line_with_such_a_key_tells_the_partner_s_own_alone(desk: Desk) -> None:
    async def line(key: tuple[str, str], *words: str) -> Any:
        asked = [*words, "--url", str(desk.http.base_url), "--key", desk.keys[key], "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, commands, asked)
        return json.loads(done.stdout) if done.exit_code == 0 else done.output

    def of(told: Any, name: str = "items") -> Collection[str]:
        return {item["partner"] for item in told[name]}

    for words in (("deliveries", "--state", "dead"), ("causes",), ("partners",)):
        assert of(await line(("reader", ISO), *words)) == {ISO}, words
    assert of(await line(("reader", ISO), "story", CODE), "deliveries") == {ISO}
    assert "bound to the partner electronic_iso" in await line(("reader", ISO), "deliveries", "--partner", PORTAL)
    assert "goes over all of them" in await line(("reader", ISO), "targets")


def test_a_key_is_bound_to_a_partner_there_is(tmp_path: Path) -> None:
    _, digest = new_key()
    file = tmp_path / "lienthong.toml"
    file.write_text(f'[clients.iso]\nkey_sha256 = "{digest}"\nscopes = ["read"]\npartner = "electronic_isso"\n')
    with pytest.raises(SettingsError, match=r":4: \[clients\.iso\] partner: there is no partner electronic_isso"):
        load(file)
    made = CliRunner().invoke(commands, ["client", "new", "iso", "--partner", ISO]).stdout
    file.write_text(made.partition("\n\n")[2])
    assert load(file).clients["iso"].partner == ISO
