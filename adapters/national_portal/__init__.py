"""Cổng Dịch vụ công quốc gia."""

from __future__ import annotations

from dataclasses import replace

from adapters.national_portal.adapter import PortalAdapter
from adapters.national_portal.client import PortalSettings
from adapters.national_portal.receive import RECEIVERS
from adapters.national_portal.reconcile import RECONCILE
from bus.adapter import Call, Found, Lookup, Operation, Partner
from bus.outcome import Outcome
from bus.policy import PartnerSettings
from contracts.national_portal.messages import (
    HoiDap,
    HoSo,
    KetQuaHoiDap,
    TaiKhoan,
    TepDaLay,
    TepHoi,
    TienDo,
    TraCuu,
    TrangThaiHoSo,
)
from contracts.portal_envelope import Reply


async def _tech_id(adapter: PortalAdapter, question: TraCuu, call: Call) -> Found | Outcome:
    return await adapter.look_up(question, call)


async def _file(adapter: PortalAdapter, question: TepHoi, call: Call) -> Found | Outcome:
    return await adapter.fetch(question, call)


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """The province's pace of asking; `progress_dedupe = "none"`: a progress row with an unknown outcome waits for a person."""
    assert isinstance(settings, PortalSettings)
    partner = replace(partner, polls_every_s=settings.polls_every_s)
    if settings.progress_dedupe == "none":
        operations = tuple(
            replace(o, dedupe="none") if o.name == "CapNhatTienDoHoSoMC" else o for o in partner.operations
        )
        return replace(partner, operations=operations)
    return partner


ADAPTER = Partner(
    name="national_portal",
    title_vi="Cổng Dịch vụ công quốc gia",
    title_en="National public-service portal",
    operations=(
        Operation(
            "DongBoHoSoMC",
            "Đồng bộ hồ sơ",
            "Sync a dossier",
            "query",
            full_state=True,
            batch=20,
            message=HoSo,
            answer=Reply,
        ),
        Operation(
            "CapNhatTienDoHoSoMC",
            "Cập nhật tiến độ",
            "Add a progress row",
            "key",
            batch=10,
            message=TienDo,
            answer=Reply,
        ),
        Operation(
            *(
                "DongBoTrangThaiHoSo",
                "Báo trạng thái dịch vụ của Cổng",
                "Tell the status of a service of the portal's own",
            ),
            "key",
            message=TrangThaiHoSo,
            answer=Reply,
        ),
        Operation(
            "DongBoHoiDap", "Đồng bộ hỏi đáp", "Publish a question with its answer", "key", message=HoiDap, answer=Reply
        ),
        Operation(
            *("DongBoKetQuaHoiDapGuiTuDVCQG", "Trả lời câu hỏi trên Cổng", "Answer a question of the portal"),
            "key",
            message=KetQuaHoiDap,
            answer=Reply,
        ),
        Operation(
            "TraCuuTechID",
            "Tra cứu tài khoản chủ hồ sơ",
            "Find the owner's account",
            "key",
            message=TraCuu,
            answer=Reply,
            reads=True,
        ),
    ),
    settings=PortalSettings,
    open=PortalAdapter,
    polls_every_s=300.0,
    lookups=(
        Lookup(
            name="tech_id",
            title_vi="Tra cứu TechID",
            title_en="Find an account of the portal",
            question=TraCuu,
            answer=TaiKhoan,
            ask=_tech_id,
            key="mstorcmnd",
        ),
        Lookup(
            name="file",
            title_vi="Lấy tệp của hồ sơ nộp trên Cổng",
            title_en="Fetch a file of a filed dossier",
            question=TepHoi,
            answer=TepDaLay,
            ask=_file,
            key="DuongDan",
        ),
    ),
    assumed=(
        "a façade (facade_path) takes the same body less `session`, which it keeps and renews by itself",
        'what the portal hands over is signed: X-Lienthong-Signature over time, hoso and body (push_auth = "secret" otherwise)',
        "DongBoTrangThaiHoSo: `type` stands beside `data`; a repeat (MaHoSo + TrangThai + NgayXuLy) is dropped",
        "the three services of questions and answers: field names, and that a repeat (MaHoiDap + NgayTraLoi) is dropped",
        "TraCuuTechID answers with a list of accounts, each with its TechID",
        "a filed dossier says the agency it is for in MaDonVi",
        "CapNhatTienDoHoSoMC: a repeated row (MaHoSo + ThoiDiemXuLy + TrangThai) is dropped by the portal; a live test would confirm it "
        '(progress_dedupe = "none" otherwise)',
        "TraCuuHoSo is asked by MaHoSo and answers with a row when the dossier exists",
        "a session error is any non-zero code whose words mention session, phiên or đăng nhập, or a 401",
        "an array is taken or refused as a whole unless `result` names rows",
    ),
    tune=_tune,
    reconcile=RECONCILE,
)

__all__ = ["ADAPTER", "RECEIVERS"]
