"""Indices of trouble in the order of the lists."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the indices."""
    for statement in statements("0017", op.get_bind().dialect.name):
        op.execute(statement)
