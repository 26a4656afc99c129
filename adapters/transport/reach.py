"""Whether a partner's address can be reached at all: a connection, and nothing said."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from bus.outcome import Cause, Delivered, Outcome, Transient


async def reach(url: str, limit_s: float) -> Outcome:
    """Delivered when somebody takes the connection; what listens there is not asked."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(limit_s):
            port = parts.port or (443 if parts.scheme == "https" else 80)
            _reader, writer = await asyncio.open_connection(parts.hostname or "", port)
            writer.close()
        return Delivered()
    except (OSError, TimeoutError, ValueError) as error:
        return Transient(cause=Cause.NOT_SENT, words=f"no connection ({type(error).__name__})")
