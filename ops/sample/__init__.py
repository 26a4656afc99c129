"""Realistic, invented, seeded events of a province's dossier system: `lienthong sample` and the stream of the demo.

The same arguments give the same events, byte for byte. Nothing here reads a clock. People and agency ids are invented; procedures,
places and statuses are real, as they stood on the day of the event.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from contracts.envelope import Envelope, judge
from mappings.convert import VIETNAM
from ops.sample.catalogue import Catalogue
from ops.sample.journey import JOURNEYS, Life, stretched

SOURCE = "urn:lienthong:dossier-system"
WINDOW = timedelta(days=10)
"""All dossiers of a sample arrive within this time; the younger ones have only begun when the sample ends."""
FIRST_DAY = date(2026, 7, 1)
YEARS = range(2000, 2100)
"""A dossier's code has two digits for its year."""
BLOCK_EVENTS, BLOCK_DOSSIERS = 60, 10
"""The stream is made of blocks, each a small sample with every journey and all ten statuses, so that it can go on from any index."""


def generate(events: int, dossiers: int, seed: int, start: date = FIRST_DAY) -> Iterator[Envelope]:
    """Exactly `events` events about at most `dossiers` dossiers, in the order of their times, from the day `start`.

    Sequences are gapless from 1 for each dossier. Samples with other arguments speak of other dossiers. Raises ValueError
    for numbers or a day that make no sample, before the first event.
    """
    if events < 0 or not 1 <= dossiers < 10**9:
        raise ValueError("a sample has 0 events or more, over 1 to 999,999,999 dossiers")
    if start.year not in YEARS:
        raise ValueError(f"a sample begins in a year from {YEARS.start} to {YEARS.stop - 1}")
    width = max(4, len(str(dossiers)))
    digits = min(5, 10 - width)
    mark = crc32(f"{events}/{dossiers}/{seed}/{start}".encode()) % 10**digits
    numbers = (f"{mark:0{digits}}{place:0{width}}" for place in range(1, dossiers + 1))
    return _sample(events, dossiers, f"{seed}", start, numbers)


def stream(
    index: int = 0, seed: int = 84, start: date = FIRST_DAY, catalogue: Catalogue | None = None
) -> Iterator[Envelope]:
    """Events without end, from the `index`-th on; whoever asks for the next one sets the pace.

    With a `catalogue`, lives that any procedure may have are lives of procedures drawn from it.
    """
    block, skip = divmod(index, BLOCK_EVENTS)
    while True:
        first = block * BLOCK_DOSSIERS + 1
        numbers = (f"{number:04}" for number in range(first, first + BLOCK_DOSSIERS))
        day = start + timedelta(days=block % 365)
        for envelope in _sample(BLOCK_EVENTS, BLOCK_DOSSIERS, f"{seed}/{block}", day, numbers, catalogue):
            if skip:
                skip -= 1
            else:
                yield envelope
        block += 1


def _sample(
    events: int,
    dossiers: int,
    seed: str,
    start: date,
    numbers: Iterator[str],
    catalogue: Catalogue | None = None,
) -> Iterator[Envelope]:
    """Lives merged by time. A life is begun only when its turn comes: memory grows with the dossiers under way, not with all."""
    lengths = _lengths(events, dossiers)
    opens_at = datetime.combine(start, time(7), VIETNAM)
    gap = WINDOW / max(1, len(lengths))
    under_way: list[tuple[datetime, int, Life]] = []
    for place, length in enumerate(lengths):
        arrives_at = opens_at + gap * place
        while under_way and under_way[0][0] < arrives_at:
            yield _next_event(under_way)
        journey = JOURNEYS[place % len(JOURNEYS)]
        life = Life(f"{seed}/{start}/{place}", journey, length, next(numbers), arrives_at, catalogue)
        heapq.heappush(under_way, (life.next_at, place, life))
    while under_way:
        yield _next_event(under_way)


def _next_event(under_way: list[tuple[datetime, int, Life]]) -> Envelope:
    _, place, life = under_way[0]
    event_type, at, data = life.advance()
    code = data["dossier"]["code"]
    envelope = judge(
        {
            "specversion": "1.0",
            "id": str(uuid5(NAMESPACE_URL, f"{SOURCE}/{code}/{life.sequence}")),
            "source": SOURCE,
            "type": event_type,
            "subject": code,
            "time": at.isoformat(),
            "sequence": life.sequence,
            "datacontenttype": "application/json",
            "data": data,
        }
    )
    if life.over:
        heapq.heappop(under_way)
    else:
        heapq.heapreplace(under_way, (life.next_at, place, life))
    return envelope


def _lengths(events: int, dossiers: int) -> list[int]:
    """How many events each dossier has: whole lives first, the youngest cut short; with events to spare, longer processing."""
    count = min(events, dossiers)
    journeys = [JOURNEYS[place % len(JOURNEYS)] for place in range(count)]
    natural = [len(journey.steps) for journey in journeys]
    spare = events - sum(natural)
    if spare <= 0:
        return _cut(natural, events)
    patient = [place for place, journey in enumerate(journeys) if stretched(journey, 1) is not None]
    share, rest = divmod(spare, max(1, len(patient)))
    for rank, place in enumerate(patient):
        natural[place] += share + (rank < rest)
    return natural


def _cut(natural: list[int], events: int) -> list[int]:
    lengths = []
    for place, length in enumerate(natural):
        younger = len(natural) - place - 1
        lengths.append(min(length, events - younger))
        events -= lengths[-1]
    return lengths
