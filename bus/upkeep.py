"""The bus's own loops, which deliveries wait for: begun again when they fail, and not left to whoever starts the process anew."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import structlog

log = structlog.get_logger("bus.upkeep")

PAUSE_S = 5.0
"""Between a failure and the next beginning."""
CALM_S = 60.0
"""A loop that has gone on for so long since its last failure is well again."""


class _Trouble(NamedTuple):
    """Failures that follow each other: when the first and the last of them came, on the monotonic clock."""

    first: float
    last: float

    @property
    def over(self) -> bool:
        return time.monotonic() - self.last >= CALM_S


class Upkeep:
    """The loops of one process, and which of them are failing."""

    def __init__(self) -> None:
        self._troubles: dict[str, _Trouble] = {}

    async def keep(self, part: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run` until it returns. What it raises is a fault of ours: logged under the name of the `part`, and `run` begins again."""
        while True:
            try:
                await run()
                return
            except Exception as error:
                log.error("a part failed and begins again", part=part, error=type(error).__name__, at=_place(error))
                self._failed(part)
                await asyncio.sleep(PAUSE_S)

    def failing(self) -> dict[str, float]:
        """The parts that have failed and are not well again, and for how many seconds each has been so."""
        now = time.monotonic()
        return {part: now - trouble.first for part, trouble in self._troubles.items() if not trouble.over}

    def _failed(self, part: str) -> None:
        now, before = time.monotonic(), self._troubles.get(part)
        self._troubles[part] = _Trouble(now if before is None or before.over else before.first, now)


def _place(error: Exception) -> str:
    """Where it was raised, without its words, which may repeat what no log may hold."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
