"""MaXacThuc: SHA-256 over the fields a message names, joined by `|`, the secret last (domain notes 3.4; no HMAC).

The joined string holds the secret: it is neither kept nor shown. Checksums are compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any


def checksum(fields: Mapping[str, Any], signed: Sequence[str], secret: str) -> str:
    """Lower-case hex of the values of `signed` in their order; what is absent counts as empty text. Text is taken in NFC."""
    values = [unicodedata.normalize("NFC", str(fields.get(name, ""))) for name in signed]
    return hashlib.sha256("|".join([*values, secret]).encode()).hexdigest()


def is_right(fields: Mapping[str, Any], signed: Sequence[str], secrets: Sequence[str]) -> bool:
    """Whether `MaXacThuc` fits by one of the secrets (two while one replaces the other); an empty secret fits nothing."""
    given = str(fields.get("MaXacThuc", "")).lower().encode()
    fits = [hmac.compare_digest(given, checksum(fields, signed, secret).encode()) for secret in secrets if secret]
    return any(fits)
