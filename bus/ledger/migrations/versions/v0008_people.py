"""The tables of people and their sessions."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0008", op.get_bind().dialect.name):
        op.execute(statement)
