"""Sent against changed, day by day: EMC says nothing, so only our own ledger can show what it was not told, or told too late."""

from __future__ import annotations

from bus.adapter import Reconcile

LATE_DAYS = 7
"""An event that comes so late is still found on the day it was sent."""

CHANGES = (
    *("submitted", "received", "refused", "status_changed", "supplement_requested", "supplemented"),
    *("fee_requested", "withdrawn", "stopped", "result_issued", "returned"),
)
EVENTS = (*(f"vn.lienthong.dossier.{name}.v1" for name in CHANGES), "vn.lienthong.payment.completed.v1")
"""What counts as use of a service, owed or not: a partner that was switched off owes nothing and still misses it."""


RECONCILE = Reconcile(events=EVENTS, before_days=LATE_DAYS)
