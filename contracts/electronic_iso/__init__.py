"""Hệ thống ISO điện tử của tỉnh: SOAP 1.1 with WS-Security UsernameToken digest. A proposal: the local contract is not public."""

from importlib.resources import files

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Đặc tả kết nối Hệ thống ISO điện tử (proposed)",
    version="1.0",
    in_force_from="2023-01-01",
    source="domain notes 3.12",
    verified=False,
)

NAMESPACE = "urn:vn:iso-dien-tu:v1"


def wsdl() -> bytes:
    """The service description, both directions, as agreed."""
    return files(__package__).joinpath("service.wsdl").read_bytes()
