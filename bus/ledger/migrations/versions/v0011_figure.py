"""The counters of what dossiers add up to."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0011", op.get_bind().dialect.name):
        op.execute(statement)
