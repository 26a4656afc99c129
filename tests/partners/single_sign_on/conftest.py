"""The whole dance over real HTTP: a browser, the gateway, both providers' simulator, and a dossier system with a key."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from adapters.single_sign_on.simulator import DEMO, SsoSimulator
from bus.seal import Keyring
from contracts.single_sign_on.assertion import Assertion
from ops import simulate
from ops.api.guard import new_key
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from tests.ledgers import new_ledger

BACK = "https://mcdt.example/dang-nhap"
OTHER_BACK = "https://other.example/back"
START, CALLBACK = "/v1/sign-in/start", "/v1/sign-in/callback"


@dataclass
class Desk:
    """Everybody who takes part. `keys` are the API keys by client."""

    house: House
    http: httpx.AsyncClient
    simulator: SsoSimulator
    sso: str
    keys: dict[str, str]

    async def start(self, provider: str = "vnconnect", **query: str) -> str:
        """Where the bus sends a browser that begins to sign in."""
        query = {"provider": provider, "return_to": BACK, "state": "mine", **query}
        response = await self.http.get(START, params={k: v for k, v in query.items() if v})
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    async def sign_in_there(self, authorize: str, person: str = "an") -> str:
        """Choose a person on the provider's page; where the provider sends the browser."""
        page = await self.http.get(authorize)
        if page.status_code == 302:
            return str(page.headers["location"])
        assert page.status_code == 200, page.text
        (ticket,) = re.findall(r"name='request' value='(\w+)'", page.text)
        (action,) = re.findall(r"action='([^']+)'", page.text)
        done = await self.http.post(self.sso + action, data={"request": ticket, "person": person})
        assert done.status_code == 302
        self.http.cookies.clear()  # each test signs in as somebody new
        return str(done.headers["location"])

    async def come_back(self, callback: str) -> dict[str, str]:
        """Follow the provider's redirect to the bus; the fields with which the client's page is reached."""
        response = await self.http.get(callback)
        assert response.status_code == 303, response.text
        assert response.headers["location"].startswith(BACK)
        return dict(parse_qsl(urlsplit(response.headers["location"]).query))

    async def dance(self, provider: str = "vnconnect", person: str = "an", **query: str) -> dict[str, str]:
        """From the start to the client's page."""
        return await self.come_back(await self.sign_in_there(await self.start(provider, **query), person))

    async def post(self, path: str, body: Any, client: str = "dossier-system") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[client]}"} if client else {}
        return await self.http.post(f"/v1/sign-in/{path}", json=body, headers=headers)

    async def assertion(self, ticket: str, client: str = "dossier-system") -> Assertion:
        """The ticket's assertion, verified with the keys that are published."""
        response = await self.post("assertion", {"ticket": ticket}, client)
        assert response.status_code == 200, response.text
        keys = KeySet.import_key_set((await self.http.get("/.well-known/jwks.json")).json())
        token = jwt.decode(response.json()["assertion"], keys, algorithms=["ES256"])
        assert token.header["typ"] == "sign-in+jwt"
        return Assertion.model_validate(token.claims)

    async def signed_in(self, provider: str = "vnconnect", person: str = "an", **query: str) -> Assertion:
        return await self.assertion((await self.dance(provider, person, **query))["ticket"])

    async def status(self) -> dict[str, Any]:
        told: dict[str, Any] = (
            await self.http.get("/v1/sign-in/status", headers={"Authorization": f"Bearer {self.keys['viewer']}"})
        ).json()
        return told


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def settings_of(
    folder: Path, sso: str, port: int, clients: dict[str, Any], pace: float, ledger: str = "", **changes: Any
) -> Settings:
    keys = folder / "keys.json"
    if not keys.exists():
        keys.touch(0o600)
        keys.write_text(Keyring.generate())
    return Settings.model_validate(
        {
            "ledger": {"url": ledger or new_ledger(folder)},
            "keys": {"file": str(keys)},
            "http": {"public_url": f"http://127.0.0.1:{port}", "port": port},
            "sign_in": {"starts_per_s": pace},
            "clients": clients,
            "partners": {"single_sign_on": {"base_url": sso, "timeout_s": 2.0, **DEMO, **changes}},
        }
    )


def clients_of() -> tuple[dict[str, str], dict[str, Any]]:
    """The API keys, and `[clients]`: two dossier systems, and one who looks on."""
    keys, clients = {}, {}
    for name, more in {
        "dossier-system": {"scopes": ["sign_in"], "return_to": [BACK, f"{BACK}?a=1"]},
        "other": {"scopes": ["sign_in"], "return_to": [OTHER_BACK]},
        "viewer": {"scopes": ["read", "metrics"]},
    }.items():
        keys[name], digest = new_key()
        clients[name] = {"key_sha256": digest, **more}
    return keys, clients


@asynccontextmanager
async def at_work(settings: Settings, bound: socket.socket) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    """A house that serves and delivers nothing, and a browser for it."""
    house = House(settings, work=())
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), bound)
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=10) as http:
        yield house, http
    await gateway.stop()
    await house.stop()


@pytest.fixture
def changes() -> dict[str, Any]:
    """Changes of [partners.single_sign_on]; a test's module may say others."""
    return {}


@pytest.fixture
def pace() -> float:
    """Requests a second a browser may make."""
    return 1000.0


@pytest.fixture
async def sso(tmp_path: Path) -> AsyncIterator[simulate.Served]:
    served = (await simulate.serve(["single_sign_on"], tmp_path))["single_sign_on"]
    yield served
    await served.stop()


@pytest.fixture
async def desk(tmp_path: Path, sso: simulate.Served, changes: dict[str, Any], pace: float) -> AsyncIterator[Desk]:
    (keys, clients), bound = clients_of(), simulate.bind("127.0.0.1", 0)
    settings = settings_of(tmp_path, sso.url, bound.getsockname()[1], clients, pace, **changes)
    async with at_work(settings, bound) as (house, http):
        yield Desk(house, http, sso.app.state.simulator, sso.url, keys)
