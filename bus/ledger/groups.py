"""What the writer does with a group of requests of one kind: all of them in one set, the answers dealt back to their callers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from bus.ledger.accept import accept
from bus.ledger.book import Book
from bus.ledger.claim import claim
from bus.ledger.record import Told, record
from bus.ledger.words import Arrival, Claim, Claimed, PartnerChange, Recorded, Verdict


def accept_all(book: Book, requests: list[Sequence[Arrival]]) -> list[list[Verdict]]:
    """All arrivals of the group in one set, their verdicts dealt back to their callers."""
    verdicts = iter(accept(book, [arrival for arrivals in requests for arrival in arrivals]))
    return [list(islice(verdicts, len(arrivals))) for arrivals in requests]


def claim_all(book: Book, requests: list[Claim]) -> list[Claimed]:
    return [claim(book, asked) for asked in requests]


def record_all(book: Book, requests: list[tuple[Sequence[Told], Sequence[PartnerChange]]]) -> list[Recorded]:
    """All results of the group in one set. Two of one delivery in a group are recorded one after the other."""
    told = [one for told, _ in requests for one in told]
    changes = [change for _, changes in requests for change in changes]
    if len({one.result.job.delivery for one in told}) < len(told):
        return [record_all(book, [request])[0] for request in requests]
    counted = iter(record(book, told, changes))
    ready = tuple(sorted(book.ready))
    return [Recorded(tuple(islice(counted, len(told))), ready) for told, _ in requests]


def each(book: Book, requests: list[Callable[[Book], Any]]) -> list[Any]:
    return [work(book) for work in requests]
