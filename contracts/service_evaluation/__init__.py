"""EMC, hệ thống giám sát, đo lường mức độ cung cấp và sử dụng dịch vụ công trực tuyến: usage events out, and nothing back."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Gửi sự kiện sử dụng dịch vụ công tới EMC, TrackingMCDT (as a public client carries it out)",
    version="2025",
    in_force_from="2024-03-01",
    source="domain notes 3.8; S2 DichVuCong at 7d1730ca",
    verified=True,
)
