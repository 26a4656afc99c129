"""Phần mềm dịch vụ công liên thông (DVCLT), Bộ Công an: filed births and deaths in, their progress out."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Kết nối phần mềm dịch vụ công liên thông khai sinh, khai tử (as a public client carries it out)",
    version="2023",
    in_force_from="2023-07-10",
    source="domain notes 3.5; S2 DichVuCong at 7d1730ca",
    verified=True,
)

KINDS = {"KS": "birth", "KT": "death"}
"""Code list hotich.module, as the linked-services software writes it."""
