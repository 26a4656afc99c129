"""What the measurements share: a line of the table, a fast partner, a fresh ledger, a loop."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import uvloop

from tests.servers import Postgres, free_port, wait_for_port

Answer = TypeVar("Answer")


class Line(NamedTuple):
    """One figure: what, its value, the least (or most) it must reach, and the goal."""

    what: str
    value: str
    must: str
    goal: str
    holds: bool | None


def ratio(what: str, value: float, must: float, goal: float) -> Line:
    return Line(what, f"{value:.2f}", f"≥ {must:g}", f"{goal:g}", value >= must)


def most(what: str, value: float, must: float, unit: str, goal: str = "") -> Line:
    return Line(what, f"{value:.2f} {unit}", f"≤ {must:.3g} {unit}", goal, value <= must)


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop).run(work)


@contextlib.contextmanager
def loopback(delay_s: float = 0.0) -> Iterator[str]:
    """The partner that costs nothing, in a process of its own; its address."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "ops.bench.loopback", str(port), str(delay_s)]) as process:
        try:
            wait_for_port(port, 10)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def fresh(postgres: Postgres | None) -> tuple[Path, str]:
    """A folder of its own, and the URL of a new ledger in it or on the server."""
    folder = Path(tempfile.mkdtemp(prefix="lienthong-bench-"))
    return folder, postgres.new_database() if postgres else f"sqlite:///{folder}/ledger.db"
