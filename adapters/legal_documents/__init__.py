"""Cơ sở dữ liệu quốc gia về văn bản pháp luật."""

from __future__ import annotations

from dataclasses import replace

from adapters.legal_documents.adapter import LegalAdapter, LegalQuestion, LegalSettings
from bus.adapter import Call, Found, Lookup, Operation, Partner
from bus.outcome import Outcome
from bus.policy import PartnerSettings
from contracts.canonical.legal import LegalText
from contracts.legal_documents.messages import GuiVanBan


async def _look_up(adapter: LegalAdapter, question: LegalQuestion, call: Call) -> Found | Outcome:
    return await adapter.look_up(question, call)


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """`polls_every_s` sets the pace of the feed."""
    assert isinstance(settings, LegalSettings)
    return replace(partner, polls_every_s=settings.polls_every_s)


ADAPTER = Partner(
    name="legal_documents",
    title_vi="CSDL quốc gia về văn bản pháp luật",
    title_en="National database of legal documents",
    operations=(
        Operation("guiVanBan", "Đăng văn bản", "Post a document", "query", full_state=True, message=GuiVanBan),
    ),
    settings=LegalSettings,
    open=LegalAdapter,
    polls_every_s=900.0,
    lookups=(
        Lookup(
            name="document",
            title_vi="Tra cứu văn bản pháp luật",
            title_en="Look up a legal document",
            question=LegalQuestion,
            answer=LegalText,
            ask=_look_up,
            key="number",
            cache_s=3600.0,
        ),
    ),
    assumed=(
        "the whole contract is a proposal (service.wsdl); the ministry's interface would confirm it",
        "soKyHieu and coQuanBanHanh together identify a document; guiVanBan repeated for them is an update under the same itemId",
        "the cursor of capNhatTu is the database's own text; one that is too old is refused with VBPL-003 and read from the beginning",
        "ngayHetHieuLuc is the first day without force",
        "a province's document is posted within 15 calendar days of its promulgation (NĐ 52/2015/NĐ-CP)",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER"]
