"""Legal documents between the canonical model and the national database's messages."""

from mappings.convert import Converter, choice

VALIDITY: Converter = choice({"not_yet": 0, "in_force": 1, "partly_expired": 2, "expired": 3, "suspended": 4})
RELATION: Converter = choice(
    {"based_on": "CAN_CU", "amends": "SUA_DOI", "replaces": "THAY_THE", "guides": "HUONG_DAN", "repeals": "BAI_BO"}
)
