"""A house with simulators of its partners, served over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus.seal import Keyring
from ops import simulate, up
from ops.api.guard import new_key
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from tests.ledgers import new_ledger


@dataclass
class Served:
    """The bus at work: its house, a client of its HTTP interface, its simulators, and API keys by client."""

    house: House
    http: httpx.AsyncClient
    simulators: dict[str, simulate.Served]
    keys: dict[str, str]

    def auth(self, client: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[client]}"}

    def simulator(self, name: str) -> Any:
        return self.simulators[name].app.state.simulator

    async def settled(self) -> dict[str, Any]:
        """Wait until nothing is open; the status then."""
        import asyncio

        for _ in range(400):
            told: dict[str, Any] = (await self.http.get("/v1/status", headers=self.auth("desk"))).json()
            if told["owed"] and not told["open"]:
                return told
            await asyncio.sleep(0.025)
        raise TimeoutError(f"not settled: {told}")


CLIENTS = {
    "dossier-system": {"scopes": ["events"], "sources": ["urn:lienthong:dossier-system"]},
    "desk": {"scopes": ["events", "read", "act", "metrics"]},
    "viewer": {"scopes": ["read"]},
    "reception": {"scopes": ["lookup"]},
}


def settings_of(folder: Path, urls: dict[str, str], clients: dict[str, Any], **more: Any) -> Settings:
    keys = folder / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    fast = {
        "retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01},
        "breaker": {"open_s": 0.2, "cap_s": 0.4},
        "timeout_s": 2.0,
    }
    return Settings.model_validate(
        {
            "ledger": {"url": new_ledger(folder)},
            "keys": {"file": str(keys)},
            "http": {"max_body_bytes": 200_000, "requests_per_s": 1000.0, "body_limit_s": 2.0},
            "clients": clients,
            "partners": {
                "dossier_system": {
                    "base_url": urls["dossier_system"],
                    "path": "/events",
                    "credentials": {"webhook_secret": "sim-webhook-secret"},
                    **fast,
                },
                "national_portal": {
                    "base_url": urls["national_portal"],
                    "unit": "000.00.00.H59",
                    "push_auth": "secret",
                    "credentials": {"username": "sim", "password": "sim", "push_secret": "push"},
                    **fast,
                },
                "electronic_iso": {
                    "base_url": urls["electronic_iso"],
                    "credentials": {
                        "username": "sim",
                        "password": "sim",
                        "callback_username": "iso",
                        "callback_password": "iso-secret",
                    },
                    **fast,
                },
            },
            **more,
        }
    )


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    simulators = await simulate.serve(simulate.SIMULATORS, tmp_path)
    keys, clients = {}, {}
    for name, rights in CLIENTS.items():
        keys[name], digest = new_key()
        clients[name] = {"key_sha256": digest, **rights}
    house = House(
        settings_of(tmp_path, {n: s.url for n, s in simulators.items()}, clients), receivers=up.receivers(simulators)
    )
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, verify=False, timeout=20) as http:
        yield Served(house, http, simulators, keys)
    await house.stop()
    await gateway.stop()
    await simulate.stop(simulators.values())
