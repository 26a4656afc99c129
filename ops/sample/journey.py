"""The life of a sample dossier: a journey is a row of steps, a step changes the dossier and tells it as an event (domain notes, 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contracts.canonical.events import PREFIX
from ops.sample import birth, offer
from ops.sample.catalogue import Catalogue
from ops.sample.hours import due, in_office
from ops.sample.offer import Offer
from ops.sample.person import citizen, enterprise, full_name, household
from ops.sample.place import Ward, office, wards

FILES = "https://hoso.example.com/tep"
"""Where the papers of the sample would lie, at a domain that belongs to nobody."""
PAUSED = frozenset({5, 6, 8})
"""Statuses in which the clock of the dossier stands."""
DESK = "Hệ thống tiếp nhận trực tuyến"


@dataclass(frozen=True, slots=True)
class Journey:
    """A typical life. `steps` name functions of this module's VERBS; `by_post` sends the result by public post.

    `common` is what any procedure's dossier may live through, so that others than `offer` may be drawn.
    """

    offer: Offer
    channel: str
    steps: tuple[str, ...]
    by_post: bool = False
    common: bool = False


def stretched(journey: Journey, extra: int) -> tuple[str, ...] | None:
    """The steps with `extra` more of processing, None where the journey has no processing to draw out."""
    if "assign" not in journey.steps:
        return None
    at = journey.steps.index("assign") + 1
    more = tuple(("work", "step")[number % 2] for number in range(extra))
    return journey.steps[:at] + more + journey.steps[at:]


class Life:
    """One dossier on its way. The state is never changed in place: every event keeps the state of its own moment."""

    def __init__(
        self,
        seed: str,
        journey: Journey,
        length: int,
        number: str,
        arrives_at: datetime,
        catalogue: Catalogue | None = None,
    ) -> None:
        """`length` events of `journey`, the first at or after `arrives_at`; `number` ends the dossier's code."""
        self.rng = Random(seed)
        self.journey = journey
        self.offer = journey.offer
        if catalogue is not None and journey.common:
            self.offer = catalogue.draw(self.rng, journey.offer, online=journey.channel == "online")
        extra = max(0, length - len(journey.steps))
        self.steps = (stretched(journey, extra) or journey.steps)[:length]
        self.number = number
        self.sequence = 0
        self.worked = 0
        self.paused_at = arrives_at
        self.officer = full_name(self.rng)
        self.at = arrives_at.replace(microsecond=0)
        self.next_at = self._moment(0, 40)
        self.dossier = self._opened()

    @property
    def over(self) -> bool:
        return self.sequence == len(self.steps)

    def advance(self) -> tuple[str, datetime, dict[str, Any]]:
        """The next event: its type, its time, its data."""
        self.at = self.next_at
        verb = VERBS[self.steps[self.sequence]]
        event_type, what = verb.act(self)
        self.sequence += 1
        if not self.over:
            self.next_at = self._moment(*VERBS[self.steps[self.sequence]].after_hours)
        return PREFIX + event_type, self.at, {"dossier": self.dossier, **what}

    def to(self, status: int, said: str, **changes: Any) -> dict[str, Any]:
        """Move the dossier to `status` with other changes of its state; answers the line of its history, `said` its note."""
        before = self.dossier["status"] if self.sequence else None
        if status in PAUSED:
            self.paused_at = self.at
        self.dossier = {**self.dossier, "status": status, **changes}
        change = {"to_status": status, "at": self.at.isoformat(), "officer": self.officer, "note": said}
        if status == 1:
            return {"change": change | {"officer": DESK}}
        change["department"] = self.office.department
        return {"change": change if before is None else change | {"from_status": before}}

    def due_later(self) -> str:
        """The due time moved by the pause that ends now."""
        return in_office(datetime.fromisoformat(self.dossier["due_at"]) + (self.at - self.paused_at)).isoformat()

    def _moment(self, least_hours: float, most_hours: float) -> datetime:
        """The time of the coming event: later than the last, in office hours where an officer acts."""
        at = self.at + timedelta(seconds=1 + int(3600 * self.rng.uniform(least_hours, most_hours)))
        return in_office(at) if VERBS[self.steps[self.sequence]].office else at

    def _opened(self) -> dict[str, Any]:
        """The dossier as the applicant brings it."""
        journey, rng, on = self.journey, self.rng, self.next_at.date()
        online = journey.channel == "online"
        self.ward: Ward = rng.choice(wards(on))
        ward = self.ward
        self.office = office(self.offer.office, ward)
        applicant = (enterprise if self.offer.firm else citizen)(rng, ward, on, online=online)
        summary = self.offer.summary.format(a=rng.randint(1, 900), b=rng.randint(1, 60))
        return {
            "code": f"{self.office.id}-{on:%y%m%d}-{self.number}",
            "procedure": self.offer.procedure(on),
            "agency": {"id": self.office.id, "name": self.office.name},
            "channel": journey.channel,
            "filed_on": "portal" if online else "local",
            "status": 1,
            "filed_at": self.next_at.isoformat(),
            "applicant": applicant,
            "summary": f"{summary} - {applicant['name']}",
            "return_method": "post" if journey.by_post else "counter",
            "databases": ["1"] if online else [],
            "papers": [self.paper(place, title) for place, title in enumerate(self.offer.papers, start=1)],
            **({"business": household(applicant)} if self.offer is offer.HOUSEHOLD_BUSINESS else {}),
        }

    def paper(self, place: int, title: str) -> dict[str, Any]:
        """A paper as scanned at reception."""
        digitised = self.rng.random() < 0.8
        name = f"{self.number}-{place}"
        return {"id": name, "title": f"{title}.pdf", "url": f"{FILES}/{name}.pdf", "digitised": digitised}


Told = tuple[str, dict[str, Any]]


def file(life: Life) -> Told:
    """The citizen files online."""
    return "dossier.submitted.v1", life.to(1, "Công dân nộp hồ sơ trực tuyến")


def receive(life: Life) -> Told:
    """The desk receives; the due time counts from here."""
    at = life.at.isoformat()
    times = {"received_at": at, "due_at": due(life.at, life.offer.days).isoformat()}
    return "dossier.received.v1", life.to(2, "Tiếp nhận hồ sơ", **times)


def refuse(life: Life) -> Told:
    """The desk refuses, with the reason."""
    at = life.at.isoformat()
    return "dossier.refused.v1", life.to(3, "Hồ sơ không thuộc thẩm quyền giải quyết", refused_at=at, finished_at=at)


def assign(life: Life) -> Told:
    """A specialist begins."""
    return "dossier.status_changed.v1", life.to(4, "Phân công xử lý")


def work(life: Life) -> Told:
    """Processing goes on without a change of status."""
    return "dossier.status_changed.v1", life.to(
        4, life.rng.choice(("Chuyển thẩm định", "Trình lãnh đạo ký", "Lấy ý kiến"))
    )


def resume(life: Life) -> Told:
    """Processing goes on after a pause; the due time moves by it."""
    return "dossier.status_changed.v1", life.to(4, "Tiếp tục xử lý", due_at=life.due_later())


def step(life: Life) -> Told:
    """A workflow step is done."""
    life.worked += 1
    began_at = max(
        datetime.fromisoformat(life.dossier["received_at"]), life.at - timedelta(hours=life.rng.randint(1, 6))
    )
    return "dossier.step_completed.v1", {
        "step": {
            "code": f"B{life.worked:02}",
            "title": life.rng.choice(("Thẩm định hồ sơ", "Kiểm tra thực địa", "Dự thảo kết quả", "Trình ký")),
            "officer": life.officer,
            "started_at": began_at.isoformat(),
            "ended_at": life.at.isoformat(),
            "budget_hours": float(life.rng.choice((4, 8, 16))),
        }
    }


def ask_supplement(life: Life) -> Told:
    """The specialist asks for a paper; the clock stands until it comes."""
    asked = {
        "id": f"BS-{life.number}-1",
        "asked_by": life.officer,
        "content": "Bổ sung bản sao hợp đồng thuê địa điểm còn hiệu lực",
        "asked_at": life.at.isoformat(),
        "deadline_at": (life.at + timedelta(days=10)).isoformat(),
        "papers": ["Hợp đồng thuê địa điểm"],
        "due_before_at": life.dossier["due_at"],
    }
    return "dossier.supplement_requested.v1", life.to(5, "Yêu cầu bổ sung giấy tờ", supplements=[asked])


def supplement(life: Life) -> Told:
    """The paper comes; the due time moves by the pause."""
    (asked,) = life.dossier["supplements"]
    due_at = life.due_later()
    answer = {
        "received_by": life.officer,
        "received_at": life.at.isoformat(),
        "answer": "Đã nộp đủ",
        "due_after_at": due_at,
    }
    paper = life.paper(len(life.dossier["papers"]) + 1, "Hợp đồng thuê địa điểm (bổ sung)")
    changes = {"supplements": [asked | answer], "papers": [*life.dossier["papers"], paper], "due_at": due_at}
    return "dossier.supplemented.v1", life.to(4, "Công dân đã bổ sung hồ sơ", **changes)


def ask_fee(life: Life) -> Told:
    """Fees are asked for: before reception (thu trước) or after the tax notice."""
    fees = [
        {"title": charge.title, "kind": charge.kind, "amount_vnd": charge.amount_vnd, "payee": charge.payee}
        for charge in life.offer.charges
    ]
    return "dossier.fee_requested.v1", life.to(6, "Thông báo nghĩa vụ tài chính", fees=fees)


def pay(life: Life) -> Told:
    """The citizen pays on the national portal; the status moves only when the office has seen it."""
    fees = [fee | {"collected": "online"} for fee in life.dossier["fees"]]
    life.dossier = {**life.dossier, "fees": fees, "paid_by": "portal"}
    return "payment.completed.v1", {
        "payment": {
            "reference": f"TT{life.number}",
            "transaction": f"GD{life.rng.randrange(10**9):09}",
            "amount_vnd": sum(fee["amount_vnd"] for fee in fees),
            "paid_by": "portal",
            "paid_at": life.at.isoformat(),
        }
    }


def correct(life: Life) -> Told:
    """The desk mends a misspelt line; the status stays."""
    return "dossier.corrected.v1", life.to(
        life.dossier["status"], "Đính chính thông tin hồ sơ", note="Đã đính chính số tờ bản đồ"
    )


def withdraw(life: Life) -> Told:
    """The citizen takes the dossier back."""
    return "dossier.withdrawn.v1", life.to(7, "Công dân rút hồ sơ", finished_at=life.at.isoformat())


def stop(life: Life) -> Told:
    """A leader stops processing, with the reason."""
    return "dossier.stopped.v1", life.to(8, "Dừng xử lý, chờ kết luận của cơ quan có thẩm quyền")


def issue(life: Life) -> Told:
    """The leader signs; the result is there."""
    paper = {
        "id": f"KQ-{life.number}",
        "title": life.offer.result,
        "url": f"{FILES}/KQ-{life.number}.pdf",
        "result_code": life.offer.result_code,
        "number": f"{life.rng.randint(1, 9999)}/KQ",
    }
    return "dossier.result_issued.v1", life.to(9, "Đã có kết quả", results=[paper], finished_at=life.at.isoformat())


def hand_over(life: Life) -> Told:
    """The result is with the citizen."""
    note = "Đã phát qua bưu chính" if life.journey.by_post else "Nhận tại bộ phận một cửa"
    return "dossier.returned.v1", life.to(10, "Đã trả kết quả", returned_at=life.at.isoformat(), return_note=note)


def register(life: Life) -> Told:
    """The commune sends a birth to the civil registry."""
    asked = birth.registration(life.rng, life.ward, life.at.date(), life.dossier["applicant"])
    return "registration.requested.v1", {"registration": asked}


def collect(life: Life) -> Told:
    """The citizen has the papers fetched by post; the desk passes the wish on."""
    return "postal.collection_requested.v1", {"note": "Gọi trước khi đến"}


@dataclass(frozen=True, slots=True)
class Verb:
    """What a step does, so many hours (from, to) after the one before, in office hours or at any time."""

    act: Callable[[Life], Told]
    after_hours: tuple[float, float]
    office: bool = True


VERBS: dict[str, Verb] = {
    "file": Verb(file, (0, 24), office=False),
    "receive": Verb(receive, (0.2, 6)),
    "refuse": Verb(refuse, (0.5, 8)),
    "assign": Verb(assign, (0.5, 8)),
    "work": Verb(work, (1, 24)),
    "resume": Verb(resume, (0.5, 24)),
    "step": Verb(step, (1, 24)),
    "ask_supplement": Verb(ask_supplement, (2, 24)),
    "supplement": Verb(supplement, (6, 72)),
    "ask_fee": Verb(ask_fee, (0.5, 24)),
    "pay": Verb(pay, (0.2, 30), office=False),
    "correct": Verb(correct, (0.5, 8)),
    "withdraw": Verb(withdraw, (1, 30), office=False),
    "register": Verb(register, (0.1, 1)),
    "stop": Verb(stop, (4, 40)),
    "issue": Verb(issue, (2, 60)),
    "collect": Verb(collect, (0, 8)),
    "hand_over": Verb(hand_over, (0.2, 20)),
}

JOURNEYS: tuple[Journey, ...] = (
    Journey(
        offer.LAND_TRANSFER,
        "online",
        ("file", "receive", "assign", "step", "ask_fee", "pay", "resume", "work", "issue", "hand_over"),
        by_post=True,
    ),
    Journey(offer.BIRTH, "counter", ("receive", "assign", "register", "issue", "hand_over")),
    Journey(
        offer.HOUSEHOLD_BUSINESS,
        "online",
        ("file", "receive", "assign", "ask_supplement", "supplement", "issue", "hand_over"),
    ),
    Journey(offer.PRIVATE_FIRM, "online", ("file", "refuse"), common=True),
    Journey(
        offer.BUILDING_PERMIT,
        "counter",
        ("receive", "assign", "step", "correct", "step", "issue", "hand_over"),
        common=True,
    ),
    Journey(offer.MARITAL_STATUS, "post", ("collect", "receive", "withdraw")),
    Journey(offer.REGISTER_COPY, "online", ("file", "ask_fee", "pay", "receive", "assign", "issue", "hand_over")),
    Journey(offer.LAND_RENEWAL, "counter", ("receive", "assign", "step", "stop"), common=True),
    Journey(offer.MARITAL_STATUS, "online", ("file", "receive", "assign", "issue", "hand_over"), common=True),
    Journey(
        offer.PRIVATE_FIRM, "online", ("file", "receive", "assign", "stop", "resume", "issue", "hand_over"), common=True
    ),
)
"""Dossiers take these in turn: any ten neighbours show all ten statuses, land with payment and postal return among them."""
