"""Legal documents (văn bản pháp luật): acts as the national database tells them, the province's own, and expired ones still quoted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from contracts.canonical.base import Day, Instant, Shape
from contracts.canonical.document import FileUrl
from contracts.canonical.dossier import Agency
from contracts.canonical.procedure import NamedCode
from contracts.fault import refuse
from contracts.identifier import TIDY, Key, Label, LegalNumber, Name, Remark, Text, Title

POSTING_DAYS = 15
"""Calendar days from promulgation to the day a province must have posted its own document (NĐ 52/2015/NĐ-CP)."""
Validity = Literal["not_yet", "in_force", "partly_expired", "expired", "suspended"]
Relation = Literal["based_on", "amends", "replaces", "guides", "repeals"]
DocumentId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$"), TIDY]
"""The id a document has in the system that issued it; also the event's subject, so of printable ASCII."""


class RelatedText(Shape):
    """Another document and how this one relates to it."""

    item_id: Key
    relation: Relation


class LegalText(Shape):
    """A document of the national database, by its item id. Several provinces issue documents of one number."""

    item_id: Key
    number: LegalNumber
    title: Text = ""
    kind: Label = ""
    agency: Text = ""
    signer: Remark = ""
    promulgated_on: Day | None = None
    effective_on: Day | None = None
    expires_on: Day | None = None
    validity: Validity
    fields: tuple[Text, ...] = ()
    related: tuple[RelatedText, ...] = ()
    url: FileUrl | None = None

    def expired(self, on: date) -> bool:
        """Whether it has no force any more on a day; `expires_on` is the first such day."""
        return self.validity == "expired" or (self.expires_on is not None and self.expires_on <= on)


class LegalTextEvent(Shape):
    """A legal document is new in the national database, or something of it changed: its validity above all."""

    document: LegalText
    changed_at: Instant


class IssuedText(Shape):
    """A legal document the province issued and must post in the national database."""

    id: DocumentId
    number: LegalNumber
    title: Title
    kind: Key
    agency: Agency
    signer: Name
    promulgated_on: Day
    effective_on: Day | None = None
    expires_on: Day | None = None
    fields: tuple[Text, ...] = Field(default=(), max_length=50)
    related: tuple[RelatedText, ...] = Field(default=(), max_length=200)
    url: FileUrl

    @model_validator(mode="after")
    def _in_force_after_it_was_made(self) -> IssuedText:
        if self.expires_on is not None and self.expires_on <= (self.effective_on or self.promulgated_on):
            refuse("expires_on", "a document ends after the day it takes effect", "Luật BHVBQPPL 64/2025/QH15")
        return self


class IssuedTextEvent(Shape):
    """The province promulgated a legal document, or corrected what it had told of it; the whole state."""

    document: IssuedText

    @property
    def document_id(self) -> str:
        return self.document.id

    @property
    def deadline_on(self) -> date:
        """The last day on which it may be posted."""
        return self.document.promulgated_on + timedelta(days=POSTING_DAYS)


class PostedTextEvent(Shape):
    """The national database took a document of the province's."""

    document_id: DocumentId
    number: LegalNumber
    item_id: Key
    at: Instant


class ExpiredBasisEvent(Shape):
    """Procedures quote a legal document that has no force any more; somebody must publish them anew."""

    item_id: Key
    number: LegalNumber
    title: Text = ""
    agency: Text = ""
    expired_on: Day | None = None
    procedures: tuple[NamedCode, ...] = Field(min_length=1)
