"""What an officer watches here: codes whose certificate has not come (domain notes 8, row 6)."""

from __future__ import annotations

from typing import Any

from bus.adapter import Stand, Watch
from contracts.envelope import Envelope

DAY_S = 86400.0


def certificate(event: Envelope) -> Stand:
    """A code, until its certificate comes; one that could not be read came all the same, and stands as a fault of its own."""
    message: Any = event.message
    came = message.certificate is not None or bool(message.file_fault)
    return Stand(message.btc_code, message.btc_code, message.at, not came, f"code {message.unit_code}")


WATCHES = (
    Watch(
        name="without_certificate",
        title_vi="Mã số đã cấp quá 5 ngày chưa có giấy chứng nhận",
        title_en="Codes given more than five days ago and still without their certificate",
        events=("vn.lienthong.budget.code_issued.v1",),
        note=certificate,
        after_s=5 * DAY_S,
    ),
)
