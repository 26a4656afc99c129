"""The tables of bulk actions."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0012", op.get_bind().dialect.name):
        op.execute(statement)
