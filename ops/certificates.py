"""A certificate authority of our own for simulators on loopback: good certificates, and ones that are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = IPv4Address("127.0.0.1")


class Authority:
    """Issues certificates for 127.0.0.1 into a folder; `ca_file` is what a client trusts. Keys are made here and leave it never."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lien Thong training CA")])
        self.ca_file = folder / "ca.pem"
        made = self._signed(self._name, self._key.public_key(), timedelta(days=-30), timedelta(days=30), ca=True)
        self.ca_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def certificate(self, *, expired: bool) -> dict[str, str]:
        """Certificate and key as uvicorn wants them; one that is over ended an hour ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = timedelta(hours=-1) if expired else timedelta(days=20)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        made = self._signed(name, key.public_key(), timedelta(days=-20), until)
        stem = "expired" if expired else "good"
        files = {"ssl_certfile": self._folder / f"{stem}.pem", "ssl_keyfile": self._folder / f"{stem}.key"}
        files["ssl_certfile"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        files["ssl_keyfile"].touch(0o600)
        files["ssl_keyfile"].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return {name: str(path) for name, path in files.items()}

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        since: timedelta,
        until: timedelta,
        *,
        ca: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + since)
            .not_valid_after(now + until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        return made.sign(self._key, hashes.SHA256())
