"""What the register decided of a household registration becomes an event (`traCuuKetQuaHKD`, proposed; domain notes 7c)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.business_registry.messages import KetQuaHKD
from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.envelope import Envelope, make
from mappings.convert import certificate, day

SOURCE = "urn:lienthong:business-registry"
DAY = day("%d/%m/%Y")
STATES = {
    "1": ("waiting", 4),
    "2": ("supplement", 5),
    "3": ("processing", 4),
    "4": ("registered", 9),
    "6": ("refused", 3),
}
"""trangThai to our state and the dossier's status."""
WITHDRAWN = "7"


def changed(known: Any, row: KetQuaHKD, code: str, key: str, now: datetime) -> Envelope | None:
    """The row as an event, None when it says what `known` (the event before) said already. Raises Refusal, ValueError."""
    state, status = STATES[row.trangThai]
    if state == getattr(known, "state", None):
        return None
    content, digest, fault = certificate(row.giayChungNhan, MAX_FILE_BYTES)
    return make(
        "vn.lienthong.household.registration_changed.v1",
        f"household-{key}",
        SOURCE,
        code,
        now,
        {
            "dossier_code": code,
            "state": state,
            "status": status,
            "at": now.isoformat(),
            "reason": row.lyDo,
            "deadline_on": _day(row.hanBoSung),
            "number": row.maSoHKD or None,
            "issued_on": _day(row.ngayCap),
            "file": content,
            "file_sha256": digest,
            "file_fault": fault,
        },
    )


def _day(said: str) -> str | None:
    assert DAY.back is not None
    read = DAY.back(said)
    return read.isoformat() if read else None
