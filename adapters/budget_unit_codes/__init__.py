"""Mã số đơn vị có quan hệ với ngân sách (MSĐVQHNS), Bộ Tài chính."""

from __future__ import annotations

from dataclasses import replace

from adapters.budget_unit_codes.adapter import CONFIRM, NAME, BudgetAdapter, unit_by_code, units_by_owner
from adapters.budget_unit_codes.client import BudgetSettings
from adapters.budget_unit_codes.reconcile import RECONCILE
from adapters.budget_unit_codes.watch import WATCHES
from bus.adapter import Lookup, Operation, Partner
from bus.policy import PartnerSettings
from contracts.budget_unit_codes.messages import TraLoi, XacNhan
from contracts.canonical.budget import BudgetUnit, BudgetUnitQuestion, BudgetUnitSearch

HOUR_S = 3600.0


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """How often dossiers are asked for is the province's choice."""
    return replace(partner, polls_every_s=settings.asks_every_s) if isinstance(settings, BudgetSettings) else partner


ADAPTER = Partner(
    name=NAME,
    title_vi="Mã số đơn vị có quan hệ với ngân sách, Bộ Tài chính",
    title_en="Budget-unit codes of the Ministry of Finance",
    operations=(
        Operation(
            CONFIRM, "Xác nhận đã nhận hồ sơ", "Confirm that a dossier was seen", "key", message=XacNhan, answer=TraLoi
        ),
    ),
    settings=BudgetSettings,
    open=BudgetAdapter,
    polls_every_s=900.0,
    lookups=(
        Lookup(
            name="unit",
            title_vi="Tra cứu đơn vị theo mã số ĐVQHNS",
            title_en="Unit by its budget-unit code",
            question=BudgetUnitQuestion,
            answer=BudgetUnit,
            ask=unit_by_code,
            key="code",
            cache_s=HOUR_S,
        ),
        Lookup(
            name="search",
            title_vi="Tra cứu đơn vị theo mã số thuế hoặc tên",
            title_en="Units by tax code or name",
            question=BudgetUnitSearch,
            answer=BudgetUnit,
            ask=units_by_owner,
            cache_s=HOUR_S,
        ),
    ),
    reconcile=RECONCILE,
    watches=WATCHES,
    assumed=(
        "the whole contract is proposed: names, paths, the envelope, maLoi other than 00",
        "danhSachHoSo lists what changed in the window, a certificate that came later included; rows carry no time of their change",
        "times are dd/MM/yyyy HH:mm:ss and days dd/MM/yyyy, in Vietnamese time",
        "xacNhan names the dossier and the state we saw; said twice it is the same",
        "the certificate is a PDF in Base64 of at most 5 MiB",
        "after a refusal a unit files anew, under another maHoSoBTC",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER"]
