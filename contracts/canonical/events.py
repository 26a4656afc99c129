"""Every event the bus knows: its type, what its `data` holds, what it means. One table, read by the door and by docs/events.md.

Each dossier event carries the dossier's full state, so that a partner's full-state operation can be built from any one of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints

from contracts.canonical.base import Instant, Shape
from contracts.canonical.budget import BudgetDossierEvent, CodeIssuedEvent
from contracts.canonical.document import FiledFile
from contracts.canonical.dossier import Change, Dossier
from contracts.canonical.household import HouseholdDecision
from contracts.canonical.insurance import CardEvent
from contracts.canonical.legal import ExpiredBasisEvent, IssuedTextEvent, LegalTextEvent, PostedTextEvent
from contracts.canonical.order import (
    ConfirmedEvent,
    DisputedEvent,
    FailedEvent,
    LinkEvent,
    OrderEvent,
    ReceiptEvent,
    RefundEvent,
    ReportEvent,
)
from contracts.canonical.payment import Payment
from contracts.canonical.procedure import ProcedureEvent
from contracts.canonical.question import Answered, Question
from contracts.canonical.registration import (
    AcceptedEvent,
    ChangedEvent,
    LinkedFilingEvent,
    RegistrationEvent,
    ResidenceEvent,
)
from contracts.canonical.result_file import CheckedEvent, PaperCheckedEvent
from contracts.canonical.shipment import CollectionEvent, ShipmentEvent, TaskEvent
from contracts.canonical.step import Step
from contracts.identifier import TIDY, AgencyId, DossierCode, Key, Label, Name, ProcedureCode, Remark
from contracts.marks import PERSONAL, Coded, Searchable

Unit = Annotated[str, StringConstraints(max_length=5), TIDY]
"""A unit's code as the portal has it, not yet looked up."""


class DossierEvent(Shape):
    """A change of a dossier: its state now, and the change that led there."""

    dossier: Dossier
    change: Change


class StepEvent(Shape):
    """A finished (or paused) step of the internal workflow."""

    dossier: Dossier
    step: Step


class PaymentEvent(Shape):
    """A fee was paid."""

    dossier: Dossier
    payment: Payment


class Filing(Shape):
    """A dossier as a citizen filed it on the national portal, before the desk has looked at it."""

    portal_code: Annotated[Key, Searchable("elsewhere")]
    procedure_code: ProcedureCode
    owner_name: Name
    owner_id: Annotated[str, StringConstraints(max_length=20), TIDY, PERSONAL]
    account: Annotated[Label, PERSONAL] = ""
    agency_id: AgencyId | None = None
    province: Annotated[Unit, Coded("province")] = ""
    district: Annotated[Unit, Coded("district")] = ""
    ward: Annotated[Unit, Coded("ward")] = ""
    address: Remark = ""
    email: Annotated[str, StringConstraints(max_length=254), TIDY, PERSONAL] = ""
    phone: Annotated[str, StringConstraints(max_length=20), TIDY, PERSONAL] = ""
    form: Annotated[dict[str, Any], PERSONAL] = Field(default_factory=dict)
    files: tuple[FiledFile, ...] = Field(default=(), max_length=200)
    filed_at: Instant


class FilingEvent(Shape):
    """The portal handed over a filed dossier; the dossier system opens one of its own for it."""

    filing: Filing


class OwnerEvent(Shape):
    """The portal named the account (TechID) of the owner of a dossier that was filed without one."""

    portal_code: Annotated[Key, Searchable("elsewhere")]
    account: Annotated[Key, PERSONAL]
    at: Instant


class QuestionEvent(Shape):
    """A citizen asked something on the national portal."""

    question: Question


class AnswerEvent(Shape):
    """A question was answered, one of the portal or one asked in the province."""

    question: Question
    answer: Answered


class SyncedEvent(Shape):
    """A partner confirmed that it holds the dossier."""

    dossier_code: DossierCode
    partner: Key
    operation: Key
    at: Instant


class SlipEvent(Shape):
    """The electronic ISO system opened a slip (phiếu) for the dossier, or took the dossier's new due time."""

    dossier_code: DossierCode
    slip: Annotated[Key, Searchable("slip")]
    due_at: Instant | None = None
    at: Instant


class RefusedEvent(Shape):
    """A partner read what it was sent and refused it; its code and its words, which may name people.

    What was refused is the event's subject: a dossier, or something else, and then there is no `dossier_code`.
    """

    dossier_code: DossierCode | None = None
    partner: Key
    operation: Key
    code: Label = ""
    words: Remark = ""
    at: Instant


class SlipStepEvent(Shape):
    """A step changed inside the electronic ISO system."""

    dossier_code: DossierCode
    slip: Annotated[Key, Searchable("slip")]
    step: Step


Direction = Literal["in", "out", "within"]


class EventType(NamedTuple):
    """One event type: the model of its data, titles, whether it comes from the dossier system (`in`), goes to it (`out`),
    or stays in the bus (`within`).

    `status` is the status the dossier must have in it, None where any may be.
    """

    model: type[Shape]
    title_vi: str
    title_en: str
    direction: Direction
    status: int | None = None


PREFIX = "vn.lienthong."

EVENTS: dict[str, EventType] = {
    "vn.lienthong.dossier.submitted.v1": EventType(DossierEvent, "Công dân nộp hồ sơ", "A dossier was filed", "in", 1),
    "vn.lienthong.dossier.received.v1": EventType(
        DossierEvent, "Tiếp nhận hồ sơ", "The desk received the dossier", "in", 2
    ),
    "vn.lienthong.dossier.refused.v1": EventType(
        DossierEvent, "Từ chối tiếp nhận", "The desk refused the dossier", "in", 3
    ),
    "vn.lienthong.dossier.status_changed.v1": EventType(
        DossierEvent, "Chuyển trạng thái xử lý", "Processing went on", "in"
    ),
    "vn.lienthong.dossier.supplement_requested.v1": EventType(
        DossierEvent, "Yêu cầu bổ sung", "A supplement was asked for", "in", 5
    ),
    "vn.lienthong.dossier.supplemented.v1": EventType(DossierEvent, "Đã bổ sung", "The supplement came", "in"),
    "vn.lienthong.dossier.fee_requested.v1": EventType(
        DossierEvent, "Yêu cầu nghĩa vụ tài chính", "A fee or tax was asked for", "in", 6
    ),
    "vn.lienthong.dossier.withdrawn.v1": EventType(
        DossierEvent, "Rút hồ sơ", "The citizen withdrew the dossier", "in", 7
    ),
    "vn.lienthong.dossier.stopped.v1": EventType(DossierEvent, "Dừng xử lý", "Processing was stopped", "in", 8),
    "vn.lienthong.dossier.result_issued.v1": EventType(DossierEvent, "Có kết quả", "The result was issued", "in", 9),
    "vn.lienthong.dossier.returned.v1": EventType(
        DossierEvent, "Đã trả kết quả", "The result was handed over", "in", 10
    ),
    "vn.lienthong.dossier.corrected.v1": EventType(
        DossierEvent, "Sửa thông tin hồ sơ", "The desk corrected the dossier's data", "in"
    ),
    "vn.lienthong.dossier.step_completed.v1": EventType(
        StepEvent, "Hoàn thành bước xử lý", "A workflow step was completed", "in"
    ),
    "vn.lienthong.payment.completed.v1": EventType(PaymentEvent, "Đã nộp phí, lệ phí", "A fee was paid", "in"),
    "vn.lienthong.payment.requested.v1": EventType(
        OrderEvent, "Lập yêu cầu thanh toán", "An order was made of fees", "within"
    ),
    "vn.lienthong.payment.link_created.v1": EventType(
        LinkEvent, "Đã có liên kết thanh toán", "The citizen can pay by a link", "out"
    ),
    "vn.lienthong.payment.reported.v1": EventType(
        ReportEvent, "Nền tảng thanh toán báo kết quả", "The payment platform told of a payment", "within"
    ),
    "vn.lienthong.payment.confirmed.v1": EventType(
        ConfirmedEvent, "Đã thanh toán trực tuyến", "An order was paid online", "out"
    ),
    "vn.lienthong.payment.failed.v1": EventType(
        FailedEvent, "Thanh toán không thành công", "An order was not paid", "out"
    ),
    "vn.lienthong.payment.refund_due.v1": EventType(RefundEvent, "Phải hoàn phí", "Money has to be given back", "out"),
    "vn.lienthong.payment.disputed.v1": EventType(
        DisputedEvent, "Thanh toán không khớp", "A payment does not fit what was asked for", "out"
    ),
    "vn.lienthong.payment.receipt_issued.v1": EventType(
        ReceiptEvent, "Đã có biên lai", "The receipt of a payment is there", "out"
    ),
    "vn.lienthong.postal.shipment_changed.v1": EventType(
        ShipmentEvent, "Bưu gửi thay đổi trạng thái", "A postal item moved", "out"
    ),
    "vn.lienthong.postal.collection_requested.v1": EventType(
        CollectionEvent, "Yêu cầu thu gom hồ sơ", "The post is asked to fetch papers", "in"
    ),
    "vn.lienthong.budget.dossier_changed.v1": EventType(
        BudgetDossierEvent, "Hồ sơ mã số ĐVQHNS thay đổi", "A dossier for a budget-unit code changed", "out"
    ),
    "vn.lienthong.budget.code_issued.v1": EventType(
        CodeIssuedEvent, "Đơn vị đã có mã số ĐVQHNS", "A unit has its budget-unit code", "out"
    ),
    "vn.lienthong.desk.task_opened.v1": EventType(
        TaskEvent, "Việc cần cán bộ xử lý", "Something is left for a person at the desk", "out"
    ),
    "vn.lienthong.portal.dossier_filed.v1": EventType(
        FilingEvent, "Hồ sơ nộp trên Cổng DVC quốc gia", "A dossier was filed on the national portal", "out"
    ),
    "vn.lienthong.portal.dossier_synced.v1": EventType(
        SyncedEvent, "Cổng DVC quốc gia đã có hồ sơ", "The national portal holds the dossier", "out"
    ),
    "vn.lienthong.portal.owner_identified.v1": EventType(
        OwnerEvent, "Cổng DVC quốc gia cho biết tài khoản chủ hồ sơ", "The portal named the owner's account", "out"
    ),
    "vn.lienthong.question.asked.v1": EventType(
        QuestionEvent, "Công dân hỏi trên Cổng DVC quốc gia", "A question was asked on the national portal", "out"
    ),
    "vn.lienthong.question.answered.v1": EventType(
        AnswerEvent, "Trả lời câu hỏi của công dân", "A citizen's question was answered", "in"
    ),
    "vn.lienthong.iso.slip_opened.v1": EventType(
        SlipEvent, "Hệ thống ISO đã mở phiếu", "The electronic ISO system opened a slip", "out"
    ),
    "vn.lienthong.iso.step_changed.v1": EventType(
        SlipStepEvent, "Hệ thống ISO cập nhật bước", "A step changed in the electronic ISO system", "out"
    ),
    "vn.lienthong.result.checked.v1": EventType(
        CheckedEvent, "Đã kiểm tra tệp kết quả", "A result's file was looked at", "out"
    ),
    "vn.lienthong.paper.checked.v1": EventType(
        PaperCheckedEvent, "Đã kiểm tra tệp thành phần hồ sơ", "The file of a paper was looked at", "out"
    ),
    "vn.lienthong.exchange.refused.v1": EventType(
        RefusedEvent, "Đối tác từ chối", "A partner refused what it was sent", "out"
    ),
    "vn.lienthong.registration.requested.v1": EventType(
        RegistrationEvent, "Gửi đăng ký hộ tịch", "A civil status registration was asked for", "in"
    ),
    "vn.lienthong.registration.accepted.v1": EventType(
        AcceptedEvent, "Hộ tịch đã tiếp nhận đăng ký", "The civil registry took the registration", "out"
    ),
    "vn.lienthong.registration.changed.v1": EventType(
        ChangedEvent, "Hộ tịch cập nhật kết quả", "The civil registry told what became of it", "out"
    ),
    "vn.lienthong.insurance.card_changed.v1": EventType(
        CardEvent, "Thẻ BHYT của trẻ thay đổi", "A child's health insurance card moved on", "out"
    ),
    "vn.lienthong.residence.decided.v1": EventType(
        ResidenceEvent,
        "Công an giải quyết đăng ký thường trú của trẻ",
        "The police decided where a child is registered to live",
        "out",
    ),
    "vn.lienthong.household.registration_changed.v1": EventType(
        HouseholdDecision,
        "Đăng ký kinh doanh cập nhật kết quả hộ kinh doanh",
        "The business register told what became of a household registration",
        "out",
    ),
    "vn.lienthong.linked.dossier_filed.v1": EventType(
        LinkedFilingEvent, "Hồ sơ liên thông mới nộp", "A dossier was filed with the linked public services", "out"
    ),
    "vn.lienthong.catalogue.procedure_changed.v1": EventType(
        ProcedureEvent, "Thủ tục hành chính thay đổi", "A procedure changed in the national catalogue", "out"
    ),
    "vn.lienthong.legal.document_changed.v1": EventType(
        LegalTextEvent, "Văn bản pháp luật thay đổi", "A legal document changed in the national database", "out"
    ),
    "vn.lienthong.legal.document_issued.v1": EventType(
        IssuedTextEvent, "Tỉnh ban hành văn bản pháp luật", "The province issued a legal document", "in"
    ),
    "vn.lienthong.legal.document_posted.v1": EventType(
        PostedTextEvent, "Văn bản của tỉnh đã được đăng", "The national database took the province's document", "out"
    ),
    "vn.lienthong.legal.basis_expired.v1": EventType(
        ExpiredBasisEvent, "Căn cứ pháp lý hết hiệu lực", "Procedures quote an expired legal document", "out"
    ),
}
