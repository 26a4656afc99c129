"""A signature on a call, ours or one to us: HMAC-SHA256 over time, id and body, so that it can be neither forged, altered nor replayed.

Header `X-Lienthong-Signature: t=<seconds since the epoch>,v1=<hex>`; the signed text is `<t>.<id>.<body>`. Two secrets may be valid
while one replaces the other (reliability S06).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

HEADER = "X-Lienthong-Signature"
WINDOW_S = 300
_STAMP = re.compile(r"[0-9]{1,12}\Z")


def sign(secret: str, at: int, event_id: str, body: bytes) -> str:
    """The header's value."""
    return f"t={at},v1={_digest(secret, at, event_id, body)}"


def verify(header: str, secrets: Sequence[str], now: float, event_id: str, body: bytes) -> bool:
    """Whether the header signs this body for this id, by one of the secrets (an empty one is none), within five minutes of `now`."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    at = parts.get("t", "")
    if not _STAMP.match(at) or abs(now - int(at)) > WINDOW_S:
        return False
    given = parts.get("v1", "").encode()
    wanted = (_digest(secret, int(at), event_id, body).encode() for secret in secrets if secret)
    return any(hmac.compare_digest(given, one) for one in wanted)


def _digest(secret: str, at: int, event_id: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.{event_id}.".encode() + body, hashlib.sha256).hexdigest()
