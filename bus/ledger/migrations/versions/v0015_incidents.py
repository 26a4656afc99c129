"""The tables of incidents, notices and readings."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0015", op.get_bind().dialect.name):
        op.execute(statement)
