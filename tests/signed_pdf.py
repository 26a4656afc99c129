"""PDFs signed as agencies sign them (PAdES), by an authority of our own. `python -m tests.signed_pdf FOLDER` writes the demo's."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

AGENCY = "Văn phòng Đăng ký đất đai (mẫu)"
OFFICER = "Lê Hoàng Long (mẫu)"


@dataclass(frozen=True)
class Authority:
    """An authority that vouches for signers; its certificate in PEM is what is trusted."""

    name: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str = "CA mẫu của tỉnh", years: int = 1) -> Authority:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _certificate(subject, subject, key, years).add_extension(x509.BasicConstraints(True, None), True)
        made = made.add_extension(_usage(ca=True), True)
        return cls(name, key, made.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def signer(self, years: int = 1) -> signers.SimpleSigner:
        """A leader's key and certificate, in the agency's name."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, OFFICER),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, AGENCY),
            ]
        )
        made = _certificate(subject, self.certificate.subject, key, years).add_extension(_usage(ca=False), True)
        made = made.add_extension(x509.BasicConstraints(False, None), True)
        certificate = made.sign(self.key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return signers.SimpleSigner(
            signing_cert=_asn1(certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(private),
            cert_registry=SimpleCertificateStore.from_certs([_asn1(self.certificate)]),
        )


def _certificate(subject: x509.Name, issuer: x509.Name, key: Any, years: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    begins, ends = now - timedelta(days=400), now + timedelta(days=365 * years)
    return x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), begins, ends)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _asn1(certificate: x509.Certificate) -> Any:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def plain(filler: int = 0) -> bytes:
    """An unsigned page; `filler` bytes of picture make it heavier."""
    writer = PdfFileWriter()
    font = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Font"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Type1"),
            generic.pdf_name("/BaseFont"): generic.pdf_name("/Helvetica"),
        }
    )
    resources = generic.DictionaryObject(
        {
            generic.pdf_name("/Font"): generic.DictionaryObject({generic.pdf_name("/F1"): font}),
        }
    )
    says = b"BT /F1 24 Tf 72 720 Td (KET QUA - MAU) Tj ET\n%" + b"x" * filler
    page = PageObject(
        contents=writer.add_object(generic.StreamObject(stream_data=says)),
        media_box=(0, 0, 595, 842),
        resources=resources,
    )
    writer.insert_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def signed(signer: signers.SimpleSigner, pdf: bytes | None = None, field: str = "ChuKy1") -> bytes:
    """The page with one more signature, PAdES."""
    writer = IncrementalPdfFileWriter(io.BytesIO(plain() if pdf is None else pdf))
    how = signers.PdfSignatureMetadata(field_name=field, subfilter=SigSeedSubFilter.PADES)
    done: bytes = signers.sign_pdf(writer, how, signer=signer).getvalue()
    return done


def appended(pdf: bytes) -> bytes:
    """The same file with another page's text laid over it after signing, as an update that keeps every signed byte."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 24 Tf 72 720 Td (KHAC) Tj ET"))
    writer.mark_update(page.container_ref)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def tampered(pdf: bytes) -> bytes:
    """The same file with one signed letter changed."""
    assert pdf.count(b"KET QUA - MAU") == 1
    return pdf.replace(b"KET QUA - MAU", b"KET QUA - MAO")


def main() -> None:
    """Good for a century: a demo does not age."""
    folder = Path(sys.argv[1])
    authority = Authority.new(years=100)
    good = signed(authority.signer(years=100))
    files = {"signed.pdf": good, "changed.pdf": appended(good), "unsigned.pdf": plain()}
    for name, content in {**files, "trusted/authority.pem": authority.pem}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
