"""What pollers keep of their partners."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    for statement in statements("0002", op.get_bind().dialect.name):
        op.execute(statement)
