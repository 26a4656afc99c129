"""A call by itself: what may have killed its worker twice runs while nothing else does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(eq=False)
class Quarantine:
    """A delivery open at two deaths of its worker runs alone, so that a third death names the guilty one and no neighbour."""

    in_flight: int = 0
    alone: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_open(self) -> None:
        """Wait while somebody runs alone."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.alone)

    async def enter_alone(self) -> None:
        """Take the right to run alone (once it is free) and wait until all other calls have ended."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.alone)
            self.alone = True
            await self._changed.wait_for(lambda: self.in_flight == 0)

    async def leave_alone(self) -> None:
        async with self._changed:
            self.alone = False
            self._changed.notify_all()

    def begin(self) -> None:
        self.in_flight += 1

    async def end(self) -> None:
        self.in_flight -= 1
        if self.alone and self.in_flight == 0:
            async with self._changed:
                self._changed.notify_all()
