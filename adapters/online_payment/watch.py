"""What an officer watches here: orders nobody knows the end of (domain notes 8, row 4)."""

from __future__ import annotations

from typing import Any

from bus.adapter import Stand, Watch
from contracts.canonical.order import LinkEvent
from contracts.envelope import Envelope


def order(event: Envelope) -> Stand:
    """An order, from its link to its payment, failure or refund."""
    message: Any = event.message
    waits = isinstance(message, LinkEvent)
    return Stand(message.order.reference, message.dossier_code, event.time, waits, "unpaid" if waits else "ended")


WATCHES = (
    Watch(
        name="without_end",
        title_vi="Yêu cầu thanh toán quá 30 phút chưa có kết quả cuối cùng",
        title_en="Orders without a final state for more than thirty minutes",
        events=tuple(
            f"vn.lienthong.payment.{name}.v1" for name in ("link_created", "confirmed", "failed", "refund_due")
        ),
        note=order,
        after_s=1800.0,
    ),
)
