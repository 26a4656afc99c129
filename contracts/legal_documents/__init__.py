"""CSDL quốc gia về văn bản pháp luật (VBPL): SOAP 1.1. A proposal: the real interface is not public."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="Đặc tả kết nối CSDL quốc gia về văn bản pháp luật (proposed)",
    version="1.0",
    in_force_from="2026-01-01",
    source="domain notes 3.11",
    verified=False,
)

NAMESPACE = "urn:vn:vbpl:v1"


def wsdl() -> bytes:
    """The service description as proposed."""
    return files(__package__).joinpath("service.wsdl").read_bytes()


@cache
def texts() -> tuple[dict[str, str], ...]:
    """Real acts for examples and simulators, their days as generally known. Nothing the bus decides rests on them."""
    lines = files(__package__).joinpath("texts.csv").read_text(encoding="utf-8").splitlines()
    return tuple(csv.DictReader(lines))
