"""Sign-in: brief things, accounts by their keys, a line for each sign-in."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    for statement in statements("0003", op.get_bind().dialect.name):
        op.execute(statement)
