"""Fill a ledger with deliveries that wait, fast, by plain SQL through the ledger's own connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bus.ledger.book import event_record, idempotency_key
from bus.ledger.database import Database
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
        [{"partner": p, "state": s, "cause": c, "process": "seed", "n": n} for (p, s, c), n in counts.items()],
    )
    database.commit()


def _dossier(lane: int) -> str:
    return f"000.00.17.H59-260105-{lane + 1:07d}"


def _places(shape: Shape) -> Iterator[tuple[int, int, int]]:
    """(event number, lane, number in the lane)."""
    for index in range(shape.lanes * shape.depth):
        yield index + 1, index // shape.depth, index % shape.depth + 1


def _events(
    database: Database, keys: Keyring, shape: Shape, now: float, template: Envelope
) -> Iterator[dict[str, Any]]:
    body = template.to_json()
    for event, lane, number in _places(shape):
        event_id = f"{_dossier(lane)}/{number}"
        yield {
            "id": event,
            "source": SOURCE,
            "event_id": event_id,
            "type": template.type,
            "dossier": _dossier(lane),
            "sequence": number,
            "entered": 1,
            "occurred_at": now,
            "accepted_at": now,
            "client": "seed",
            "flags": "",
            "correlation_id": event_id,
            "causation_id": "",
            "traceparent": "",
            "digest": b"\0" * 32,
            "body": keys.seal(body, event_record(SOURCE, event_id)),
        }


def _deliveries(database: Database, shape: Shape, now: float) -> Iterator[dict[str, Any]]:
    for event, lane, number in _places(shape):
        event_id = f"{_dossier(lane)}/{number}"
        yield {
            "id": event,
            "lane": lane + 1,
            "number": number,
            "event": event,
            "partner": "plain",
            "dossier": _dossier(lane),
            "operation": "put",
            "full_state": 0,
            "priority": 1,
            "key": idempotency_key(SOURCE, event_id, "plain", "put"),
            "state": "pending",
            "cause": "",
            "holds": 1,
            "due_at": now + shape.due_in_s,
            "now": now,
        }


def _lanes(database: Database, shape: Shape, now: float) -> Iterator[dict[str, Any]]:
    for lane in range(shape.lanes):
        yield {
            "id": lane + 1,
            "partner": "plain",
            "dossier": _dossier(lane),
            "k": shape.depth,
            "head": lane * shape.depth + 1,
            "priority": 1,
            "now": now + shape.due_in_s,
        }
