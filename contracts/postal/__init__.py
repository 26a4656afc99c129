"""Bưu chính công ích, VNPost: results to the citizen, papers to the desk, and where each item is."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Kết nối dịch vụ bưu chính công ích của VNPost (BCCI/HCC), as two public clients carry it out",
    version="2025",
    in_force_from="2016-12-16",
    source="domain notes 3.10; S1 opencps-v2 at 2c719850; S2 DichVuCong at 7d1730ca; QĐ 45/2016/QĐ-TTg",
    verified=True,
)

COLLECTION_MARK = "-TG"
"""Behind the dossier's code in the OrderNumber of a collection (thu gom). Assumed: VNPost knows an order by its number alone, so the
collection and the return of one dossier need two; a live order would confirm what it takes."""
