"""What an officer watches here: registrations without an answer, certificates without a personal id (domain notes 8, row 5)."""

from __future__ import annotations

from typing import Any

from bus.adapter import Stand, Watch
from contracts.canonical.registration import AcceptedEvent
from contracts.envelope import Envelope

DAY_S = 86400.0


def answer(event: Envelope) -> Stand:
    """A registration, from the registry's taking it to its answer; a supplement is the citizen's turn."""
    message: Any = event.message
    state = "accepted" if isinstance(message, AcceptedEvent) else message.state
    return Stand(
        message.dossier_code, message.dossier_code, message.at, state in ("accepted", "waiting", "processing"), state
    )


def personal_id(event: Envelope) -> Stand | None:
    """A registered birth, from its certificate to the child's personal id; None for anything else."""
    message: Any = event.message
    if message.kind != "birth" or message.state != "registered":
        return None
    known = message.certificate is not None and message.certificate.citizen_id is not None
    return Stand(message.dossier_code, message.dossier_code, message.at, not known, message.state)


WATCHES = (
    Watch(
        name="unanswered",
        title_vi="Hồ sơ hộ tịch quá 3 ngày chưa có kết quả",
        title_en="Registrations the registry has had for more than three days",
        events=("vn.lienthong.registration.accepted.v1", "vn.lienthong.registration.changed.v1"),
        note=answer,
        after_s=3 * DAY_S,
    ),
    Watch(
        name="without_id",
        title_vi="Giấy khai sinh quá 3 ngày chưa có số định danh",
        title_en="Birth certificates without a personal id for more than three days",
        events=("vn.lienthong.registration.changed.v1",),
        note=personal_id,
        after_s=3 * DAY_S,
    ),
)
