"""Small builders for tests: a valid event, a claimed job."""

from __future__ import annotations

from typing import Any

from bus.adapter import Job
from contracts.envelope import Envelope

SOURCE = "urn:lienthong:dossier-system"
DOSSIER = "000.00.17.H59-230425-0001"


def an_envelope(number: int = 1, *, dossier: str = DOSSIER, **changes: Any) -> Envelope:
    """A well-formed envelope; its data is only looked at by those who care."""
    return Envelope.model_validate(
        {
            "specversion": "1.0",
            "id": f"{dossier}/{number}",
            "source": SOURCE,
            "type": "vn.lienthong.dossier.status_changed.v1",
            "subject": dossier,
            "time": "2023-04-25T02:30:00Z",
            "sequence": number,
            "datacontenttype": "application/json",
            "data": {"number": number},
            **changes,
        }
    )


def a_job(number: int = 1, *, accepted_at: float = 1_700_000_000.0, **changes: Any) -> Job:
    """A first attempt to send, of one operation `put` owed to partner `plain`."""
    fields: dict[str, Any] = {
        "delivery": number,
        "attempt": 1,
        "lane": 1,
        "partner": "plain",
        "operation": "put",
        "step": "send",
        "dossier": DOSSIER,
        "number": number,
        "key": f"key-{number}",
        "envelope": an_envelope(number),
        "memo": {},
        "has_full": False,
        "request": b"",
        "tries": 0,
        "crashes": 0,
        "group_size": None,
        "in_doubt": False,
        "accepted_at": accepted_at,
        "traceparent": "",
    }
    return Job(**(fields | changes))
