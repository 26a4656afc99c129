"""What a partner's reply becomes: which event enters by the front door. One table, beside that of the routes.

A refusal of any operation becomes `exchange.refused.v1` (mappings/refusal.py).
"""

from __future__ import annotations

from typing import NamedTuple

from mappings.routes import (
    ASK_CARD,
    ASK_MONEY,
    BUDGET,
    BUSINESS,
    CHECK,
    CHECK_PAPERS,
    CIVIL,
    COLLECTED,
    FETCH_PAPERS,
    FILES,
    FIND_OWNER,
    INSURANCE,
    ISO,
    LEGAL,
    LINKED,
    OPEN_SLIP,
    ORDER,
    PAYMENT,
    PORTAL,
    POSTAL,
    RECEIPT,
    RECORD_PAYMENT,
    SEND_PARCEL,
    SEND_REGISTRATION,
    STATE,
    WATCH_CARD,
    WATCH_HOUSEHOLD,
    WATCH_ORDER,
    WATCH_REGISTRATION,
    WATCH_RESIDENCE,
    WATCH_SUPPLEMENT,
)


class Reply(NamedTuple):
    """One line: what a partner says to an operation, or by itself (when it is polled, when it calls), becomes this event."""

    partner: str
    says: str
    event: str


POLLED, CALLS = "(polled)", "(calls us)"
CATALOGUE = "procedure_catalogue"
REPLIES: tuple[Reply, ...] = (
    Reply(PORTAL, STATE, "portal.dossier_synced.v1"),
    Reply(PORTAL, FIND_OWNER, "portal.owner_identified.v1"),
    Reply(PORTAL, CALLS, "portal.dossier_filed.v1"),
    Reply(PORTAL, POLLED, "question.asked.v1"),
    Reply(ISO, OPEN_SLIP, "iso.slip_opened.v1"),
    *(Reply(ISO, way, "iso.step_changed.v1") for way in (POLLED, CALLS)),
    Reply(CATALOGUE, POLLED, "catalogue.procedure_changed.v1"),
    Reply(CIVIL, SEND_REGISTRATION, "registration.accepted.v1"),
    *(Reply(CIVIL, one, "registration.changed.v1") for one in (WATCH_REGISTRATION, WATCH_SUPPLEMENT)),
    Reply(LINKED, POLLED, "linked.dossier_filed.v1"),
    Reply(LINKED, WATCH_RESIDENCE, "residence.decided.v1"),
    *(Reply(INSURANCE, one, "insurance.card_changed.v1") for one in (ASK_CARD, WATCH_CARD)),
    Reply(BUSINESS, WATCH_HOUSEHOLD, "household.registration_changed.v1"),
    *(Reply(BUDGET, POLLED, f"budget.{name}.v1") for name in ("dossier_changed", "code_issued")),
    Reply(LEGAL, "guiVanBan", "legal.document_posted.v1"),
    *(Reply(LEGAL, POLLED, f"legal.{name}.v1") for name in ("document_changed", "basis_expired")),
    *(
        Reply(POSTAL, says, event)
        for says in (SEND_PARCEL, FETCH_PAPERS, POLLED)
        for event in ("postal.shipment_changed.v1", "desk.task_opened.v1")
    ),
    *(Reply(PAYMENT, one, "payment.requested.v1") for one in (ASK_MONEY, COLLECTED)),
    Reply(PAYMENT, ORDER, "payment.link_created.v1"),
    *(Reply(PAYMENT, says, "payment.reported.v1") for says in (ORDER, WATCH_ORDER, CALLS)),
    *(
        Reply(PAYMENT, RECORD_PAYMENT, f"payment.{name}.v1")
        for name in ("confirmed", "failed", "refund_due", "disputed")
    ),
    Reply(PAYMENT, RECEIPT, "payment.receipt_issued.v1"),
    Reply(FILES, CHECK, "result.checked.v1"),
    Reply(FILES, CHECK_PAPERS, "paper.checked.v1"),
)


def becomes(partner: str, says: str) -> tuple[str, ...]:
    """The events that a partner's answer to an operation may become, or what it says by itself (POLLED, CALLS)."""
    return tuple(reply.event for reply in REPLIES if (reply.partner, reply.says) == (partner, says))
