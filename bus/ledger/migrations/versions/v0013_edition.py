"""The tables of editions and saved views."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0013", op.get_bind().dialect.name):
        op.execute(statement)
