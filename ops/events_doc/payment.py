"""The examples that speak of an online payment: an order of two fees, its link, what was paid, and what did not fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from contracts.canonical.dossier import Dossier
from contracts.envelope import Envelope
from contracts.online_payment.messages import ThongBao
from mappings.online_payment.inbound import lapsed, link, notified, receipt
from mappings.online_payment.orders import ask, close, record

AT = datetime(2026, 7, 7, 2, 0, tzinfo=UTC)
LINK = "https://thanhtoan.example.vn/pay/"
RECEIPT = b"%PDF-1.4\n%%EOF\n"


def payment_events(fees_asked: Envelope) -> Iterator[Envelope]:
    """Everything that may follow from fees being asked for."""
    message: Any = fees_asked.message
    dossier: Dossier = message.dossier
    asked = ask(dossier, {}, AT)
    order: Any = asked.events[0].message
    paid = reported(order.order, "GD000123")
    told: Any = paid.message
    confirmed = record(told, asked.memo)
    yield from (asked.events[0], link(dossier.code, order.order, LINK + order.order.reference, AT), paid)
    yield from confirmed.events
    given_up: Any = lapsed(order.order, AT).message
    other: Any = reported(order.order, "GD000124", "1000").message
    for decided in (record(given_up, asked.memo), record(told, asked.memo | close().memo), record(other, asked.memo)):
        yield from decided.events
    yield receipt(confirmed.events[0].message, RECEIPT, AT)


def reported(order: Any, transaction: str, amount: str = "") -> Envelope:
    """A notice of the platform: paid."""
    return notified(
        ThongBao(
            LoaiBanTin="CONFIRM",
            MaLoi="00",
            MaDoiTac="TRAVINH01",
            MaThamChieu=order.reference,
            SoTien=amount or str(order.amount_vnd),
            MaTienTe="VND",
            MaGiaoDich=transaction,
            MaNganHang="VCB",
            ThoiGianGD="20260707090412",
            ThongTinGiaoDich=f"THANH TOAN HO SO {order.reference}",
        )
    )
