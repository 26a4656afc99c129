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
    """The key a provider begins with."""
    return RSAKey.import_key(pem("provider"), {"kid": "sim-1", "use": "sig", "alg": "RS256"})


def next_key(key: RSAKey) -> RSAKey:
    """The key that follows: a fresh one, its name counted on."""
    number = int(str(key.kid).rpartition("-")[2]) + 1
    return RSAKey.generate_key(2048, {"kid": f"sim-{number}", "use": "sig", "alg": "RS256"})


def id_token(claims: Mapping[str, Any], key: RSAKey, spoilt: str = "") -> str:
    """Claims as a signed token. `alg_none`: unsigned; `wrong_key`: signed by a stranger under the name of the provider's key."""
    if spoilt == "alg_none":
        parts = (json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(dict(claims)))
        return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."
    signer = RSAKey.import_key(pem("province")) if spoilt == "wrong_key" else key
    return jwt.encode({"alg": "RS256", "kid": key.kid}, dict(claims), signer)


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
