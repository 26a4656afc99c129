"""The dossier's life cycle: which change of status is usual. An unusual one is flagged, never dropped (domain notes, 4)."""

from __future__ import annotations

USUAL: dict[int, frozenset[int]] = {
    1: frozenset({2, 3, 5, 6, 7}),
    2: frozenset({4, 3, 5, 6, 7, 8, 9}),
    3: frozenset({1, 5, 10}),
    4: frozenset({4, 5, 6, 7, 8, 9, 3}),
    5: frozenset({2, 4, 7, 8, 3}),
    6: frozenset({2, 4, 7, 8}),
    7: frozenset(),
    8: frozenset({4, 3, 9, 10}),
    9: frozenset({10, 4}),
    10: frozenset(),
}
"""From each status the usual next ones; a counter dossier starts at 2. 7 and 10 are final. Assumed: practice, not regulation."""


def flag(before: int | None, after: int) -> str:
    """A short flag for an unusual transition (`unusual:10>4`), empty for a usual one.

    >>> flag(2, 4)
    ''
    >>> flag(10, 4)
    'unusual:10>4'
    """
    if before is None:
        return "" if after in (1, 2) else f"unusual:new>{after}"
    return "" if after in USUAL[before] or before == after else f"unusual:{before}>{after}"
