"""The desk that settles births filed once for all services (liên thông khai sinh, thường trú, BHYT): it answers what the bus tells it.

A filing becomes a dossier of the commune, received and sent to the registry; the registry's certificate ends it (domain notes 7b). Such
a life cannot be written down beforehand: its next step waits for what partners say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from contracts.canonical.events import PREFIX
from contracts.envelope import Envelope, judge
from mappings.convert import VIETNAM
from ops.sample import SOURCE
from ops.sample.birth import KINH, asked
from ops.sample.offer import LINKED_BIRTH
from ops.sample.person import full_name
from ops.sample.place import wards

FILED, REGISTERED = PREFIX + "linked.dossier_filed.v1", PREFIX + "registration.changed.v1"
SEX = {"1": "male", "2": "female"}
"""nksGioiTinh of the form."""


def dossier_code(linked_code: str, office: str, at: datetime) -> str:
    """The desk's own code of a linked dossier, the same however often the filing is told."""
    return f"{office}-{at:%y%m%d}-9{crc32(linked_code.encode()) % 10**9:09}"


class LinkedDesk:
    """Keeps the dossiers it has under way; one whose result is out is forgotten."""

    def __init__(self) -> None:
        self._open: dict[str, _Birth] = {}

    def answer(self, envelope: Envelope) -> list[Envelope]:
        """The dossier's next events, in their order; empty for what calls for nothing."""
        message: Any = envelope.message
        if envelope.type == FILED and message.filing.kind == "birth":
            birth = _Birth(message.filing)
            self._open[birth.code] = birth
            return list(birth.begun())
        if envelope.type == REGISTERED and message.state == "registered" and message.dossier_code in self._open:
            return list(self._open.pop(message.dossier_code).done(message.at))
        return []


class _Birth:
    """One linked birth on its way."""

    def __init__(self, filing: Any) -> None:
        rng = Random(filing.linked_code)
        form, at = filing.form, filing.filed_at.astimezone(VIETNAM)
        ward = next(
            (one for one in wards(at.date()) if one.code == form.get("noiDangKy")), rng.choice(wards(at.date()))
        )
        self.code = dossier_code(filing.linked_code, ward.office, at)
        self._at: datetime = at
        self._sequence, self._officer = 0, full_name(rng)
        home = {"province": ward.province, "ward": ward.code, "as_of": f"{at.date()}", "detail": "Số 12"}
        name, number = form.get("nycHoTen") or full_name(rng), form.get("nycSoGiayToTuyThan") or "086190000123"
        self._dossier: dict[str, Any] = {
            "code": self.code,
            "other_code": filing.linked_code,
            "procedure": LINKED_BIRTH.procedure(at.date()),
            "agency": {"id": ward.office, "name": f"Ủy ban nhân dân {ward.name}"},
            "channel": "online",
            "filed_on": "local",
            "status": 1,
            "filed_at": at.isoformat(),
            "applicant": {"kind": "citizen", "name": name, "citizen_id": number, "address": home},
            "summary": f"{LINKED_BIRTH.summary} - {form.get('nksHoTen', '')}",
        }
        child = {
            "name": form.get("nksHoTen") or "CHƯA ĐẶT TÊN",
            "sex": SEX.get(form.get("nksGioiTinh", ""), "other"),
            "born_on": _day(form.get("nksNgaySinh", "")) or f"{at.date()}",
            **KINH,
        }
        mother = {"name": form.get("meHoTen") or name, "residence_kind": "permanent", "residence": home, **KINH}
        if form.get("meSoDDCN"):
            mother["citizen_id"] = form["meSoDDCN"]
        requester = {"name": name, "relation": form.get("nycQuanHe") or "Mẹ", "paper_number": number}
        self._registration = asked(ward.code, ward.province, requester, {"child": child, "mother": mother}, home)
        self._registration["linked_code"] = filing.linked_code

    def begun(self) -> Iterator[Envelope]:
        """Filed, received, at work, sent to the registry."""
        yield self._moved("dossier.submitted.v1", 1, "Nhận hồ sơ liên thông")
        received = self._at + timedelta(minutes=20)
        times = {"received_at": received.isoformat(), "due_at": (received + timedelta(days=3)).isoformat()}
        yield self._moved("dossier.received.v1", 2, "Tiếp nhận hồ sơ", at=received, **times)
        yield self._moved("dossier.status_changed.v1", 4, "Gửi đăng ký hộ tịch")
        yield self._told("registration.requested.v1", {"registration": self._registration})

    def done(self, at: datetime) -> Iterator[Envelope]:
        """The certificate is there; it is handed over."""
        paper = {
            "id": f"KQ-{self.code}",
            "title": LINKED_BIRTH.result,
            "url": f"https://hoso.example.com/tep/{self.code}.pdf",
            "result_code": LINKED_BIRTH.result_code,
        }
        self._at = max(self._at, at)
        yield self._moved(
            "dossier.result_issued.v1", 9, "Đã đăng ký khai sinh", results=[paper], finished_at=self._now()
        )
        yield self._moved("dossier.returned.v1", 10, "Đã trả kết quả", returned_at=self._now())

    def _now(self) -> str:
        """The time of the event that comes next."""
        return (self._at + timedelta(minutes=1)).isoformat()

    def _moved(self, kind: str, status: int, said: str, *, at: datetime | None = None, **changes: Any) -> Envelope:
        self._at = at or self._at
        before = {"from_status": self._dossier["status"]} if self._sequence else {}
        self._dossier = {**self._dossier, "status": status, **changes}
        change = {**before, "to_status": status, "at": self._now(), "officer": self._officer, "note": said}
        return self._told(kind, {"change": change})

    def _told(self, kind: str, what: dict[str, Any]) -> Envelope:
        self._sequence += 1
        self._at += timedelta(minutes=1)
        return judge(
            {
                "specversion": "1.0",
                "id": str(uuid5(NAMESPACE_URL, f"{SOURCE}/{self.code}/{self._sequence}")),
                "source": SOURCE,
                "type": PREFIX + kind,
                "subject": self.code,
                "time": self._at.isoformat(),
                "sequence": self._sequence,
                "datacontenttype": "application/json",
                "data": {"dossier": self._dossier, **what},
            }
        )


def _day(text: str) -> str:
    """dd.MM.yyyy as a day, empty for anything else; a form may know the year alone."""
    try:
        return f"{datetime.strptime(text, '%d.%m.%Y').date()}"
    except ValueError:
        return ""
