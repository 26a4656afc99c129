"""Trouble counted by cause, search keys, and the indices of the lists; what is in the ledger already is counted at once."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0016", op.get_bind().dialect.name):
        op.execute(statement)
