"""Ledgers nobody has worked on yet: the steps of the schema are taken once in a process, and then copied. And how to wait for one."""

from __future__ import annotations

import asyncio
import tempfile
from functools import cache
from pathlib import Path

from bus.ledger import schema
from bus.ledger.ledger import Ledger
from bus.ledger.words import Filter, State


def new_ledger(folder: Path) -> str:
    """The address of the SQLite ledger in a folder; made there when it is not."""
    file = folder / "ledger.db"
    if not file.exists():
        file.write_bytes(_model())
    return f"{schema.SQLITE}{file}"


@cache
def _model() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        schema.upgrade(f"{schema.SQLITE}{file}")
        return file.read_bytes()


async def all_settled(ledger: Ledger) -> None:
    """Wait until everything that is owed was delivered or needs it no more. Raises TimeoutError."""
    for _ in range(400):
        views, _ = await ledger.deliveries(Filter(), limit=1000)
        left = [(view.operation, view.state) for view in views if view.state not in (State.DELIVERED, State.SUPERSEDED)]
        if views and not left:
            return
        await asyncio.sleep(0.025)
    raise TimeoutError(left)
