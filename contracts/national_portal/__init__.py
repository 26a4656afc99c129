"""Cổng Dịch vụ công quốc gia: dossiers and progress out, filed dossiers in, as one-stop systems exchange them with the portal."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Tài liệu kết nối Cổng DVCQG với hệ thống một cửa (as two public clients carry it out)",
    version="2020, with fields added since",
    in_force_from="2019-12-09",
    source="S1 VietOpenCPS/opencps-v2 at 2c719850; S2 DichVuCong at 7d1730ca",
    verified=True,
)
