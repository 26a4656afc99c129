"""When a server's certificate ends, seen from outside: a handshake and nothing more."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

from cryptography import x509

LIMIT_S = 10.0


async def ends_at(url: str) -> float | None:
    """When the certificate of an https address ends (seconds since the epoch); None where none can be seen.

    It is looked at whether it is valid or not, so that one which has ended is told too; nothing is sent over the connection.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    looking.check_hostname, looking.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(LIMIT_S):
            _reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=looking, server_hostname=parts.hostname
            )
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return _end(x509.load_der_x509_certificate(shown)) if shown else None
    except (OSError, TimeoutError, ValueError):
        return None


def file_ends_at(pem: bytes) -> float:
    """When the first certificate of a PEM file ends (seconds since the epoch). Raises ValueError."""
    return _end(x509.load_pem_x509_certificate(pem))


def _end(certificate: x509.Certificate) -> float:
    return certificate.not_valid_after_utc.timestamp()
