"""The bus's own loops, which deliveries wait for: begun again when they fail, and not left to whoever starts the process anew."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

log = structlog.get_logger("bus.upkeep")

PAUSE_S = 5.0
"""Between a failure and the next beginning."""


async def keep_up(part: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run `run` until it returns. What it raises is a fault of ours: logged under the name of the `part`, and `run` begins again."""
    while True:
        try:
            await run()
            return
        except Exception as error:
            log.error("a part failed and begins again", part=part, error=type(error).__name__, at=_place(error))
            await asyncio.sleep(PAUSE_S)


def _place(error: Exception) -> str:
    """Where it was raised, without its words, which may repeat what no log may hold."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
