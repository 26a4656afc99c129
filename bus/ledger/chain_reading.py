"""The chain as it is read: whole, or a piece at a time beside other work. Pure SQL over a reading connection's `rows`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from bus.ledger import chain
from bus.ledger.chain import Start
from bus.ledger.database import Row, Rows
from bus.seal import Keyring

PIECE = 20_000
"""Entries followed at once beside other work."""
Ask = Callable[[str, Mapping[str, Any]], Rows]
MOVED = "where the chain begins was changed"


def whole(keys: Keyring, ask: Ask) -> tuple[int, str]:
    """How many entries verify from the start, and the first bad one in words (empty: none)."""
    while True:
        told = ask("chain_start", {})
        start = chain.began(keys, told)
        if start is None:
            return 0, MOVED
        good, bad = chain.verify(keys, _links(ask, start.number), start)
        if not bad or ask("chain_start", {}) == told:  # else it was shortened while we looked
            break
    if not bad and (alien := ask("unlinked", {})[0][0]) is not None:
        bad = f"journal row {alien} stands before the chain's end and is not in it"
    return good - start.number, bad


def piece(keys: Keyring, ask: Ask, start: Start) -> tuple[Start, str]:
    """From behind `start`, or where the chain begins by now: the last entry that verifies, and the first bad one in words."""
    told = ask("chain_start", {})
    begun = chain.began(keys, told)
    if begun is None:
        return start, MOVED
    start = max(start, begun)
    rows = list(islice(_links(ask, start.number), PIECE))
    good, bad = chain.verify(keys, rows, start)
    if bad and ask("chain_start", {}) != told:  # it was shortened while we looked
        return start, ""
    return (Start(good, bytes(rows[good - start.number - 1][1])) if good > start.number else start), bad


def _links(ask: Ask, after: int) -> Iterator[Row]:
    while rows := ask("journal", {"after": after}):
        yield from rows
        after = rows[-1][0]
