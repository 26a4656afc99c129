"""What a file of a dossier was found to be: fetched or not, its digest, its signatures. Told, and not enforced by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.canonical.base import Instant, Shape
from contracts.canonical.document import FileUrl
from contracts.identifier import TIDY, DossierCode, Key, Label, Title
from contracts.marks import PERSONAL

Verdict = Literal["valid", "intact", "unsigned", "untrusted", "changed_after_signing", "invalid", "unreadable"]
"""valid: signed, not changed, the signer vouched for by an authority we trust; intact: signed and not changed, the signer not checked;
untrusted: nobody we trust vouches for the signer; invalid: the signature is not the signer's; unreadable: a broken PDF."""
Problem = Literal["not_allowed", "unreachable", "refused", "too_large", "wrong_type", "cut_short"]
"""Why a file was not loaded (tệp không tải được)."""


class Signature(Shape):
    """One signature of a PDF (chữ ký số); the time is the signer's own."""

    signer: Annotated[str, StringConstraints(max_length=300), TIDY, PERSONAL] = ""
    organisation: Annotated[str, StringConstraints(max_length=300), TIDY] = ""
    signed_at: Instant | None = None
    verdict: Verdict


class Looked(Shape):
    """What a file of a dossier was found to be: either `problem`, or its size, kind, digest (SHA-256) and verdict."""

    dossier_code: DossierCode
    title: Title
    url: FileUrl
    problem: Problem | None = None
    size_bytes: int = Field(default=0, strict=True, ge=0)
    kind: Label = ""
    sha256: Label = ""
    verdict: Verdict | None = None
    signatures: tuple[Signature, ...] = Field(default=(), max_length=50)
    at: Instant


class CheckedEvent(Looked):
    """A result's file was looked at."""

    result_id: Key


class PaperCheckedEvent(Looked):
    """The file of a paper that was handed in (thành phần hồ sơ) was looked at; most of these are not signed."""

    paper_id: Key
