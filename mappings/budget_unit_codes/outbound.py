"""What the ministry is told: that we have seen a dossier in a state."""

from __future__ import annotations

from typing import Any

from contracts.budget_unit_codes import STATES
from contracts.budget_unit_codes.messages import XacNhan
from contracts.canonical.budget import BudgetDossierEvent
from mappings.convert import choice
from mappings.table import build, row, table

DOC = "MSĐVQHNS, đề xuất 3.6"

SEEN = table(
    row("btc_code", "maHoSoBTC", source=DOC, required=True),
    row("state", "trangThai", choice({word: number for number, word in STATES.items()}), source=DOC, required=True),
    of=BudgetDossierEvent,
    to=XacNhan,
)


def request(message: Any) -> dict[str, Any]:
    """The body of `xacNhan`. Raises Unmappable."""
    return build(SEEN, message)
