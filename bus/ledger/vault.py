"""A partner's sessions and tokens in the ledger."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from bus.adapter import Token
from bus.clock import Clock
from bus.ledger import duty
from bus.ledger.book import Write

REFRESH_TTL_S = 45.0
REFRESH_POLL_S = 0.05


class SqlVault:
    """A partner's tokens, sealed in the ledger; one refresh in flight over all processes."""

    def __init__(self, partner: str, write: Write, clock: Clock) -> None:
        self._partner = partner
        self._write = write
        self._clock = clock
        self._known: dict[str, Token] = {}

    async def token(
        self, name: str, fetch: Callable[[], Awaitable[tuple[str, float | None]]], *, stale: int = 0
    ) -> Token:
        """See `bus.adapter.Vault.token`."""
        known = self._known.get(name)
        if known is not None and known.generation > stale and not self._expired(known):
            return known
        refresher = secrets.token_hex(8)
        while True:
            answer: tuple[Token | None, bool] = await self._write(
                lambda book: duty.begin_refresh(book, self._partner, name, stale, refresher, REFRESH_TTL_S)
            )
            token, mine = answer
            if token is not None:
                self._known[name] = token
                return token
            if mine:
                await self._refresh(name, refresher, fetch)
            else:
                await asyncio.sleep(REFRESH_POLL_S)

    async def _refresh(
        self, name: str, refresher: str, fetch: Callable[[], Awaitable[tuple[str, float | None]]]
    ) -> None:
        """Fetch and store; whatever `fetch` raises is raised after the right was given back."""
        value: str | None = None
        expires_at: float | None = None
        try:
            value, lifetime_s = await fetch()
            expires_at = None if lifetime_s is None else self._clock.now() + lifetime_s * 0.9
        finally:
            await self._write(lambda book: duty.store_token(book, self._partner, name, refresher, value, expires_at))

    def _expired(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at <= self._clock.now()
