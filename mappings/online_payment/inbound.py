"""What the platform tells: a link, a report (by its own call or when asked), a receipt (domain notes 3.4)."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any

from contracts.canonical.order import Order
from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.envelope import Envelope
from contracts.online_payment import FAILED, PAID, SUCCESS
from contracts.online_payment.messages import KetQuaTraSoat, ThongBao
from mappings.convert import stamp
from mappings.online_payment.orders import digest, event
from mappings.online_payment.reference import named

TIME = stamp("%Y%m%d%H%M%S")
STATES = {PAID: "paid", FAILED: "failed"}
"""TrangThaiGD that end a watch."""


def link(dossier: str, order: Order, url: str, at: datetime) -> Envelope:
    """The platform holds the order and gave its link. Raises Refusal."""
    data = {"dossier_code": dossier, "order": order.model_dump(mode="json"), "url": url, "at": at.isoformat()}
    return event("link_created", f"link-{order.reference}", dossier, at, data)


def notified(notice: ThongBao) -> Envelope:
    """A notice as a report. Raises Refusal, and ValueError for a time or a payment that makes no sense."""
    return _report(notice, "paid" if notice.MaLoi == SUCCESS else "failed", notice.MaLoi)


def answered(reply: KetQuaTraSoat) -> Envelope | None:
    """The answer to a question as a report, None while the platform does not know the end. Raises Refusal, ValueError."""
    state = STATES.get(reply.TrangThaiGD)
    if state is None:
        return None
    return _report(reply, state, SUCCESS if state == "paid" else f"TrangThaiGD {reply.TrangThaiGD}")


def lapsed(order: Order, at: datetime) -> Envelope:
    """Nobody paid for so long that we ask no more; a notice that comes all the same still counts."""
    facts = {"reference": order.reference, "state": "lapsed", "amount_vnd": order.amount_vnd, "at": at.isoformat()}
    return _reported(facts)


def receipt(paid: Any, content: bytes, at: datetime) -> Envelope:
    """The receipt of a confirmed payment; one too large to carry is left out, and the event says so. Raises Refusal."""
    fault = "" if len(content) <= MAX_FILE_BYTES else f"the receipt has {len(content)} bytes, {MAX_FILE_BYTES} allowed"
    order: Order = paid.order
    data = {
        "dossier_code": paid.dossier_code,
        "reference": order.reference,
        "transaction": paid.transaction,
        "file": None if fault else base64.b64encode(content).decode(),
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "file_fault": fault,
        "at": at.isoformat(),
    }
    return event("receipt_issued", f"receipt-{digest(order.reference, paid.transaction)}", paid.dossier_code, at, data)


def _report(told: ThongBao | KetQuaTraSoat, state: str, code: str) -> Envelope:
    at = TIME.back(told.ThoiGianGD) if TIME.back is not None else None
    if at is None:
        raise ValueError("ThoiGianGD is empty")
    if state == "paid" and not told.MaGiaoDich.strip():
        raise ValueError("a payment without MaGiaoDich")
    return _reported(
        {
            "reference": told.MaThamChieu,
            "state": state,
            "transaction": told.MaGiaoDich,
            "code": code,
            "amount_vnd": int(told.SoTien),
            "currency": told.MaTienTe,
            "bank": told.MaNganHang,
            "at": at.isoformat(),
        }
    )


def _reported(facts: dict[str, Any]) -> Envelope:
    """One id for the facts that matter, so that a notice and an answer that say the same are one event."""
    ours = named(facts["reference"])
    told = [facts.get(name, "") for name in ("reference", "transaction", "state", "amount_vnd", "currency")]
    data = facts | {"dossier_code": ours.dossier if ours else None}
    at = datetime.fromisoformat(facts["at"])
    return event("reported", f"reported-{digest(*told)}", ours.dossier if ours else facts["reference"], at, data)
