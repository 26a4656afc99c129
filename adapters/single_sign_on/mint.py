"""What the simulated providers sign and wrap: id_tokens, good and spoilt as told, and VNeID's wrapping, the other way round from ours."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import RSAKey

ID_TOKEN_S = 600


@cache
def pem(name: str) -> str:
    """An invented key: `province`, whose public half VNeID is given, or `provider`, which signs."""
    keys = json.loads(files(__package__).joinpath("simulator_keys.json").read_text(encoding="utf-8"))
    return str(keys[name])


@cache
def signing_key() -> RSAKey:
    return RSAKey.import_key(pem("provider"), {"kid": "sim-1", "use": "sig", "alg": "RS256"})


@cache
def stranger_key() -> RSAKey:
    """A key the provider never published, under the name of one it did."""
    return RSAKey.import_key(pem("province"), {"kid": "sim-1"})


def published_keys() -> dict[str, Any]:
    return {"keys": [signing_key().as_dict(private=False)]}


def id_token(claims: Mapping[str, Any], spoilt: str = "") -> str:
    """Claims as a signed token. `alg_none`: unsigned; `wrong_key`: signed by a stranger."""
    if spoilt == "alg_none":
        parts = (json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(dict(claims)))
        return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."
    key = stranger_key() if spoilt == "wrong_key" else signing_key()
    return jwt.encode({"alg": "RS256", "kid": "sim-1"}, dict(claims), key)


def wrapped(text: bytes) -> dict[str, str]:
    """`data` and `key` in Base64: the text under a fresh AES key, that key under the province's public one."""
    public = load_pem_private_key(pem("province").encode(), None).public_key()
    assert isinstance(public, RSAPublicKey)
    secret = os.urandom(16)
    padder = PKCS7(128).padder()
    padded = padder.update(text) + padder.finalize()
    writer = Cipher(AES(secret), ECB()).encryptor()
    sealed = writer.update(padded) + writer.finalize()
    key = public.encrypt(secret, PKCS1v15())
    return {"data": base64.b64encode(sealed).decode(), "key": base64.b64encode(key).decode()}
