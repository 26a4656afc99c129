"""The desk that settles what citizens file on the national portal, and answers what they ask there (domain notes 3.1, Intake).

Like a linked birth such a dossier cannot be written down beforehand: it begins with what the bus tells the desk.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from contracts import codes
from contracts.canonical.events import PREFIX
from contracts.codes import CodeGap
from contracts.envelope import Envelope, judge
from contracts.identifier import procedure_parts
from mappings.convert import VIETNAM
from ops.sample import SOURCE
from ops.sample.person import full_name

FILED, ASKED = PREFIX + "portal.dossier_filed.v1", PREFIX + "question.asked.v1"
FIELD_CODE = "G15-TP07"
ANSWER = (
    "Đề nghị ông/bà xem thành phần hồ sơ và thời hạn giải quyết của thủ tục trên Cổng, hoặc liên hệ bộ phận một cửa."
)
STEP = timedelta(seconds=1)
"""The desk works as fast as the demo streams, so that nothing is told before it happens."""
WALK = (
    ("submitted", 1, "Nhận hồ sơ từ Cổng"),
    ("received", 2, "Tiếp nhận hồ sơ"),
    ("status_changed", 4, "Chuyển xử lý"),
    ("result_issued", 9, "Đã có kết quả"),
    ("returned", 10, "Đã trả kết quả"),
)


class PortalDesk:
    """Remembers nothing: whatever it is told again it answers with the same events."""

    def answer(self, envelope: Envelope) -> list[Envelope]:
        """The events that follow, in their order; empty for what calls for nothing, or for a procedure nobody knows."""
        message: Any = envelope.message
        if envelope.type == ASKED and message.question.origin == "portal":
            return [_answered(message.question)]
        if envelope.type != FILED:
            return []
        try:
            return list(_settled(message.filing))
        except CodeGap:
            return []


def _answered(question: Any) -> Envelope:
    at = question.asked_at + STEP
    answer = {
        "content": ANSWER,
        "officer": full_name(Random(question.id)),
        "agency": "Văn phòng UBND tỉnh",
        "at": at.isoformat(),
    }
    told = {"question": question.model_dump(mode="json"), "answer": answer}
    return _event("question.answered.v1", question.id, 1, at, told)


def _settled(filing: Any) -> Iterator[Envelope]:
    """The life of the dossier the desk opens for it. Raises CodeGap."""
    at = filing.filed_at.astimezone(VIETNAM)
    agency = filing.agency_id or "000.00.17.H59"
    code = f"{agency}-{at:%y%m%d}-8{crc32(filing.portal_code.encode()) % 10**9:09}"
    base = procedure_parts(filing.procedure_code).base
    known = codes.lookup("procedure", base, at.date())
    officer = full_name(Random(filing.portal_code))
    dossier: dict[str, Any] = {
        "code": code,
        "other_code": filing.portal_code,
        "procedure": {"code": base, "name": known.name_vi, "field_code": FIELD_CODE, "field_name": known.extra[0]},
        "agency": {"id": agency, "name": _agency(agency, at)},
        "channel": "online",
        "filed_on": "portal",
        "filed_at": at.isoformat(),
        "applicant": {
            "kind": "citizen",
            "name": filing.owner_name,
            "citizen_id": filing.owner_id,
            "phone": filing.phone or None,
            "account": filing.account or None,
        },
        "summary": f"{known.name_vi} - {filing.owner_name}"[:4000],
    }
    status = None
    for place, (name, now, note) in enumerate(WALK, 1):
        at += STEP
        dossier = dossier | {"status": now} | _times(name, at, code)
        change = {"to_status": now, "at": at.isoformat(), "officer": officer, "note": note}
        told = {"dossier": dossier, "change": change | ({"from_status": status} if status else {})}
        yield _event(f"dossier.{name}.v1", code, place, at, told)
        status = now


def _agency(agency: str, at: datetime) -> str:
    try:
        return codes.lookup("agency", agency, at.date()).name_vi
    except CodeGap:
        return agency


def _times(name: str, at: datetime, code: str) -> dict[str, Any]:
    """What a step adds to the dossier's state."""
    match name:
        case "received":
            return {"received_at": at.isoformat(), "due_at": (at + timedelta(days=3)).isoformat()}
        case "result_issued":
            paper = {"id": f"KQ-{code}", "title": "Kết quả giải quyết", "result_code": "KQ.G15.000031"}
            return {
                "finished_at": at.isoformat(),
                "results": [paper | {"url": f"https://hoso.example.com/tep/{code}.pdf"}],
            }
        case "returned":
            return {"returned_at": at.isoformat()}
        case _:
            return {}


def _event(kind: str, subject: str, sequence: int, at: datetime, data: dict[str, Any]) -> Envelope:
    return judge(
        {
            "specversion": "1.0",
            "id": str(uuid5(NAMESPACE_URL, f"{SOURCE}/{subject}/{sequence}")),
            "source": SOURCE,
            "type": PREFIX + kind,
            "subject": subject,
            "time": at.isoformat(),
            "sequence": sequence,
            "datacontenttype": "application/json",
            "data": data,
        }
    )
