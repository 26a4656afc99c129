"""What a partner's contract is: which document, which version, since when, and how sure we are of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContractDocument:
    """The document behind a room. `verified` is False where the real one is not public and ours is a proposal."""

    document: str
    version: str
    in_force_from: str
    source: str
    verified: bool
