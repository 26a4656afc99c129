"""What time takes away: contents, rows dealt with, the head of the chain."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns and the table."""
    for statement in statements("0010", op.get_bind().dialect.name):
        op.execute(statement)
