"""Phần mềm dịch vụ công liên thông (DVCLT), Bộ Công an: filed births and deaths in, their progress out."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Kết nối phần mềm dịch vụ công liên thông khai sinh, khai tử (as a public client carries it out); cuTru proposed",
    version="2023",
    in_force_from="2023-07-10",
    source="domain notes 3.5; S2 DichVuCong at 7d1730ca",
    verified=True,
)

KINDS = {"KS": "birth", "KT": "death"}
"""Code list hotich.module, as the linked-services software writes it."""
RESIDENCE_PROCEDURES = frozenset({"2.000986"})
"""Births after which the police register where the child lives (domain notes 7b)."""
DECISIONS = {"registered": "4", "refused": "6"}
"""What the police decided of a residence. Assumed: in the numbers of trangThai, has a result and refused."""
