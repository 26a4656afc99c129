"""`lienthong up --training`: a province in trouble on this machine, with a tour through it on the console's training page."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bus.clock import TrainingClock
from ops import simulate
from ops.certificates import Authority
from ops.house import House
from ops.settings import Settings
from ops.training import ISO, PAYMENT, PORTAL, Training, Unfit, begin_anew, opens_at, own_ledger
from ops.training_morning import Morning
from ops.up import StartError, bus
from ops.up_demo import demo_settings

LONG_S = 4 * 3600.0
"""How seldom the platform is asked about orders here: the lost notice is not made up for before the officer looks."""
EARLY_S = 3.5 * 3600.0
"""How long before the officer begins the bus does."""


async def up_training(folder: Path, port: int, *, overrides: Settings) -> None:
    """Serve a training in `folder`, made anew, until told to stop. Raises StartError where it would touch anything else."""
    try:
        if "ledger" in overrides.model_fields_set:
            own_ledger(overrides.ledger.url, folder)
        begin_anew(folder)
    except Unfit as unfit:
        raise StartError(str(unfit)) from None
    authority = Authority(folder)
    partners = await simulate.serve(simulate.SIMULATORS, folder, tls={ISO: authority.certificate(expired=False)})
    begins = opens_at(datetime.now(UTC))
    training = Training(TrainingClock(begins - EARLY_S), begins, authority, partners)
    urls = {name: served.url for name, served in partners.items()}
    partners[PAYMENT].app.state.simulator.pays_after_s = None  # nobody pays but the citizen of the story
    own: dict[str, dict[str, Any]] = {
        PORTAL: {"breaker": {"cap_s": 10.0}},
        ISO: {"ca_file": str(authority.ca_file)},
        PAYMENT: {"asks_first_s": LONG_S, "asks_at_least_every_s": LONG_S},
    }
    settings = demo_settings(folder, port, urls, {}, overrides, own)

    async def around(house: House, url: str, stopped: asyncio.Event) -> None:
        for served in partners.values():
            part = served.app.state.simulator
            part.now = training.clock.now
            part.meet_bus(url)
        print(f"The morning is being lived through; the console opens at {url}/console/training", flush=True)
        await Morning(house, training).live()
        print(f"Ready, it is ten o'clock: {url}/console/ (stop with Ctrl-C)", flush=True)

    try:
        await bus(settings, anonymous=True, training=training, around=around)
    finally:
        await simulate.stop(training.partners.values())
