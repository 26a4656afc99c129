"""Indices and triggers of trouble in words that are quick to say no."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make them anew."""
    for statement in statements("0018", op.get_bind().dialect.name):
        op.execute(statement)
