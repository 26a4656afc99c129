"""Đăng nhập một lần: VNConnect (Cổng Dịch vụ công quốc gia) and VNeID (Bộ Công an) as OpenID Connect providers."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="VNConnect and VNeID sign-in over OpenID Connect (as public clients carry it out)",
    version="2026",
    in_force_from="2020-01-01",
    source="domain notes 3.3; S1 opencps-v2 at 2c719850, S2 DichVuCong at 7d1730ca, S8 vneid-keycloak-extensions at ecfb338b",
    verified=True,
)

ACCOUNT_KINDS = {"citizen": "1", "enterprise": "2", "organisation": "3"}
"""Code list sso.LoaiTaiKhoan (S1, S2)."""
VNEID_KINDS = {"citizen": "1", "organisation": "2"}
"""Assumed: VNeID's accountType counts 1 a person, 2 an organisation; its code list is not public."""
LEVEL_TO_FILE = 2
"""The level of electronic identity that is needed to file a dossier (general knowledge; NĐ 69/2024/NĐ-CP)."""
