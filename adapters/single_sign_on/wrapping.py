"""VNeID's wrapping (S8): a fresh AES key under our RSA key, the text under AES-ECB. Weak by its design, so TLS carries the weight."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7

from adapters.single_sign_on.causes import Cause, Refused

BLOCK_BITS = 128


def unwrap(private_key: RSAPrivateKey | None, data: str, key: str) -> bytes:
    """The text in `data`, both Base64. Raises Refused, in the same words for every fault: a sender of damaged keys learns nothing."""
    if private_key is None:
        raise Refused(Cause.WRAPPED, "the provider wraps, and there is no private_key")
    try:
        secret = private_key.decrypt(base64.b64decode(key, validate=True), PKCS1v15())
        reader = Cipher(AES(secret), ECB()).decryptor()
        padded = reader.update(base64.b64decode(data, validate=True)) + reader.finalize()
        blocks = PKCS7(BLOCK_BITS).unpadder()
        return blocks.update(padded) + blocks.finalize()
    except ValueError:
        raise Refused(Cause.WRAPPED, "cannot be opened with our private_key") from None
