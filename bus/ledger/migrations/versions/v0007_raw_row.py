"""Rows that could not be read, each once."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns and the index."""
    for statement in statements("0007", op.get_bind().dialect.name):
        op.execute(statement)
