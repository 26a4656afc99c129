"""Papers of a dossier: what was handed in, what was asked for, what came out. Files are URLs at the province."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from contracts.canonical.base import Flag, Instant, Shape
from contracts.canonical.payment import Fee
from contracts.fault import refuse
from contracts.identifier import Key, Label, Name, Remark, Title
from contracts.marks import PERSONAL

_URL = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[^\s/?#@\\:\[\]]+)(?::[0-9]{1,5})?(?:[/?#][^\x00-\x1f\x7f]*)?\Z", re.IGNORECASE
)


def _web(value: str) -> str:
    if not _URL.match(value):
        refuse("file_url", "a file is given as an http(s) URL without user name", "RFC 3986", personal=True)
    return value


FileUrl = Annotated[str, StringConstraints(min_length=10, max_length=2000), AfterValidator(_web), PERSONAL]
"""Where a file lies, letter by letter as given: another normal form would name another file (RFC 3987, 3.1)."""


class Paper(Shape):
    """A paper handed in (thành phần hồ sơ)."""

    id: Key
    title: Title
    component: Label = ""
    url: FileUrl
    withdrawn: Flag = False
    digitised: Flag = False
    reused: Literal["no", "yes", "from_result"] = "no"
    from_portal_store: Flag = False
    replaces_result: Label = ""


FILE_LIMIT_BYTES = 10 * 2**20
FILE_KINDS = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"PK\x03\x04": "application/zip",
    b"\xd0\xcf\x11\xe0": "application/msword",
}
"""How the files of a dossier begin: PDF, JPEG, PNG, office documents new (a ZIP) and old."""


def file_facts(content: str) -> tuple[int, str, str]:
    """Size in bytes, kind and SHA-256 digest of a file in Base64. Raises a validation error for what is none of ours.

    The bytes are decoded piece by piece and never changed.
    """
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        if len(content) % 4:
            raise ValueError("cut short")
        for at in range(0, len(content), PIECE):
            piece = base64.b64decode(content[at : at + PIECE], validate=True)
            if at + PIECE < len(content) and b"=" in content[at : at + PIECE].encode():
                raise ValueError("an end before its end")
            head, size = head or piece[:8], size + len(piece)
            digest.update(piece)
    except ValueError:
        refuse("base64", "a file travels as Base64 (RFC 4648, 4)", "RFC 4648", personal=True)
    kind = next((kind for begins, kind in FILE_KINDS.items() if head.startswith(begins)), "")
    if not kind:
        refuse(
            "file_type", "a file is a PDF, a JPEG, a PNG or an office document", "docs/events.md, limits", personal=True
        )
    if size > FILE_LIMIT_BYTES:
        refuse("file_size", f"a file has at most {FILE_LIMIT_BYTES} bytes", "docs/events.md, limits", personal=True)
    return size, kind, digest.hexdigest()


PIECE = 4 * 16384


class FiledFile(Shape):
    """A file of a filed dossier: at an address, under a path that the portal's `getfile` knows, or its bytes in Base64.

    Size, kind and digest are those of the bytes as they came; whoever passes them on can prove that they were not touched.
    """

    id: Key
    title: Title
    url: FileUrl | None = None
    path: Annotated[str, StringConstraints(max_length=2000), PERSONAL] = ""
    content: Annotated[str, PERSONAL] = ""
    bytes: int = Field(default=0, strict=True, ge=0)
    kind: Label = ""
    sha256: Label = ""

    @model_validator(mode="after")
    def _facts_are_those_of_the_bytes(self) -> FiledFile:
        if not (self.url or self.path or self.content):
            refuse("file", "a file has an address, a path or its bytes", "domain notes 3.1, Intake")
        if self.content and file_facts(self.content) != (self.bytes, self.kind, self.sha256):
            refuse("file_facts", "size, kind and digest are those of the file's bytes", "docs/events.md")
        return self


class OtherPaper(Shape):
    """A paper that is counted but not uploaded."""

    title: Title
    copies: int = Field(default=1, strict=True, ge=1, le=1000)
    kind: Label = ""


class Supplement(Shape):
    """One request for supplements (yêu cầu bổ sung) and its answer. More than one counts as late (QĐ 766/QĐ-TTg)."""

    id: Key
    asked_by: Name
    content: Remark
    asked_at: Instant
    deadline_at: Instant | None = None
    papers: tuple[Title, ...] = ()
    fees: tuple[Fee, ...] = ()
    received_by: Name | None = None
    received_at: Instant | None = None
    answer: Remark = ""
    due_before_at: Instant | None = None
    due_after_at: Instant | None = None


class ResultPaper(Shape):
    """A result (giấy tờ kết quả); with code and link it counts as an electronic result (indicator 4.1)."""

    id: Key
    title: Title
    component: Label = ""
    url: FileUrl | None = None
    result_code: Label = Field(default="", description="such as KQ.G15.000031")
    number: Label = ""
