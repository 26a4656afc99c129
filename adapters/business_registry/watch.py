"""What an officer watches here: household registrations the register has not decided (domain notes 7c)."""

from __future__ import annotations

from typing import Any

from bus.adapter import Stand, Watch
from contracts.canonical.household import HouseholdDecision
from contracts.envelope import Envelope

DAY_S = 86400.0


def decision(event: Envelope) -> Stand:
    """A registration, from the register's first word to its decision; a supplement is the citizen's turn."""
    message: Any = event.message
    assert isinstance(message, HouseholdDecision)
    code = message.dossier_code
    return Stand(code, code, message.at, message.state in ("waiting", "processing"), message.state)


WATCHES = (
    Watch(
        name="undecided",
        title_vi="Hồ sơ hộ kinh doanh quá 3 ngày cơ quan đăng ký chưa quyết định",
        title_en="Household registrations the register has worked on for more than three days",
        events=("vn.lienthong.household.registration_changed.v1",),
        note=decision,
        after_s=3 * DAY_S,
    ),
)
