"""Signatures in a PDF (PAdES), read by pyHanko, which lives in this file alone. The file is read where it lies and never changed.

Certificates are judged as of now and without any call to the outside: revocation is not asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from contracts.canonical.result_file import Verdict

for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # they log names of signers

WORST_FIRST: tuple[Verdict, ...] = ("changed_after_signing", "invalid", "untrusted", "intact", "valid")


class Found(NamedTuple):
    """One signature: who, for which organisation, when by the signer's own clock, and what it is worth."""

    signer: str
    organisation: str
    signed_at: datetime | None
    verdict: Verdict


def trust_roots(folder: Path | None) -> tuple[Any, ...]:
    """The authorities' certificates in a folder: every .pem, .crt, .cer and .der file. Raises ValueError naming the file."""
    found: list[Any] = []
    for path in sorted(folder.iterdir()) if folder is not None else ():
        if path.suffix.lower() not in (".pem", ".crt", ".cer", ".der"):
            continue
        content = path.read_bytes()
        try:
            coded = [der for *_, der in pem.unarmor(content, multiple=True)] if pem.detect(content) else [content]
            for der in coded:
                certificate = x509.Certificate.load(der, strict=True)
                certificate.subject.native  # noqa: B018 read now, so that a broken one is found now
                found.append(certificate)
        except (ValueError, TypeError):
            raise ValueError(f"{path} holds no certificate") from None
    return tuple(found)


def verify(file: BinaryIO, roots: Sequence[Any]) -> tuple[Verdict, tuple[Found, ...]]:
    """What a PDF's signatures are worth, the worst of them for the whole. For a thread of its own: it reads and reckons.

    `intact`: signed and not changed, the signer not checked because there are no `roots`. `unreadable`: no PDF that can be read.
    """
    try:
        reader = PdfFileReader(file, strict=False)
        signed = list(reader.embedded_regular_signatures)
        if not signed:
            return "unsigned", ()
        found = tuple(asyncio.run(_judge_all(signed, roots)))
    except (OSError, MemoryError):
        raise
    except Exception:  # a PDF may be broken in any way: pyHanko raises what it happens to meet
        return "unreadable", ()
    return next(verdict for verdict in WORST_FIRST if verdict in {one.verdict for one in found}), found


async def _judge_all(signed: Sequence[Any], roots: Sequence[Any]) -> list[Found]:
    return [await _judge(one, roots) for one in signed]


async def _judge(signed: Any, roots: Sequence[Any]) -> Found:
    context = ValidationContext(trust_roots=list(roots), allow_fetching=False, revocation_mode="soft-fail")
    status = await async_validate_pdf_signature(signed, signer_validation_context=context)
    name = status.signing_cert.subject.native
    verdict: Verdict
    if not (status.intact and status.docmdp_ok and _ends_well(status)):
        verdict = "changed_after_signing"
    elif not status.valid:
        verdict = "invalid"
    elif not roots:
        verdict = "intact"
    else:
        verdict = "valid" if status.trusted else "untrusted"
    return Found(
        _text(name.get("common_name")), _text(name.get("organization_name")), status.signer_reported_dt, verdict
    )


def _ends_well(status: Any) -> bool:
    """Nothing stands behind what was signed but a further signature, a form's field or a proof of time."""
    if status.coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return True
    return status.modification_level in (ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)


def _text(value: Any) -> str:
    """A name part, which a certificate may hold more than once."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
