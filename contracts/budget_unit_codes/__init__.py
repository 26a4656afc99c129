"""MSĐVQHNS, mã số đơn vị có quan hệ với ngân sách, Bộ Tài chính: dossiers and codes by asking, and our word that we have seen them."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Kết nối hệ thống đăng ký mã số ĐVQHNS qua NDXP, đề xuất (traCuu, danhSachHoSo, xacNhan)",
    version="đề xuất 1",
    in_force_from="2016-01-01",
    source="domain notes 3.6; TT 185/2015/TT-BTC; the schema is not public",
    verified=False,
)

PAGE = 100
"""Rows of `danhSachHoSo` on a page; a shorter page is the last."""

SERVICES = {
    "1": "unit",
    "2": "other_unit",
    "3": "project_preparation",
    "4": "project_execution",
    "5": "phase_change",
    "6": "information_change",
}
"""loaiDichVu: the six online services (domain notes 3.6)."""

STATES = {"1": "new", "2": "received", "3": "refused", "4": "processing", "5": "supplement", "9": "issued"}
"""trangThai; each is the dossier's status of the same number (domain notes 4)."""
