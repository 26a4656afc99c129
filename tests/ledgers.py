"""Ledgers nobody has worked on yet: the steps of the schema are taken once in a process, and then copied."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from bus.ledger import schema


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
