"""Nền tảng thanh toán của Cổng DVC quốc gia (PaymentPlatform): orders, questions and receipts out, notices of payment in."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Tài liệu kết nối nền tảng thanh toán trực tuyến Cổng DVCQG (as a public client carries it out)",
    version="1.0.6",
    in_force_from="2020-03-13",
    source="domain notes 3.4; S2 DichVuCong at 7d1730ca",
    verified=True,
)

SUCCESS = "00"
"""MaLoi: done; in a notice, paid. Any other is not (code list payment.MaLoi)."""
PAID, PENDING, FAILED = "1", "3", "4"
"""TrangThaiGD (S2). Assumed: an order nobody has paid yet is pending too."""
