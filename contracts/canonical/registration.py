"""A civil status registration (đăng ký hộ tịch): what the desk sends to the registry, and what the registry tells of it."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from contracts.canonical.address import Address, Province, UnitCode
from contracts.canonical.base import STATUS, Day, Flag, Instant, Shape
from contracts.canonical.dossier import Dossier
from contracts.fault import refuse
from contracts.identifier import (
    CitizenId,
    DossierCode,
    Key,
    Label,
    Name,
    PartialDay,
    Phone,
    ProcedureCode,
    Remark,
    Text,
    Title,
)
from contracts.marks import PERSONAL, Searchable

MAX_FILE_BYTES = 5 * 2**20
MAX_FILES_BYTES = 12 * 2**20
"""Assumed: the registry's own limits are not public; large bodies are its known pain (domain notes 3.5)."""
MAGIC = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG")
"""How a PDF, a JPEG and a PNG begin."""


def decoded_bytes(content: str) -> int:
    """How many bytes a Base64 text stands for."""
    return len(content) * 3 // 4 - content[-2:].count("=")


def _file(content: str) -> str:
    try:
        head = base64.b64decode(content[:16], validate=True)
        if len(content) % 4:
            raise ValueError("cut short")
        binascii.a2b_base64(content, strict_mode=True)
    except ValueError:
        refuse("base64", "a file travels as Base64 (RFC 4648, 4)", "domain notes 3.5", personal=True)
    if not head.startswith(MAGIC):
        refuse("file_type", "a file is a PDF, a JPEG or a PNG", "domain notes 3.5", personal=True)
    if decoded_bytes(content) > MAX_FILE_BYTES:
        refuse("file_size", f"a file has at most {MAX_FILE_BYTES} bytes", "domain notes 3.5", personal=True)
    return content


FileContent = Annotated[str, StringConstraints(min_length=8), AfterValidator(_file), PERSONAL]
LinkedCode = Annotated[Label, Searchable("elsewhere")]
"""A dossier's code with the linked public services; empty where it was not filed there."""
Short = Annotated[str, StringConstraints(max_length=200), PERSONAL]


class Attachment(Shape):
    """A paper that travels with a registration, its bytes in Base64."""

    id: Annotated[int, Field(strict=True, ge=1)]
    kind: Annotated[int, Field(strict=True, ge=1)]
    title: Title
    file_name: Label
    withdrawn: Flag = False
    content: FileContent


class Party(Shape):
    """A person of a registration: child, parent, deceased, spouse or requester. What is not known stays absent."""

    name: Name
    sex: Annotated[Literal["male", "female", "other"], PERSONAL] | None = None
    born_on: PartialDay | None = None
    ethnic_group: Short = ""
    nationality: Short = ""
    residence_kind: Annotated[Literal["permanent", "temporary", "present"], PERSONAL] | None = None
    residence: Annotated[Address, PERSONAL] | None = None
    paper_kind: Short = ""
    paper_number: Short = ""
    paper_issued_on: PartialDay | None = None
    paper_issued_by: Short = ""
    citizen_id: CitizenId | None = None
    verified: Flag = False
    relation: Short = ""
    phone: Phone | None = None
    email: Annotated[str, StringConstraints(max_length=254), PERSONAL] = ""
    marriages: int | None = Field(default=None, strict=True, ge=0, le=20)
    marital_status: Short = ""
    check_marital_status: Flag = False
    marital_status_from: Short = ""


class Birth(Shape):
    """A birth (khai sinh). A single mother's child has no father here; twins share everything but the name.

    `clinic` is where the child is to be treated first (nơi khám chữa bệnh ban đầu), asked for with its health card.
    """

    notice_number: Short = ""
    notice_issued_on: Day | None = None
    child: Party
    born_on_in_words: Short = ""
    birth_kind: Short = ""
    place: Annotated[Address, PERSONAL] | None = None
    place_abroad: Short = ""
    origin: Annotated[Address, PERSONAL] | None = None
    mother: Party | None = None
    father: Party | None = None
    foreign_number: Short = ""
    foreign_on: Day | None = None
    foreign_agency: Short = ""
    foreign_country: Short = ""
    clinic: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$"), PERSONAL] | None = None


class Death(Shape):
    """A death (khai tử)."""

    notice_number: Short = ""
    notice_issued_on: Day | None = None
    paper_kind: Short = ""
    paper_number: Short = ""
    paper_issued_on: Day | None = None
    paper_issued_by: Short = ""
    deceased: Party
    died_on: PartialDay
    died_at: Annotated[str, StringConstraints(pattern=r"^$|^[0-2][0-9]:[0-5][0-9]$"), PERSONAL] = ""
    place: Annotated[Address, PERSONAL] | None = None
    cause: Short = ""


class Marriage(Shape):
    """A marriage (kết hôn). `since_on` is the day a marriage began that is registered anew."""

    husband: Party
    wife: Party
    since_on: Day | None = None


RegistrationKind = Literal["birth", "death", "marriage"]


class Registration(Shape):
    """What the registry is asked to register: exactly one of birth, death and marriage."""

    linked_code: LinkedCode = ""
    unit: UnitCode
    province: Province
    filing_kind: Short = ""
    place: Text = ""
    copies: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    requester: Party | None = None
    birth: Birth | None = None
    death: Death | None = None
    marriage: Marriage | None = None
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=30)

    @property
    def kind(self) -> RegistrationKind:
        return "birth" if self.birth else "death" if self.death else "marriage"

    @model_validator(mode="after")
    def _one_event_of_life(self) -> Registration:
        if sum(form is not None for form in (self.birth, self.death, self.marriage)) != 1:
            refuse(
                "registration_kind", "a registration is one birth, one death or one marriage", "Luật Hộ tịch, Article 3"
            )
        if self.marriage is None and self.requester is None:
            refuse("requester", "a birth or death is registered on somebody's request", "domain notes 3.5")
        if sum(decoded_bytes(paper.content) for paper in self.attachments) > MAX_FILES_BYTES:
            refuse("files_size", f"all files together have at most {MAX_FILES_BYTES} bytes", "domain notes 3.5")
        return self


class RegistrationEvent(Shape):
    """The officer sends a registration to the civil registry; once more after a supplement, under the same code."""

    dossier: Dossier
    registration: Registration


class AcceptedEvent(Shape):
    """The civil registry took the registration; from now on it is asked what became of it."""

    dossier_code: DossierCode
    linked_code: LinkedCode = ""
    procedure_code: ProcedureCode
    kind: RegistrationKind
    province: Province
    at: Instant
    birth: Birth | None = None


class Certificate(Shape):
    """The entry in the register and its certificate (giấy khai sinh, giấy khai tử). The personal id of a child may come days later."""

    number: Short = ""
    book: Short = ""
    page: Short = ""
    registered_on: Day | None = None
    citizen_id: CitizenId | None = None
    file: FileContent | None = None
    file_sha256: Annotated[str, StringConstraints(pattern=r"^$|^[0-9a-f]{64}$")] = ""
    file_fault: Text = ""
    entry: Annotated[dict[str, Any], PERSONAL] = Field(default_factory=dict)


class LinkedFiling(Shape):
    """A birth or death as filed with the linked public services (dịch vụ công liên thông), before the desk has looked at it."""

    linked_code: Annotated[Key, Searchable("elsewhere")]
    procedure_code: ProcedureCode
    kind: Literal["birth", "death"]
    filed_at: Instant
    form: Annotated[dict[str, Any], PERSONAL] = Field(default_factory=dict)
    attachments: Annotated[tuple[dict[str, Any], ...], PERSONAL] = ()


class LinkedFilingEvent(Shape):
    """The linked-services software handed over a filed dossier; the dossier system opens one of its own for it.

    The same linked code again is what the citizen filed anew, a supplement say, for the dossier that was opened then.
    """

    filing: LinkedFiling


class ResidenceEvent(Shape):
    """What the police decided of the residence of a child whose birth was filed for it too (đăng ký thường trú)."""

    dossier_code: DossierCode
    linked_code: LinkedCode
    procedure_code: ProcedureCode
    state: Literal["registered", "refused"]
    at: Instant
    place: Remark = ""
    number: Short = ""
    reason: Remark = ""


RegistrationState = Literal["waiting", "supplement", "processing", "registered", "refused"]


class ChangedEvent(Shape):
    """What became of a registration, in the registry's words. `deadline` is as the registry wrote it."""

    dossier_code: DossierCode
    linked_code: LinkedCode = ""
    procedure_code: ProcedureCode
    kind: RegistrationKind
    province: Province
    state: RegistrationState
    status: Annotated[int, Field(strict=True, ge=3, le=9), STATUS]
    at: Instant
    officer: Annotated[str, StringConstraints(max_length=300), PERSONAL] = ""
    position: Text = ""
    department: Text = ""
    content: Remark = ""
    note: Remark = ""
    deadline: Label = ""
    certificate: Certificate | None = None
    birth: Birth | None = None
