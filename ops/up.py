"""Run the bus: everything in one process group (`up`), or its parts (`serve`, `work`) until a signal says stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any

import uvloop

from adapters import discover
from adapters.receiver import Receiver
from adapters.transport.amqp import AmqpIntake
from bus.adapter import Partner
from bus.intake import Route
from contracts.envelope import Envelope, parse, sent
from contracts.fault import Refusal
from ops import simulate, telemetry
from ops.gateway import application
from ops.house import House
from ops.people import FIRST
from ops.settings import Settings
from ops.training import Training, marked


class StartError(Exception):
    """The bus cannot start; one sentence."""


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine on uvloop; what we write is ours alone (umask 077)."""
    os.umask(0o077)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def receivers(partners: Collection[str]) -> dict[str, tuple[Receiver, ...]]:
    """The addresses partners call, from their rooms."""
    import importlib

    rooms = {name: importlib.import_module(f"adapters.{name}") for name in partners if name in discover()}
    return {name: room.RECEIVERS for name, room in rooms.items() if hasattr(room, "RECEIVERS")}


async def bus(
    settings: Settings,
    *,
    serve: bool = True,
    work: Collection[str] | None = None,
    partners: Mapping[str, Partner] | None = None,
    route: Route | None = None,
    anonymous: bool = False,
    training: Training | None = None,
    around: Callable[[House, str, asyncio.Event], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Start, run until SIGTERM or SIGINT, drain, end. `around` runs beside it (the demo's stream and screen).

    Raises StartError, also for the ledger of a training unless this is one.
    """
    if training is None and marked(settings.ledger.url):
        raise StartError(f"{settings.ledger.url} is the ledger of a training; a real bus never works on one")
    bound = None
    if serve:
        try:
            bound = simulate.bind(settings.http.host, settings.http.port)
        except OSError as error:
            raise StartError(
                f"port {settings.http.port} on {settings.http.host} cannot be used ({error.strerror}); "
                "choose another with --port or [http] port"
            ) from None
    telemetry.start(settings.telemetry)
    house = House(
        settings,
        partners=partners,
        route=route,
        work=work,
        receivers=receivers(partners or discover()),
        clock=training.clock if training else None,
    )
    house.training = training
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if bound is not None and not settings.http.port and not settings.http.public_url:
        house.public_url = f"http://{settings.http.host}:{bound.getsockname()[1]}"  # port 0: any that is free
    await house.start()
    if serve and not anonymous and (word := await house.people.first()):
        print(f"The first administrator of the console: {FIRST}, one-time password {word} (shown once)", flush=True)
    served = None
    if bound is not None:
        tls = {"ssl_certfile": settings.http.tls_certificate, "ssl_keyfile": settings.http.tls_key}
        app = application(house, anonymous=anonymous)
        served = simulate.Served(app, bound, **{k: v for k, v in tls.items() if v})
        await served.started()
    intake = (
        AmqpIntake(settings.broker.url, partial(take_from_queue, house)) if settings.intake.amqp and serve else None
    )
    if intake is not None:
        intake.start()
    url = served.url if served else ""
    beside = house.sides.start("beside", around(house, url, stopped)) if around else None
    try:
        await stopped.wait()
    finally:
        house.open = False
        if intake is not None:
            await intake.stop()
        if beside is not None:
            await asyncio.gather(beside, return_exceptions=True)
        await house.stop()
        if served is not None:
            await served.stop()


async def take_from_queue(house: House, bodies: list[bytes]) -> list[dict[str, Any]]:
    """Events from the AMQP queue, through the one front door."""
    events: list[Envelope | Refusal] = []
    for body in bodies:
        try:
            events.append(sent(parse(body)))
        except Refusal as refusal:
            events.append(refusal)
    return await house.intake.accept(events, client="amqp")
