"""Look-ups: who asked about whom, and for what purpose."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0005", op.get_bind().dialect.name):
        op.execute(statement)
