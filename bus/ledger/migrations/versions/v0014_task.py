"""The tables of bulk actions."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0014", op.get_bind().dialect.name):
        op.execute(statement)
