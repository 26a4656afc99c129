"""Cơ sở dữ liệu quốc gia về thủ tục hành chính."""

from __future__ import annotations

from dataclasses import replace

from adapters.procedure_catalogue.adapter import CatalogueAdapter
from adapters.procedure_catalogue.catalogue import FoundProcedure, ProcedureQuestion
from adapters.procedure_catalogue.client import CatalogueSettings
from bus.adapter import Call, Found, Lookup, Partner
from bus.outcome import Outcome
from bus.policy import PartnerSettings


async def _find(adapter: CatalogueAdapter, question: ProcedureQuestion, _call: Call) -> Found | Outcome:
    return await adapter.find(question)


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """`polls_every_s` sets the pace of its turns."""
    assert isinstance(settings, CatalogueSettings)
    return replace(partner, polls_every_s=settings.polls_every_s)


ADAPTER = Partner(
    name="procedure_catalogue",
    title_vi="Cơ sở dữ liệu quốc gia về thủ tục hành chính",
    title_en="National database of administrative procedures",
    operations=(),
    settings=CatalogueSettings,
    open=CatalogueAdapter,
    polls_every_s=600.0,
    lookups=(
        Lookup(
            name="procedure",
            title_vi="Tra cứu thủ tục hành chính",
            title_en="Search administrative procedures",
            question=ProcedureQuestion,
            answer=FoundProcedure,
            ask=_find,
            key="words",
        ),
    ),
    assumed=(
        "the lines of LayDanhSachTTHC carry MATTHC, TENTTHC, TRANGTHAI, IDQUYETDINHCONGBO and NGAYCAPNHAT, and a changed procedure has a "
        "changed line",
        "LayQDCB answers with the decision's number, days (dd/MM/yyyy) and day of publication",
        "LayDanhMucThuTucThuocLoai is asked by maNhom",
        "a reading is good with error_code 0 and rows; the words of success are asked for where something was written",
        "the catalogue's session and the dossier services' live side by side under one account",
        "a façade (facade_path) has the catalogue's services beside those for dossiers",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER"]
