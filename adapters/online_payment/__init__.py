"""Nền tảng thanh toán của Cổng Dịch vụ công quốc gia."""

from __future__ import annotations

from adapters.online_payment.adapter import (
    ASK,
    BILL,
    CLOSE,
    COLLECTED,
    INIT,
    QUERY,
    RECORD,
    REFUND,
    REVIEW,
    PaymentAdapter,
)
from adapters.online_payment.client import PaymentSettings
from adapters.online_payment.receive import RECEIVERS
from adapters.online_payment.reconcile import RECONCILE
from adapters.online_payment.watch import WATCHES
from bus.adapter import Operation, Partner
from contracts.online_payment.messages import KetQuaTraSoat, KhoiTao, TraSoat

ADAPTER = Partner(
    name="online_payment",
    title_vi="Nền tảng thanh toán trực tuyến",
    title_en="Online payment platform",
    operations=(
        Operation(ASK, "Lập yêu cầu thanh toán", "Make orders of fees", "key", inside=True),
        Operation(COLLECTED, "Ghi nhận phí thu trực tiếp", "Note fees collected at the counter", "key", inside=True),
        Operation(CLOSE, "Ghi nhận hồ sơ kết thúc", "Note that the dossier is over", "key", inside=True),
        Operation(RECORD, "Ghi nhận kết quả thanh toán", "Record what was paid", "key", inside=True),
        Operation(
            INIT, "Khởi tạo thanh toán", "Create an order", "query", message=KhoiTao, answer=KetQuaTraSoat, aside=True
        ),
        Operation(
            QUERY,
            "Theo dõi thanh toán",
            "Watch an order",
            "key",
            message=TraSoat,
            answer=KetQuaTraSoat,
            aside=True,
            reads=True,
        ),
        Operation(
            BILL,
            "Lấy biên lai",
            "Fetch the receipt",
            "key",
            message=TraSoat,
            answer=KetQuaTraSoat,
            aside=True,
            reads=True,
        ),
        Operation(REFUND, "Hoàn phí", "Give money back", "none", aside=True, inside=True),
        Operation(
            REVIEW, "Đối chiếu thanh toán", "Look into a payment that does not fit", "none", aside=True, inside=True
        ),
    ),
    settings=PaymentSettings,
    open=PaymentAdapter,
    reconcile=RECONCILE,
    watches=WATCHES,
    assumed=(
        "codes of failure other than 00 (faults.py); a live refusal would confirm each",
        "an order nobody has paid yet is TrangThaiGD 3, and its UrlThanhToan is told again when it is asked for",
        "QUERY and GET_BILL name an order by MaThamChieu and the ThoiGianGD of its INIT",
        "our answer to a notice is signed over MaLoi, MoTaLoi, MaDoiTac, ThoiGianGD in this order, with the notice's own time",
        "LoaiPhiLePhi is 1 lệ phí, 2 phí, as at the national portal; a client sends the word Phi",
        "TinhNguoiNop is the province's name; HuyenNguoiNop may be empty",
        "the older variant: its question is signed over MaDoiTac, MaHoSo, MaTraCuuTT, ThoiGianGD; its answer 1 means to be paid",
        "a fine is MaDichVu 1, and its ThoiGianViPham is written as all times of the platform",
        "an order may be paid for thirty days (lapses_after_s)",
    ),
)

__all__ = ["ADAPTER", "RECEIVERS"]
