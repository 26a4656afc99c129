"""`lienthong up --demo`: a whole province on this machine, the bus beside simulators of its partners."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from adapters import discover
from adapters.dossier_system.citizens import BACK, HOME, Bus, Citizens
from adapters.dossier_system.simulator import TRUSTED
from bus.seal import Keyring
from ops import demo, sample, simulate
from ops.api.guard import new_key
from ops.house import House
from ops.sample.document import documents
from ops.sample.journey import FILES
from ops.settings import Settings
from ops.up import bus

DEMO_CLIENT = "dossier_system"
FILE_HOST = f"https://{urlsplit(FILES).hostname}"
"""Where the sample's result papers lie; the dossier system's simulator has them."""
DEMO_CHOICES = frozenset({"ledger", "broker", "telemetry", "partners"})
"""What a settings file may say of the demo: the rest is the demo's own."""


async def up_demo(folder: Path, port: int, *, stream: bool, overrides: Settings) -> None:
    """A whole province on this machine: the bus with simulators of its partners and, with `stream`, dossiers coming in.

    Where the simulators are served, for their fault panels and books, stands in `simulators.json` in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    simulators = await simulate.serve(simulate.SIMULATORS, folder)
    urls = {name: served.url for name, served in simulators.items()}
    (folder / "simulators.json").write_text(json.dumps(urls, indent=1))
    key, digest = new_key()
    settings = demo_settings(folder, port, urls, _citizens_client(urls["dossier_system"], digest), overrides)
    tail, parts = demo.Tail(), {name: served.app.state.simulator for name, served in simulators.items()}
    moody = {
        name: part for name, part in parts.items() if discover()[name].operations
    }  # the others' callers are waiting

    async def around(house: House, url: str, stopped: asyncio.Event) -> None:
        house.on_event.append(tail.came_in)
        house.on_outcome.append(tail.went_out)
        for part in parts.values():
            part.meet_bus(url)
        citizens: Citizens = parts["dossier_system"].citizens
        citizens.bus, citizens.home = Bus(url, DEMO_CLIENT, key), urls["dossier_system"]
        jobs = [demo.show(house.ledger, tail, url, citizens.home + HOME, stopped, Console())]
        if stream:
            jobs.append(demo.stream(house.intake, folder / "stream.position", sample.stream, stopped))
            posted = demo.stream(
                house.intake, folder / "documents.position", documents, stopped, pace_s=demo.DOCUMENTS_S
            )
            jobs.append(posted)
            jobs.append(demo.settle(house.intake, house.on_outcome, stopped))
            jobs.append(demo.filers(parts["national_portal"], stopped))
            jobs.append(demo.quality(parts["electronic_iso"], stopped))
            jobs.append(demo.weather(moody, stopped))
            asked = [
                (name, house.partners[name].lookup(what), question)
                for name in house.lookups
                for what, question in simulate.questions(name)
            ]
            jobs.append(demo.callers(house.lookups, asked, tail, stopped))
            jobs.append(demo.citizens(citizens.home, tail, stopped))
        await asyncio.gather(*jobs)

    try:
        await bus(settings, anonymous=True, around=around)
    finally:
        await simulate.stop(simulators.values())


def _citizens_client(url: str, digest: str) -> dict[str, Any]:
    """`[clients]` of the demo: the dossier system, whose page lets citizens sign in."""
    return {DEMO_CLIENT: {"key_sha256": digest, "scopes": ["sign_in"], "return_to": [url + BACK, url + HOME]}}


def demo_settings(
    folder: Path,
    port: int,
    urls: Mapping[str, str],
    clients: Mapping[str, Any],
    overrides: Settings,
    partners: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Settings of the demo: everything on loopback and under `folder`, the simulators' invented credentials; more of some `partners`."""
    keys = folder / "keys.json"
    if not keys.exists():
        descriptor = os.open(keys, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(Keyring.generate())
    chosen = overrides.model_dump(exclude_unset=True)
    own: dict[str, Any] = {
        "ledger": {"url": f"sqlite:///{folder}/ledger.db"},
        "keys": {"file": str(keys)},
        "telemetry": {"log_file": str(folder / "bus.log")},
        "codes": {"folder": str(folder / "codes")},
        "causes": {"file": str(folder / "causes.csv")},
        "http": {"host": "127.0.0.1", "port": port},
        "sign_in": {"starts_per_s": 100.0},  # the whole province comes from one address here
        "attachments": {
            "hosts": [FILE_HOST],
            "inside": {FILE_HOST: urls["dossier_system"]},
            "trusted": str(TRUSTED),
        },
        "clients": clients,
        "partners": {
            name: {"base_url": url, **simulate.demo_settings(name), **(partners or {}).get(name, {})}
            for name, url in urls.items()
        },
    }
    merged = _merge(own, {name: value for name, value in chosen.items() if name in DEMO_CHOICES})
    return Settings(**json.loads(json.dumps(merged, default=str)))


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return base | {
        name: _merge(base.get(name, {}), value) if isinstance(value, dict) else value for name, value in over.items()
    }
