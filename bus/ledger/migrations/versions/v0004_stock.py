"""Numbers partners gave us beforehand."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    for statement in statements("0004", op.get_bind().dialect.name):
        op.execute(statement)
