"""Fill a ledger with deliveries that wait, fast, by plain SQL through the ledger's own connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bus.ledger.book import event_record, idempotency_key
from bus.ledger.database import Database, Row
from bus.seal import Keyring
from contracts.envelope import Envelope

SOURCE = "urn:lienthong:bench"
ROWS = 5000


@dataclass(frozen=True)
class Shape:
    """`lanes` lanes of `depth` deliveries each, their heads due `due_in_s` from now."""

    lanes: int
    depth: int
    due_in_s: float = -1.0


def fill(database: Database, keys: Keyring, shape: Shape, now: float, template: Envelope) -> None:
    """Write the shape: events, deliveries and lanes, and the tally that goes with them."""
    total = shape.lanes * shape.depth
    for query, rows in (
        ("insert_event", _events(database, keys, shape, now, template)),
        ("insert_delivery", _deliveries(database, shape, now)),
        ("upsert_lane", _lanes(database, shape, now)),
    ):
        while page := list(islice(rows, ROWS)):
            database.begin()
            if query == "upsert_lane":
                database.many_rows(query, page)
            else:
                database.many(query, page)
            database.commit()
    database.begin()
    counts = {("plain", "pending", ""): total, ("plain", "owed", ""): total, ("", "event", ""): total}
    database.many(
        "add_tally",
        [(*place, "seed", n) for place, n in counts.items()],
    )
    database.commit()


def _dossier(lane: int) -> str:
    return f"000.00.17.H59-260105-{lane + 1:07d}"


def _places(shape: Shape) -> Iterator[tuple[int, int, int]]:
    """(event number, lane, number in the lane)."""
    for index in range(shape.lanes * shape.depth):
        yield index + 1, index // shape.depth, index % shape.depth + 1


def _events(database: Database, keys: Keyring, shape: Shape, now: float, template: Envelope) -> Iterator[Row]:
    body = template.to_json()
    for event, lane, number in _places(shape):
        event_id = f"{_dossier(lane)}/{number}"
        yield (
            *(
                event,
                SOURCE,
                event_id,
                template.type,
                _dossier(lane),
                number,
                1,
                now,
                now,
                "seed",
                "",
                event_id,
                "",
                "",
            ),
            *(b"\0" * 32, keys.seal(body, event_record(SOURCE, event_id))),
        )


def _deliveries(database: Database, shape: Shape, now: float) -> Iterator[Row]:
    for event, lane, number in _places(shape):
        event_id = f"{_dossier(lane)}/{number}"
        key = idempotency_key(SOURCE, event_id, "plain", "put")
        yield (
            *(event, lane + 1, number, event, "plain", _dossier(lane), "put", 0, 1, key, "pending", "", 1),
            *(now + shape.due_in_s, now, now),
        )


def _lanes(database: Database, shape: Shape, now: float) -> Iterator[Row]:
    for lane in range(shape.lanes):
        yield lane + 1, "plain", _dossier(lane), shape.depth, lane * shape.depth + 1, 1, now + shape.due_in_s
