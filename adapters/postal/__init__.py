"""Bưu điện Việt Nam (VNPost), public postal service."""

from __future__ import annotations

from dataclasses import replace

from adapters.postal.adapter import CANCEL, COLLECT, ORDER, PostalAdapter
from adapters.postal.client import PostalSettings
from adapters.postal.reconcile import RECONCILE
from adapters.postal.watch import WATCHES
from bus.adapter import Operation, Partner
from bus.policy import PartnerSettings
from contracts.postal.messages import Don, Huy, TraLoi


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """How often the cursor is walked is the province's choice."""
    return replace(partner, polls_every_s=settings.tracks_every_s) if isinstance(settings, PostalSettings) else partner


ADAPTER = Partner(
    name="postal",
    title_vi="Bưu chính công ích (VNPost)",
    title_en="Public postal service (VNPost)",
    operations=(
        Operation(ORDER, "Tạo đơn trả kết quả", "Order the return of results", "key", message=Don, answer=TraLoi),
        Operation(
            COLLECT, "Tạo đơn thu gom hồ sơ", "Order the collection of papers", "key", message=Don, answer=TraLoi
        ),
        Operation(CANCEL, "Hủy đơn", "Cancel orders", "key", message=Huy, answer=TraLoi),
    ),
    settings=PostalSettings,
    open=PostalAdapter,
    polls_every_s=300.0,
    reconcile=RECONCILE,
    watches=WATCHES,
    assumed=(
        "an order sent again under its OrderNumber is answered 101 and makes no second item",
        "a collection's OrderNumber is the dossier's code with -TG behind it",
        "a cancellation sent again is answered 100, or 500 with the words đã hủy",
        "the numbers of statusCode: VNPost's list is not public; rows of postal_status.csv say it right",
        "lastId is a document id: rows behind it come in its order, and its first bytes are the second a row was written",
        "paths of order, cancellation and tracking; the last is asked for by GET with pagesize and lastId",
        "districts are 0, also in addresses of before the reform",
        "the merged province Vĩnh Long keeps VNPost's number 89",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER"]
