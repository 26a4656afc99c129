"""When to look at dossiers for expected steps, and the steps that are raised; what is under way is looked at soon."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0009", op.get_bind().dialect.name):
        op.execute(statement)
