"""What an officer watches here: registered births whose card has not come (domain notes 8, row 9)."""

from __future__ import annotations

from typing import Any

from bus.adapter import Stand, Watch
from contracts.canonical.insurance import CardEvent
from contracts.envelope import Envelope
from contracts.identifier import procedure_parts
from contracts.social_insurance import CARD_PROCEDURES

DAY_S = 86400.0


def card(event: Envelope) -> Stand | None:
    """A birth that brings a card, from its registration to the card's issue or refusal; None for other registrations."""
    message: Any = event.message
    code, at = message.dossier_code, message.at
    if isinstance(message, CardEvent):
        return Stand(code, code, at, message.state in ("received", "supplement"), message.state)
    brings = message.state == "registered" and procedure_parts(message.procedure_code).base in CARD_PROCEDURES
    if not brings or message.birth is None:
        return None
    has_id = message.certificate is not None and message.certificate.citizen_id is not None
    return Stand(code, code, at, True, "registered" if has_id else "without a personal id")


WATCHES = (
    Watch(
        name="without_card",
        title_vi="Trẻ đã đăng ký khai sinh quá 5 ngày chưa có thẻ BHYT",
        title_en="Children registered more than five days ago and still without a card",
        events=("vn.lienthong.registration.changed.v1", "vn.lienthong.insurance.card_changed.v1"),
        note=card,
        after_s=5 * DAY_S,
    ),
)
