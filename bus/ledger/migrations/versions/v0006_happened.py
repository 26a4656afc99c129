"""An index of what came from partners, by type and time."""

from __future__ import annotations

from alembic import op

from bus.ledger.migrations import statements

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the index."""
    for statement in statements("0006", op.get_bind().dialect.name):
        op.execute(statement)
