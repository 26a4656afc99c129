"""Events, lanes, deliveries, attempts and what goes with them."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0001", op.get_bind().dialect.name):
        op.execute(statement)
