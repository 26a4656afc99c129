"""CSDL quốc gia về thủ tục hành chính: procedures, decisions, agencies and fields, pulled behind the national portal's envelope."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Tài liệu kết nối CSDL quốc gia về TTHC (LayThuTuc and its lists, as two public clients carry them out)",
    version="2020, with units and kinds added since",
    in_force_from="2019-12-09",
    source="S1 VietOpenCPS/opencps-v2 at 2c719850; S2 DichVuCong at 7d1730ca; domain notes 3.2",
    verified=True,
)
