"""Keys, and what they seal: AES-256-GCM for what is stored, HMAC-SHA256 for what is searched and chained.

A sealed value is `key id length (1 byte) | key id | nonce (12) | ciphertext`, bound to the record it belongs to by associated data, so
that a ciphertext moved to another record does not open. The newest key writes; older ones still read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
NONCES = 256


class SealError(Exception):
    """A sealed value cannot be opened: its key is missing, or it is not what was stored here."""


class Keyring:
    """Data keys by id (the last one writes), a key for search digests and one for the journal's chain."""

    def __init__(self, data: Mapping[str, bytes], search: bytes, chain: bytes) -> None:
        if not data:
            raise ValueError("a keyring needs at least one data key")
        for name, key in [*data.items(), ("search", search), ("chain", chain)]:
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {name!r} has {len(key)} bytes; {KEY_BYTES} are needed")
        self._ciphers = {name: AESGCM(key) for name, key in data.items()}
        writing = list(data)[-1]
        self._writer = self._ciphers[writing]
        self._prefix = bytes([len(writing.encode())]) + writing.encode()
        self._search = search
        self._chain = chain
        self._nonces: list[bytes] = []
        os.register_at_fork(after_in_child=self._nonces.clear)  # two processes never share a nonce

    @classmethod
    def generate(cls) -> str:
        """A new keyring as JSON text, for a file of mode 0600."""
        return json.dumps(
            {
                "data": {f"k{secrets.token_hex(3)}": _text(secrets.token_bytes(KEY_BYTES))},
                "search": _text(secrets.token_bytes(KEY_BYTES)),
                "chain": _text(secrets.token_bytes(KEY_BYTES)),
            },
            indent=2,
        )

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read `generate`'s form. Raises ValueError in one sentence, never naming a key's value."""
        try:
            parts = json.loads(text)
            data = {str(name): base64.b64decode(key, validate=True) for name, key in parts["data"].items()}
            search, chain = (base64.b64decode(parts[name], validate=True) for name in ("search", "chain"))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(
                'a keyring is JSON: {"data": {"<key id>": "<base64>"}, "search": "...", "chain": "..."}'
            ) from None
        return cls(data, search, chain)

    @staticmethod
    def rotated(text: str) -> str:
        """The same keyring with a new data key behind the old ones, as JSON text."""
        parts = json.loads(text)
        parts["data"][f"k{secrets.token_hex(3)}"] = _text(secrets.token_bytes(KEY_BYTES))
        return json.dumps(parts, indent=2)

    def seal(self, plain: bytes, record: str) -> bytes:
        """Encrypt `plain` for the record named."""
        nonce = self._nonce()
        return self._prefix + nonce + self._writer.encrypt(nonce, plain, record.encode())

    def _nonce(self) -> bytes:
        """Random bytes never used before, asked of the system for many values at once; safe from any thread."""
        try:
            return self._nonces.pop()
        except IndexError:
            block = os.urandom(NONCE_BYTES * NONCES)
            fresh = [block[at : at + NONCE_BYTES] for at in range(0, len(block), NONCE_BYTES)]
            self._nonces.extend(fresh[1:])
            return fresh[0]

    def open(self, sealed: bytes, record: str) -> bytes:
        """Decrypt what was sealed for the record named. Raises SealError."""
        end = 1 + sealed[0] if sealed else 0
        name = sealed[1:end].decode("utf-8", "replace")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise SealError(f"the data key {name!r} is not in the keyring; add it back to read what it sealed")
        try:
            return cipher.decrypt(sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :], record.encode())
        except (InvalidTag, ValueError):  # changed or moved; cut short
            raise SealError(f"what is stored for {record.split('|')[0]} was not sealed for it") from None

    def digest(self, kind: str, value: str) -> bytes:
        """The keyed digest under which an identifier may be searched."""
        return hmac.digest(self._search, f"{kind}|{value}".encode(), hashlib.sha256)

    def content_digest(self, content: bytes) -> bytes:
        """The keyed digest that tells a duplicate event from a conflicting one."""
        return hmac.digest(self._search, content, hashlib.sha256)

    def link(self, before: bytes, entry: bytes) -> bytes:
        """The next link of the journal's chain."""
        return hmac.digest(self._chain, before + entry, hashlib.sha256)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
