"""What the national database tells becomes events (domain notes 3.11, proposed). What is told twice is one event, by its own ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.canonical.legal import LegalText, LegalTextEvent, RelatedText
from contracts.canonical.procedure import PublishedProcedure
from contracts.envelope import Envelope, make
from contracts.identifier import tidy
from contracts.legal_documents.messages import VanBan, VanBanLienQuan
from mappings.convert import VIETNAM, Converter, instant, plain
from mappings.legal_documents import RELATION, VALIDITY
from mappings.table import Unmappable, many, read, row, table

SOURCE = "urn:lienthong:legal-documents"
DOC = "CSDLQG VBPL, đề xuất 3.11"
TIDY = Converter("text, tidied", lambda value, _message: value, tidy)

RELATED = table(
    row("item_id", "itemId", source=DOC),
    row("relation", "quanHe", RELATION, source=DOC),
    empty=None,
    of=RelatedText,
    to=VanBanLienQuan,
)
TEXT = table(
    row("item_id", "itemId", TIDY, source=DOC, required=True),
    row("number", "soKyHieu", TIDY, source=DOC, required=True),
    row("title", "trichYeu", TIDY, source=DOC),
    row("kind", "loaiVanBan", TIDY, source=DOC),
    row("agency", "coQuanBanHanh", TIDY, source=DOC),
    row("signer", "nguoiKy", TIDY, source=DOC),
    row("promulgated_on", "ngayBanHanh", plain(), source=DOC),
    row("effective_on", "ngayHieuLuc", plain(), source=DOC),
    row("expires_on", "ngayHetHieuLuc", plain(), source=DOC),
    row("validity", "tinhTrangHieuLuc", VALIDITY, source=DOC, required=True),
    row("fields", "linhVuc", plain(), source=DOC),
    many("related", "vanBanLienQuan", RELATED, source=DOC),
    row("url", "toanVanUrl", plain(), source=DOC),
    empty=None,
    of=LegalText,
    to=VanBan,
)
UPDATED = table(
    row("changed_at", "ngayCapNhat", instant(), source=DOC, required=True),
    empty=None,
    of=LegalTextEvent,
    to=VanBan,
    beside=("document",),
)


def document(row_: Mapping[str, Any]) -> LegalText:
    """A `vanBan`. Raises Unmappable, or a validation error for a number that is none."""
    return LegalText.model_validate(read(TEXT, row_))


def changed(text: LegalText, row_: Mapping[str, Any]) -> Envelope:
    """`legal.document_changed`; another content is another event. Raises Unmappable or Refusal."""
    at = read(UPDATED, row_).get("changed_at")
    if at is None:
        raise Unmappable("ngayCapNhat", "changed_at", "required, and there is nothing")
    data = {"document": text.model_dump(mode="json", exclude_defaults=True), "changed_at": at.isoformat()}
    identity = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return _event("document_changed", _subject(text.item_id), at, data, identity)


def posted(document_id: str, number: str, item_id: str, key: str, at: datetime) -> Envelope:
    """`legal.document_posted`; `key` is the delivery's, so that one delivery makes one event. Raises Refusal."""
    data = {"document_id": document_id, "number": number, "item_id": item_id, "at": at.isoformat()}
    return _event("document_posted", document_id, at, data, key)


def basis_expired(text: LegalText, procedures: Iterable[PublishedProcedure]) -> Envelope:
    """`legal.basis_expired` of a document and procedures that quote it; another list of procedures is another event."""
    quoting = [{"code": one.code, "name": one.name[:4000]} for one in sorted(procedures, key=lambda one: one.code)]
    day = text.expires_on or text.effective_on or text.promulgated_on
    at = datetime.combine(day, datetime.min.time(), VIETNAM) if day else datetime(2000, 1, 1, tzinfo=UTC)
    data: dict[str, Any] = {"item_id": text.item_id, "number": text.number, "title": text.title, "agency": text.agency}
    if text.expires_on is not None:
        data["expired_on"] = text.expires_on.isoformat()
    identity = "|".join((text.item_id, str(text.expires_on), *(one["code"] for one in quoting)))
    return _event("basis_expired", _subject(text.item_id), at, data | {"procedures": quoting}, identity)


def _subject(item_id: str) -> str:
    """The item id as a subject may be written, which has printable ASCII alone."""
    plain_id = "".join(letter if "\x21" <= letter <= "\x7e" else "-" for letter in item_id)
    return f"vbpl-{plain_id}"[:128]


def _event(name: str, subject: str, at: datetime, data: dict[str, Any], identity: str) -> Envelope:
    return make(
        f"vn.lienthong.legal.{name}.v1",
        hashlib.sha256(f"{name}|{subject}|{identity}".encode()).hexdigest()[:32],
        SOURCE,
        subject,
        at,
        data,
    )
