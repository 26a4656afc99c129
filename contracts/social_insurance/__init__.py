"""Bảo hiểm xã hội Việt Nam over the national bus: insured people looked up, health cards of children under six asked for."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Bảo hiểm xã hội, LGSP Thái Nguyên (trang dành cho nhà phát triển); dangKyTheBHYT and traCuuTheBHYT proposed",
    version="2024",
    in_force_from="2024-01-01",
    source="domain notes 2.1 and 3.9; S5, S6",
    verified=True,
)

CARD_PROCEDURES = frozenset({"2.000986", "2.001023"})
"""Births that bring a health card for a child under six (domain notes 7b)."""
SEX = {"male": "1", "female": "2", "other": "3"}
"""Code list bhxh.gioiTinh."""
PRECISION = {"day": "0", "year": "1", "month": "2"}
"""Code list bhxh.loaiNgaySinh."""
STATES = {"1": "received", "2": "supplement", "4": "issued", "6": "refused"}
"""trangThai of a card (proposed)."""
