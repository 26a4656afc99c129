"""A document of the province's as `guiVanBan` wants it (domain notes 3.11, proposed). Days are ISO 8601; absent ones stay away."""

from __future__ import annotations

from typing import Any

from contracts.canonical.legal import IssuedTextEvent, RelatedText
from contracts.legal_documents.messages import GuiVanBan, VanBanLienQuan
from mappings.convert import Converter, text, url
from mappings.legal_documents import RELATION
from mappings.table import build, many, row, table

DOC = "CSDLQG VBPL, đề xuất 3.11"
DAY = Converter("day, ISO 8601", lambda value, _message: value.isoformat())
TEXTS = Converter("list of texts", lambda value, _message: list(value))

RELATED = table(
    row("item_id", "itemId", source=DOC, required=True),
    row("relation", "quanHe", RELATION, source=DOC, required=True),
    of=RelatedText,
    to=VanBanLienQuan,
)

DOCUMENT = table(
    row("document.number", "soKyHieu", source=DOC, required=True),
    row("document.title", "trichYeu", text(), source=DOC, required=True),
    row("document.kind", "loaiVanBan", text(), source=DOC, required=True),
    row("document.agency.name", "coQuanBanHanh", text(), source=DOC, required=True),
    row("document.signer", "nguoiKy", text(), source=DOC, required=True),
    row("document.promulgated_on", "ngayBanHanh", DAY, source=DOC, required=True),
    row("document.effective_on", "ngayHieuLuc", DAY, source=DOC),
    row("document.expires_on", "ngayHetHieuLuc", DAY, source=DOC),
    row("document.fields", "linhVuc", TEXTS, source=DOC),
    many("document.related", "vanBanLienQuan", RELATED, source=DOC),
    row("document.url", "toanVanUrl", url(), source=DOC, required=True),
    empty=None,
    of=IssuedTextEvent,
    to=GuiVanBan,
)


def posting(message: Any) -> dict[str, Any]:
    """The fields of `guiVanBan`. Raises Unmappable."""
    return build(DOCUMENT, message)
