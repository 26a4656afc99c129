"""Which event is owed to which operation of whom, in which order, under which condition. One table, read from above.

What a partner's reply becomes stands in the table beside it, `mappings.replies`.

The order of the rows of one event and partner is the order in the dossier's lane there. Priority 0 goes first: what a citizen waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from contracts.canonical.events import PREFIX
from contracts.envelope import Envelope
from contracts.identifier import procedure_parts
from contracts.linked_services import RESIDENCE_PROCEDURES
from contracts.owed import Owed
from contracts.social_insurance import CARD_PROCEDURES

Condition = Callable[[Any], bool]


def always(_message: Any) -> bool:
    """Always."""
    return True


def filed_on_portal(message: Any) -> bool:
    """The dossier was filed on the portal, which already knows it (status 1 is not told otherwise)."""
    return bool(message.dossier.filed_on == "portal")


def was_received(message: Any) -> bool:
    """The desk had received the dossier before, so the ISO system has a slip for it."""
    return message.dossier.received_at is not None and (message.change.from_status or 0) >= 2


def reopened(message: Any) -> bool:
    """Processing goes on after an end: the portal's end of processing and its results no longer hold."""
    return (message.change.from_status or 0) in (8, 9)


def corrected(message: Any) -> bool:
    """A result went back to be set right (9 to 4): the slip it had closed is opened again."""
    return was_received(message) and message.change.from_status == 9


def due_moved(message: Any) -> bool:
    """The pause of a supplement moved the due time: the ISO system is told, or its clock would run by the old one."""
    asked = message.dossier.supplements
    return was_received(message) and bool(asked) and asked[-1].due_after_at is not None


def has_result_files(message: Any) -> bool:
    """A result has an address to be loaded from."""
    return any(paper.url for paper in message.dossier.results)


def has_paper_files(message: Any) -> bool:
    """A paper that was handed in, and not taken back, has an address to be loaded from."""
    return any(not paper.withdrawn for paper in message.dossier.papers)


def cannot_be_read(message: Any) -> bool:
    """A file could not be loaded, or is a broken PDF: somebody must mend it."""
    return message.problem is not None or message.verdict == "unreadable"


def refused_by_another(message: Any) -> bool:
    """Another than the dossier system refused: it cannot be told that it refused a notice."""
    return bool(message.partner != HOME)


def still_open(message: Any) -> bool:
    """The registry has more to say: it is at work, or what it registered lacks the personal id of a child or its certificate."""
    if message.state != "registered":
        return message.state in ("waiting", "processing")
    if message.kind == "marriage":
        return False
    entry = message.certificate
    if entry is None or (message.kind == "birth" and entry.citizen_id is None):
        return True
    return entry.file is None and not entry.file_fault


def waits_for_supplement(message: Any) -> bool:
    """The registry wants a supplement, which may never come: what it decides then is asked for beside the lane."""
    return bool(message.state == "supplement")


def is_linked(message: Any) -> bool:
    """The dossier came by the linked-services software: one of its procedures, its code in the second field."""
    dossier = message.dossier
    return bool(dossier.other_code) and procedure_parts(dossier.procedure.code).base in LINKED_PROCEDURES


def was_linked(message: Any) -> bool:
    """The registration has a code of the linked-services software."""
    return bool(message.linked_code)


def linked_and_registered(message: Any) -> bool:
    """The registry registered it: the result for the linked-services software, once more when the personal id comes."""
    return was_linked(message) and message.state == "registered"


def asks_for_money(message: Any) -> bool:
    """A fee of the dossier is still to be paid."""
    return any(fee.amount_vnd and not fee.collected for fee in message.dossier.fees)


def asked_for_money(message: Any) -> bool:
    """The dossier has fees."""
    return bool(message.dossier.fees)


def paid_at_counter(message: Any) -> bool:
    """A fee of the dossier was collected in cash or by transfer, so no open order may ask for it."""
    return any(fee.collected in ("cash", "transfer") for fee in message.dossier.fees)


def is_of_a_dossier(message: Any) -> bool:
    """It is known which dossier it is about."""
    return message.dossier_code is not None


def returns_by_post(message: Any) -> bool:
    """The result goes to the citizen by post."""
    return bool(message.dossier.return_method == "post")


def is_household(message: Any) -> bool:
    """The dossier registers, changes, reissues or suspends a household business."""
    return procedure_parts(message.dossier.procedure.code).base in HOUSEHOLD_PROCEDURES


def household_is_open(message: Any) -> bool:
    """The register has neither registered nor refused it."""
    return message.state not in ("registered", "refused")


def wants_residence(message: Any) -> bool:
    """A birth filed for a residence too is registered; the police decide next."""
    brings = procedure_parts(message.procedure_code).base in RESIDENCE_PROCEDURES
    return brings and linked_and_registered(message) and message.kind == "birth"


def wants_card(message: Any) -> bool:
    """A birth of the procedures that bring a health card is registered; without its personal id the card waits for it."""
    linked = procedure_parts(message.procedure_code).base in CARD_PROCEDURES
    return linked and message.state == "registered" and message.birth is not None


def card_is_open(message: Any) -> bool:
    """The card is neither issued nor refused."""
    return message.state in ("received", "supplement")


def is_portal_service(message: Any) -> bool:
    """The service lives on the portal, which knows the dossier by its own code."""
    dossier = message.dossier
    known = dossier.filed_on == "portal" and dossier.other_code
    return bool(known) and procedure_parts(dossier.procedure.code).base in PORTAL_SERVICES


def without_account(message: Any) -> bool:
    """The portal handed a dossier over without its owner's TechID."""
    return not message.filing.account and bool(message.filing.owner_id)


def asked_on_portal(message: Any) -> bool:
    """The question was asked on the portal, which waits for the answer."""
    return bool(message.question.origin == "portal")


def asked_here(message: Any) -> bool:
    """The question was asked in the province; the portal publishes it with its answer."""
    return bool(message.question.origin == "local")


class Route(NamedTuple):
    """One line: this event owes this operation when the condition holds."""

    event: str
    partner: str
    operation: str
    when: Condition = always
    priority: int = 1
    source: str = "domain notes 4, status translation"


PORTAL, ISO, HOME = "national_portal", "electronic_iso", "dossier_system"
CIVIL, LINKED = "civil_registry", "linked_services"
LEGAL = "legal_documents"
LINKED_PROCEDURES = frozenset({"2.000986", "2.001023", "2.002621", "2.002622"})
"""Births and deaths filed once for all. Assumed: the last two (2023) do not stand in the catalogue we have."""
PAYMENT = "online_payment"
POSTAL = "postal"
EVALUATION, BUSINESS = "service_evaluation", "business_registry"
HOUSEHOLD_PROCEDURES = frozenset({"1.001612", "2.000720", "2.000575", "1.001570"})
"""Procedures of household businesses (domain notes 7c, 9)."""
SYNC_HOUSEHOLD, WATCH_HOUSEHOLD = "dongBoHoSoHKD", "traCuuKetQuaHKD"
INSURANCE = "social_insurance"
ASK_CARD, WATCH_CARD = "dangKyTheBHYT", "traCuuTheBHYT"
BUDGET = "budget_unit_codes"
STATE, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"
TELL_STATUS, FIND_OWNER = "DongBoTrangThaiHoSo", "TraCuuTechID"
OWN_QUESTION, PORTAL_QUESTION = "DongBoHoiDap", "DongBoKetQuaHoiDapGuiTuDVCQG"
PORTAL_SERVICES = frozenset({"2.000033", "2.001474"})
"""Notices of sales promotions (S2). Assumed: the only services of the portal's own that the province settles."""
OPEN_SLIP, STEP, CLOSE_SLIP = "TiepNhanHoSo", "CapNhatBuoc", "KetThuc"
ACKNOWLEDGE, TELL, WATCH_RESIDENCE = "xacNhan", "capNhatTrangThai", "traCuuCuTru"
SEND_REGISTRATION, WATCH_REGISTRATION, WATCH_SUPPLEMENT = "nhanDKHT", "layKetQua", "layKetQuaBoSung"
TRACK = "TrackingMCDT"
ASK_MONEY, COLLECTED, END_OF_DOSSIER, RECORD_PAYMENT = "YEU_CAU", "THU_TRUC_TIEP", "KET_THUC", "GHI_NHAN"
ORDER, WATCH_ORDER, RECEIPT, REFUND, REVIEW = "INIT", "QUERY", "GET_BILL", "HOAN_PHI", "DOI_CHIEU"
FILES, CHECK, CHECK_PAPERS = "result_files", "check", "check_papers"
CONFIRM_SEEN = "xacNhan"
SEND_PARCEL, FETCH_PAPERS, CANCEL_PARCEL = "order", "collect", "cancel"
USES = (
    *(f"dossier.{name}.v1" for name in ("submitted", "received", "refused", "status_changed", "supplement_requested")),
    *(f"dossier.{name}.v1" for name in ("supplemented", "fee_requested", "withdrawn", "stopped", "result_issued")),
    "dossier.returned.v1",
    "payment.completed.v1",
)
"""What counts as use of a service: every change of status, and a payment. A correction of data is none."""

ROUTES: tuple[Route, ...] = (
    Route("dossier.submitted.v1", PORTAL, STATE, filed_on_portal),
    Route("dossier.received.v1", PORTAL, STATE, priority=0),
    Route("dossier.received.v1", PORTAL, PROGRESS, priority=0),
    Route("dossier.received.v1", ISO, OPEN_SLIP),
    Route("dossier.refused.v1", PORTAL, STATE, priority=0),
    Route("dossier.refused.v1", PORTAL, PROGRESS, priority=0),
    Route("dossier.refused.v1", ISO, CLOSE_SLIP, was_received),
    Route("dossier.status_changed.v1", PORTAL, STATE, reopened, source="domain notes 3.1, NgayKetThucXuLy"),
    Route("dossier.status_changed.v1", PORTAL, PROGRESS),
    Route("dossier.status_changed.v1", ISO, OPEN_SLIP, corrected, source="domain notes 3.12, steps go back"),
    Route("dossier.status_changed.v1", ISO, STEP, was_received),
    Route("dossier.supplement_requested.v1", PORTAL, STATE),
    Route("dossier.supplement_requested.v1", PORTAL, PROGRESS),
    Route("dossier.supplement_requested.v1", ISO, STEP, was_received),
    Route("dossier.supplemented.v1", PORTAL, STATE),
    Route("dossier.supplemented.v1", PORTAL, PROGRESS),
    Route("dossier.supplemented.v1", ISO, OPEN_SLIP, due_moved, source="domain notes 3.12, two clocks"),
    Route("dossier.supplemented.v1", ISO, STEP, was_received),
    Route("dossier.fee_requested.v1", PORTAL, STATE, priority=0),
    Route("dossier.fee_requested.v1", PORTAL, PROGRESS, priority=0),
    Route("dossier.fee_requested.v1", ISO, STEP, was_received),
    Route("payment.completed.v1", PORTAL, STATE),
    Route("dossier.withdrawn.v1", PORTAL, STATE),
    Route("dossier.withdrawn.v1", PORTAL, PROGRESS),
    Route("dossier.withdrawn.v1", ISO, CLOSE_SLIP, was_received),
    Route("dossier.stopped.v1", PORTAL, STATE),
    Route("dossier.stopped.v1", PORTAL, PROGRESS),
    Route("dossier.stopped.v1", ISO, STEP, was_received),
    Route("dossier.result_issued.v1", PORTAL, STATE, priority=0),
    Route("dossier.result_issued.v1", PORTAL, PROGRESS, priority=0),
    Route("dossier.result_issued.v1", ISO, CLOSE_SLIP, was_received),
    Route("dossier.returned.v1", PORTAL, STATE),
    Route("dossier.returned.v1", PORTAL, PROGRESS),
    Route("dossier.corrected.v1", PORTAL, STATE),
    Route("dossier.step_completed.v1", ISO, STEP),
    *(
        Route(
            f"dossier.{name}.v1", PORTAL, TELL_STATUS, is_portal_service, source="domain notes 3.1, DongBoTrangThaiHoSo"
        )
        for name in (
            *("received", "refused", "status_changed", "supplement_requested", "supplemented", "fee_requested"),
            *("withdrawn", "stopped", "result_issued", "returned"),
        )
    ),
    Route("portal.dossier_filed.v1", HOME, "notify", priority=0, source="domain notes 3.1, Intake"),
    Route("portal.dossier_filed.v1", PORTAL, FIND_OWNER, without_account, source="domain notes 3.1, Intake"),
    Route("portal.owner_identified.v1", HOME, "notify", source="domain notes 3.1, TraCuuTechID"),
    Route("question.asked.v1", HOME, "notify", source="domain notes 3.1, LayDanhSachHoiDapGuiTuDVCQG"),
    Route("question.answered.v1", PORTAL, PORTAL_QUESTION, asked_on_portal, source="domain notes 3.1"),
    Route("question.answered.v1", PORTAL, OWN_QUESTION, asked_here, source="domain notes 3.1"),
    Route("portal.dossier_synced.v1", HOME, "notify", source="design: what comes back is an event too"),
    Route("iso.slip_opened.v1", HOME, "notify", source="domain notes 3.12"),
    Route("iso.step_changed.v1", HOME, "notify", source="domain notes 3.12"),
    *(
        Route(f"dossier.{name}.v1", FILES, CHECK, has_result_files, 0, source="domain notes 3.14")
        for name in ("result_issued", "corrected", "returned")
    ),
    *(
        Route(
            f"dossier.{name}.v1",
            FILES,
            CHECK_PAPERS,
            has_paper_files,
            2,
            source="domain notes 3.14; TT 01/2023/TT-VPCP",
        )
        for name in ("received", "supplemented", "corrected")
    ),
    Route("paper.checked.v1", HOME, "notify", cannot_be_read, source="domain notes 3.14"),
    Route("result.checked.v1", HOME, "notify", source="domain notes 3.14"),
    Route("exchange.refused.v1", HOME, "notify", refused_by_another, source="design: what comes back is an event too"),
    *(
        Route(f"dossier.{name}.v1", LINKED, TELL, is_linked)
        for name in ("submitted", "received", "refused", "supplement_requested", "returned")
    ),
    *(Route(name, EVALUATION, TRACK, source="domain notes 4, column EMC") for name in USES),
    Route("dossier.result_issued.v1", POSTAL, SEND_PARCEL, returns_by_post, source="domain notes 4, status 9"),
    Route("postal.collection_requested.v1", POSTAL, FETCH_PAPERS, source="domain notes 3.10, thu gom"),
    Route(
        "dossier.withdrawn.v1", POSTAL, CANCEL_PARCEL, source="domain notes 4, status 7: what went out is in the memo"
    ),
    Route("budget.dossier_changed.v1", HOME, "notify", source="domain notes 7d"),
    Route("budget.dossier_changed.v1", BUDGET, CONFIRM_SEEN, source="domain notes 3.6"),
    Route("budget.code_issued.v1", HOME, "notify", source="domain notes 7d"),
    Route("postal.shipment_changed.v1", HOME, "notify", source="domain notes 3.10"),
    Route("desk.task_opened.v1", HOME, "notify", source="domain notes 3.10, RETURNED"),
    *(
        Route(
            f"dossier.{name}.v1",
            BUSINESS,
            SYNC_HOUSEHOLD,
            is_household,
            source="domain notes 3.7, 7c; 4: all who know it",
        )
        for name in (
            *("received", "refused", "status_changed", "supplement_requested", "supplemented", "fee_requested"),
            *("withdrawn", "stopped", "result_issued", "returned", "corrected"),
        )
    ),
    Route("dossier.received.v1", BUSINESS, WATCH_HOUSEHOLD, is_household, source="domain notes 7c, poll result"),
    Route("household.registration_changed.v1", BUSINESS, WATCH_HOUSEHOLD, household_is_open, source="domain notes 7c"),
    Route("household.registration_changed.v1", HOME, "notify", source="domain notes 7c"),
    Route("linked.dossier_filed.v1", LINKED, ACKNOWLEDGE, source="domain notes 3.5, DVCLT"),
    Route("linked.dossier_filed.v1", HOME, "notify", priority=0, source="domain notes 7b"),
    Route("registration.accepted.v1", LINKED, TELL, was_linked, source="domain notes 4, DVCLT 7"),
    Route("registration.changed.v1", LINKED, WATCH_RESIDENCE, wants_residence, source="domain notes 7b"),
    Route("registration.changed.v1", LINKED, TELL, linked_and_registered, source="domain notes 4, DVCLT 4"),
    Route("registration.requested.v1", CIVIL, SEND_REGISTRATION, source="domain notes 3.5"),
    Route("registration.accepted.v1", CIVIL, WATCH_REGISTRATION, source="domain notes 3.5, result poll"),
    Route("registration.accepted.v1", HOME, "notify", source="domain notes 3.5"),
    Route("registration.changed.v1", CIVIL, WATCH_REGISTRATION, still_open, source="domain notes 3.5, result poll"),
    Route("registration.changed.v1", CIVIL, WATCH_SUPPLEMENT, waits_for_supplement, source="domain notes 3.5"),
    Route("registration.changed.v1", HOME, "notify", source="domain notes 3.5"),
    Route("registration.changed.v1", INSURANCE, ASK_CARD, wants_card, source="domain notes 3.9, 7b"),
    Route("insurance.card_changed.v1", INSURANCE, WATCH_CARD, card_is_open, source="domain notes 3.9"),
    Route("residence.decided.v1", HOME, "notify", source="domain notes 7b"),
    Route("insurance.card_changed.v1", HOME, "notify", source="domain notes 7b"),
    Route("legal.document_issued.v1", LEGAL, "guiVanBan", priority=0, source="NĐ 52/2015/NĐ-CP; domain notes 3.11"),
    Route("legal.document_posted.v1", HOME, "notify", source="design: what comes back is an event too"),
    Route("legal.document_changed.v1", HOME, "notify", priority=2, source="domain notes 3.11"),
    Route("legal.basis_expired.v1", HOME, "notify", source="domain notes 8, row 11"),
    Route("catalogue.procedure_changed.v1", HOME, "notify", priority=2, source="domain notes 3.2"),
    Route(
        "dossier.fee_requested.v1", PAYMENT, ASK_MONEY, asks_for_money, 0, source="domain notes 7a, one INIT an account"
    ),
    *(
        Route(
            f"dossier.{name}.v1",
            PAYMENT,
            COLLECTED,
            paid_at_counter,
            0,
            source="domain notes 3.4, success after cancel",
        )
        for name in ("received", "status_changed", "supplemented", "result_issued", "returned")
    ),
    *(Route(f"dossier.{end}.v1", PAYMENT, END_OF_DOSSIER, asked_for_money, 0) for end in ("withdrawn", "refused")),
    Route("payment.requested.v1", PAYMENT, ORDER, priority=0, source="domain notes 3.4, INIT"),
    Route("payment.link_created.v1", HOME, "notify", priority=0, source="domain notes 4, payment link"),
    Route("payment.link_created.v1", PAYMENT, WATCH_ORDER, source="domain notes 3.4, QUERY until final"),
    Route("payment.reported.v1", PAYMENT, RECORD_PAYMENT, priority=0, source="domain notes 3.4, callback"),
    Route("payment.confirmed.v1", HOME, "notify", priority=0, source="domain notes 3.4, side effects"),
    Route("payment.confirmed.v1", PAYMENT, RECEIPT, priority=2, source="domain notes 3.4, GET_BILL"),
    Route("payment.failed.v1", HOME, "notify", source="domain notes 3.4"),
    Route("payment.refund_due.v1", HOME, "notify", source="domain notes 3.4, refund queue"),
    Route("payment.refund_due.v1", PAYMENT, REFUND, source="domain notes 3.4, refund queue"),
    Route("payment.disputed.v1", HOME, "notify", is_of_a_dossier, source="domain notes 3.4, amount changed"),
    Route("payment.disputed.v1", PAYMENT, REVIEW, source="domain notes 3.4, amount changed"),
    Route("payment.receipt_issued.v1", HOME, "notify", source="domain notes 3.4, biên lai"),
)

_BY_EVENT: dict[str, tuple[Route, ...]] = {
    PREFIX + name: tuple(route for route in ROUTES if route.event == name) for name in {route.event for route in ROUTES}
}


def owed(envelope: Envelope, partners: Collection[str]) -> tuple[Owed, ...]:
    """What the event owes to those of `partners`, in lane order; empty: owed to nobody."""
    return tuple(
        Owed(route.partner, route.operation, route.priority)
        for route in _BY_EVENT.get(envelope.type, ())
        if route.partner in partners and route.when(envelope.message)
    )
