"""Đăng ký doanh nghiệp, Bộ Tài chính: enterprises looked up by code, household registrations told by the province."""

from importlib.resources import files

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Kết nối Hệ thống thông tin quốc gia về đăng ký doanh nghiệp qua NDXP (as public clients carry the look-up out; "
    "dongBoHoSoHKD and the SOAP face proposed)",
    version="2024",
    in_force_from="2024-01-16",
    source="domain notes 3.7; S2 DichVuCong at 7d1730ca; S9 Công văn 448/BKHĐT-ĐKKD",
    verified=True,
)

NAMESPACE = "urn:vn:dang-ky-doanh-nghiep:v1"
SERVICE, PORT = "DangKyDoanhNghiep", "TraCuu"


def wsdl() -> bytes:
    """The SOAP face. Assumed: the registry's own WSDL is not public."""
    return files(__package__).joinpath("service.wsdl").read_bytes()
