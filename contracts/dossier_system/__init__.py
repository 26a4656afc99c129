"""The province's dossier system (Hệ thống thông tin giải quyết TTHC): our own contract, CloudEvents both ways."""

from contracts.contract import ContractDocument

CONTRACT = ContractDocument(
    document="docs/events.md", version="1", in_force_from="2026-01-01", source="this product", verified=True
)
