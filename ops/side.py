"""What runs beside the bus's own work until it stops: watches, duties, the demo's stream. One that dies of an exception is told of."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger("ops.side")


class Sides:
    """The tasks of one process. `fallen`: which have died, and of what; what an exception says stays untold, it may name somebody."""

    def __init__(self) -> None:
        self.fallen: dict[str, str] = {}

    def start(self, name: str, run: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin it; should it die, that is in the log at once, and in `fallen` until the process ends."""
        task = asyncio.create_task(run, name=name)
        task.add_done_callback(partial(self._ended, name))
        return task

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:]]
        self.fallen[name] = type(error).__name__
        log.error("a side task has died", task=name, error=type(error).__name__, where=" > ".join(places))
