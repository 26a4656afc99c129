"""Tables as files for spreadsheets: CSV that opens in Vietnamese as in English, and in which no cell is ever taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a text begins that a spreadsheet would work out (reliability S18)."""
Cell = str | float | None


def csv_of(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark, as spreadsheets want it; lines end as RFC 4180 says.

    >>> csv_of(["name", "n"], [["=1+1", -2.5], [None, 3]]).decode("utf-8-sig")
    "name,n\\r\\n'=1+1,-2.5\\r\\n,3\\r\\n"
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_safe(cell) for cell in head])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: Cell) -> Cell:
    """A text that would be worked out is marked as text; numbers are numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
