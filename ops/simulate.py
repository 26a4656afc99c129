"""Serve the partners' simulators on loopback, each on a port of its own, inside this process."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from adapters import discover

SIMULATORS = tuple(discover())
"""Every partner has one."""


IDLE_S = 75
"""How long an idle connection stays, as usual gateways have it: one closed under a request leaves its outcome unknown."""


class QuietServer(uvicorn.Server):
    """A uvicorn server that leaves signals to us and says when it has begun."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class Served:
    """A web app at work on a socket; `stop` ends it."""

    def __init__(self, app: Starlette, bound: socket.socket, **tls: Any) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=5,
            server_header=False,
            **tls,
        )
        self.app = app
        self._server = QuietServer(config)
        host, port = bound.getsockname()[:2]
        self.url = f"{'https' if tls else 'http'}://{host}:{port}"
        self._task = asyncio.create_task(self._server.serve(sockets=[bound]))

    async def started(self) -> None:
        """Return once the socket is served."""
        await self._server.began.wait()

    async def stop(self) -> None:
        self._server.should_exit = True
        await asyncio.gather(self._task, return_exceptions=True)


def application(name: str, book: Path | None) -> Starlette:
    """The simulator of a partner, with its book. Raises LookupError for an unknown name."""
    if name not in SIMULATORS:
        raise LookupError(f"there is no simulator of {name}; there are {', '.join(SIMULATORS)}")
    app: Starlette = _room(name).application(book)
    return app


def demo_settings(name: str) -> dict[str, Any]:
    """`[partners.NAME]` of the demo but for its address: what its simulator expects of us."""
    settings: dict[str, Any] = _room(name).DEMO
    return settings


def questions(name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What the demo's callers look up at a partner: look-up and question; none where its simulator names none."""
    asked: tuple[tuple[str, dict[str, Any]], ...] = getattr(_room(name), "QUESTIONS", ())
    return asked


def _room(name: str) -> ModuleType:
    return importlib.import_module(f"adapters.{name}.simulator")


async def serve(
    names: Iterable[str], folder: Path | None, first_port: int = 0, tls: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Served]:
    """Start simulators; their books, and where each is served, are kept in `folder`. `tls`: uvicorn's certificate and key of some.

    Raises LookupError for an unknown name, OSError for a taken port.
    """
    running: dict[str, Served] = {}
    for place, name in enumerate(names):
        app = application(name, None if folder is None else folder / f"{name}.jsonl")
        bound = bind("127.0.0.1", first_port + place if first_port else 0)
        running[name] = Served(app, bound, **(tls or {}).get(name, {}))
        await running[name].started()
        if folder is not None:
            (folder / f"{name}.url").write_text(running[name].url + "\n", encoding="utf-8")
    return running


async def stop(running: Iterable[Served]) -> None:
    """End simulators, all at once."""
    await asyncio.gather(*(served.stop() for served in running))
