"""Assertions signed by the bus: ES256, under keys that change by themselves and lie sealed in the ledger, the same for every process."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from bus.adapter import Vault
from bus.clock import Clock
from contracts.single_sign_on.assertion import TYPE, Assertion

ALGORITHM = "ES256"
KEY_S = 30 * 86_400.0
"""How long a key signs. The next one is published as long before, so that whoever keeps our keys a day has it when it is used."""


class Signer:
    """Signs, and publishes what to verify with."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    async def sign(self, assertion: Assertion) -> str:
        """A compact JWT. Raises LedgerBusy."""
        key = await self._key(self._period())
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
        return jwt.encode(header, assertion.model_dump(mode="json", exclude_none=True), key, algorithms=[ALGORITHM])

    async def published(self) -> dict[str, Any]:
        """The public keys as a JWK set: the last, the present and the next. Raises LedgerBusy."""
        now = self._period()
        keys = [await self._key(period) for period in (now - 1, now, now + 1)]
        return {"keys": [key.as_dict(private=False) for key in keys]}

    def _period(self) -> int:
        return int(self._clock.now() // KEY_S)

    async def _key(self, period: int) -> ECKey:
        """The key of a period, made by whichever process asks first."""
        token = await self._vault.token(f"assertion-{period}", _make)
        return ECKey.import_key(json.loads(token.value), {"use": "sig", "alg": ALGORITHM})


async def _make() -> tuple[str, float | None]:
    key = ECKey.generate_key("P-256", auto_kid=True)
    return json.dumps(key.as_dict(private=True)), None
