"""Hộ tịch, Bộ Tư pháp: registrations out, results by asking, as a public client of the national bus carries it out."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Kết nối Hệ thống thông tin đăng ký, quản lý hộ tịch qua NDXP (as a public client carries it out)",
    version="2023",
    in_force_from="2021-09-13",
    source="domain notes 3.5; S2 DichVuCong at 7d1730ca; S9 Công văn 3160/BTP-CNTT",
    verified=True,
)

MODULES = {"birth": "LTKS", "death": "LTKT", "marriage": "LTKH"}
"""Code list hotich.module."""
