"""The desk that settles births filed once for all services (liên thông khai sinh, thường trú, BHYT): it answers what the bus tells it.

A filing becomes a dossier of the commune, received and sent to the registry; what the registry wants added comes as a filing under
the same code; the registry's certificate ends it (domain notes 7b). Such a life cannot be written down beforehand: its next step
waits for what partners say.
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

FILED, CHANGED = PREFIX + "linked.dossier_filed.v1", PREFIX + "registration.changed.v1"
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
            return list(self._filed(message.filing))
        if envelope.type != CHANGED or message.dossier_code not in self._open:
            return []
        match message.state:
            case "registered":
                return list(self._open.pop(message.dossier_code).done(message.at))
            case "supplement":
                return list(self._open[message.dossier_code].wanting(message))
            case _:
                return []

    def _filed(self, filing: Any) -> Iterator[Envelope]:
        """A new dossier begins; to one under way the citizen brings what was wanted."""
        known = next((birth for birth in self._open.values() if birth.linked_code == filing.linked_code), None)
        if known is not None:
            return known.brought(filing)
        birth = _Birth(filing)
        self._open[birth.code] = birth
        return birth.begun()


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
        self.linked_code = filing.linked_code
        self._ward, self._home = ward, home
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
        self._registration = self._asked(form)

    def _asked(self, form: Any) -> dict[str, Any]:
        """What the registry is asked by the citizen's form."""
        applicant = self._dossier["applicant"]
        child = {
            "name": form.get("nksHoTen") or "CHƯA ĐẶT TÊN",
            "sex": SEX.get(form.get("nksGioiTinh", ""), "other"),
            "born_on": _day(form.get("nksNgaySinh", "")) or self._dossier["filed_at"][:10],
            **KINH,
        }
        mother = {
            "name": form.get("meHoTen") or applicant["name"],
            "residence_kind": "permanent",
            "residence": self._home,
            **KINH,
        }
        if form.get("meSoDDCN"):
            mother["citizen_id"] = form["meSoDDCN"]
        requester = {
            "name": applicant["name"],
            "relation": form.get("nycQuanHe") or "Mẹ",
            "paper_number": applicant["citizen_id"],
        }
        people = {"child": child, "mother": mother}
        asked_for = asked(self._ward.code, self._ward.province, requester, people, self._home)
        return {**asked_for, "linked_code": self.linked_code}

    def begun(self) -> Iterator[Envelope]:
        """Filed, received, at work, sent to the registry."""
        yield self._moved("dossier.submitted.v1", 1, "Nhận hồ sơ liên thông")
        received = self._at + timedelta(minutes=20)
        times = {"received_at": received.isoformat(), "due_at": (received + timedelta(days=3)).isoformat()}
        yield self._moved("dossier.received.v1", 2, "Tiếp nhận hồ sơ", at=received, **times)
        yield self._moved("dossier.status_changed.v1", 4, "Gửi đăng ký hộ tịch")
        yield self._told("registration.requested.v1", {"registration": self._registration})

    def wanting(self, told: Any) -> Iterator[Envelope]:
        """The registry wants something added; the citizen is asked for it once."""
        if self._dossier["status"] == 5:
            return
        self._at = max(self._at, told.at)
        wanted = {"id": "1", "asked_by": self._officer, "content": told.content or "Bổ sung hồ sơ khai sinh"}
        supplement = {**wanted, "asked_at": self._now()}
        yield self._moved("dossier.supplement_requested.v1", 5, "Yêu cầu bổ sung giấy tờ", supplements=[supplement])

    def brought(self, filing: Any) -> Iterator[Envelope]:
        """What was wanted comes by a filing under the same code, and goes to the registry; anything else is a filing told twice."""
        if self._dossier["status"] != 5:
            return
        self._at = max(self._at, filing.filed_at.astimezone(VIETNAM))
        self._registration = self._asked(filing.form)
        (asked_for,) = self._dossier["supplements"]
        came = {**asked_for, "received_by": self._officer, "received_at": self._now()}
        yield self._moved("dossier.supplemented.v1", 4, "Công dân đã bổ sung hồ sơ", supplements=[came])
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
