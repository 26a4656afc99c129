"""A procedure of the national catalogue becomes a version of ours (domain notes 3.2). What is odd is mended, kept and named in `quirks`.

Nothing is dropped in silence: a code that is none at all is refused here, and its row is kept raw by the poll.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from contracts.canonical.procedure import Component, Decision, LegalBasis, NamedCode, Product, PublishedProcedure
from contracts.envelope import Envelope, make
from contracts.identifier import tidy
from contracts.procedure_catalogue.messages import (
    CachThuc,
    CanCu,
    DongTTHC,
    DonVi,
    GiayTo,
    KetQua,
    LinhVuc,
    QuyetDinh,
    ThuTuc,
)
from contracts.working_time import VIETNAMESE, YearMissing
from mappings.convert import VIETNAM, stamp
from mappings.procedure_catalogue import words
from mappings.table import many, read, row, table

SOURCE = "urn:lienthong:procedure-catalogue"
DOC = "CSDLQG về TTHC, LayThuTuc"
DECISION_DOC = "CSDLQG về TTHC, LayQDCB (assumed)"
PUBLISHING_DAYS = 5
"""Working days a province has to publish a decision (domain notes 3.2, indicator of timeliness)."""
EVENT = "vn.lienthong.catalogue.procedure_changed.v1"

UNIT = table(
    row("code", "MADONVI", source=DOC),
    row("name", "TENDONVI", words.tidied(), source=DOC),
    of=NamedCode,
    to=DonVi,
)
FIELD = table(
    row("code", "MALINHVUC", source=DOC),
    row("name", "TENLINHVUC", words.tidied(), source=DOC),
    of=NamedCode,
    to=LinhVuc,
)
RESULT = table(
    row("code", "MAKETQUA", source=DOC),
    row("title", "TENKETQUA", words.tidied(), source=DOC, required=True),
    of=Product,
    to=KetQua,
)
BASIS = table(
    row("number", "SOVANBAN", words.legal_number(), source=DOC, required=True),
    row("title", "TENVANBAN", words.tidied(), source=DOC),
    of=LegalBasis,
    to=CanCu,
)
PAPER = table(
    row("code", "MAGIAYTO", source=DOC),
    row("title", "TENGIAYTO", words.tidied(), source=DOC, required=True),
    row("form", "TENMAUDON", words.tidied(), source=DOC),
    row("originals", "SOBANCHINH", source=DOC),
    row("copies", "SOBANSAO", source=DOC),
    row("replaced_by", "MA_KQ_THAYTHE", source=DOC),
    of=Component,
    to=GiayTo,
)
PROCEDURE = table(
    row("name", "TENTTHC", words.tidied(), source=DOC, required=True),
    row("kind", "LOAITTHC", source=DOC),
    row("published_by", "MACOQUANCONGBO", source=DOC),
    many("fields", "LINHVUCTHUCHIEN", FIELD, source=DOC),
    many("agencies", "COQUANTHUCHIEN", UNIT, source=DOC),
    many("products", "KETQUATHUCHIEN", RESULT, source=DOC),
    many("bases", "CANCUPHAPLY", BASIS, source=DOC),
    of=PublishedProcedure,
    to=ThuTuc,
    beside=("code", "code_as_given", "state"),
)
DECISION = table(
    row("id", "IDQDCB", source=DECISION_DOC, required=True),
    row("number", "SOQUYETDINH", words.tidied(), source=DECISION_DOC),
    row("title", "TENQUYETDINH", words.tidied(), source=DECISION_DOC),
    row("agency", "COQUANBANHANH", words.tidied(), source=DECISION_DOC),
    row("signed_on", "NGAYQUYETDINH", words.day(), source=DECISION_DOC),
    row("effective_on", "NGAYHIEULUC", words.day(), source=DECISION_DOC),
    row("published_on", "NGAYCONGKHAI", words.day(), source=DECISION_DOC),
    of=Decision,
    to=QuyetDinh,
)
UPDATED = stamp("%Y%m%d%H%M%S")


def decision(message: QuyetDinh, today: date) -> Decision:
    """A decision, its day of publication measured: late when published after the day, or not yet and the day is gone by."""
    found = _filled(read(DECISION, message.model_dump()))
    signed_on: date | None = found.get("signed_on")
    publish_by = _publish_by(signed_on) if signed_on is not None else None
    if publish_by is not None:
        found |= {"publish_by": publish_by, "late": (found.get("published_on") or today) > publish_by}
    return Decision.model_validate(found)


def _publish_by(signed_on: date) -> date | None:
    """The last day to publish a decision, None where the holidays of the year are not known (contracts/codes/holidays.csv)."""
    try:
        return VIETNAMESE.days_after(signed_on, PUBLISHING_DAYS)
    except YearMissing:
        return None


def version(message: ThuTuc, line: DongTTHC, published: Decision | None) -> PublishedProcedure:
    """One version. Raises Unmappable for a row without a name, a validation error for a code that is none."""
    quirks = [*_code_quirks(message.MATTHC), *_name_quirks(message.TENTTHC)]
    found = _filled(read(PROCEDURE, message.model_dump()))
    if not found.get("agencies"):
        quirks.append("no_agency")
    limits, tariffs = [], []
    for channel in message.CACHTHUCTHUCHIEN:
        for limit, its_tariffs in _cases(channel):
            limits.append(limit)
            tariffs += its_tariffs
    quirks += _unmeasured(limits, tariffs)
    if any(not words.readable_number(basis["number"]) for basis in found.get("bases", ())):
        quirks.append("basis_number_unreadable")
    if published is None:
        quirks.append("no_decision")
    state = _state(message)
    changed_on = _changed_at(line, published)
    components = [
        {**_filled(read(PAPER, paper.model_dump())), "case": tidy(part.TRUONGHOP)}
        for part in message.THANHPHANHOSO
        for paper in part.GIAYTO
        if tidy(paper.TENGIAYTO)
    ]
    return PublishedProcedure.model_validate(
        found
        | {
            "code": message.MATTHC,
            "code_as_given": message.MATTHC[:100],
            "state": state,
            "ended_on": None if state == "public" or changed_on is None else changed_on.astimezone(VIETNAM).date(),
            "decision": published,
            "levels": [tidy(level.TENCAP or level.CAPTHUCHIEN) for level in message.CAPTHUCHIEN],
            "channels": list(dict.fromkeys(words.channel(channel.KENH) for channel in message.CACHTHUCTHUCHIEN)),
            "applicants": [tidy(kind.TENDOITUONG) for kind in message.DOITUONGTHUCHIEN],
            "limits": limits,
            "tariffs": tariffs,
            "components": components,
            "related": [_related(one) for one in [*message.TTHCLIENQUAN, *message.TTHCLIENTHONG]],
            "quirks": list(dict.fromkeys(quirks)),
        }
    )


def changed(procedure: PublishedProcedure, line: DongTTHC, today: date) -> Envelope:
    """The event of a version. Its id comes from code, decision, effective date and content, so that a version pulled twice is one event.

    Raises Refusal.
    """
    data = procedure.model_dump(mode="json", exclude_defaults=True)
    at = _changed_at(line, procedure.decision) or datetime.combine(today, datetime.min.time(), VIETNAM)
    return event_of(procedure, at, json.dumps(data, sort_keys=True))


def withdrawn(procedure: PublishedProcedure, today: date) -> tuple[PublishedProcedure, Envelope]:
    """The version of a procedure the catalogue no longer lists, and its event."""
    ended = procedure.model_copy(update={"state": "withdrawn", "ended_on": procedure.ended_on or today})
    return ended, event_of(ended, datetime.combine(today, datetime.min.time(), VIETNAM), "withdrawn")


def event_of(procedure: PublishedProcedure, at: datetime, content: str) -> Envelope:
    """`catalogue.procedure_changed` at an instant."""
    identity = "|".join(("procedure", procedure.code, *version_of(procedure), at.isoformat(), content))
    return make(
        EVENT,
        hashlib.sha256(identity.encode()).hexdigest()[:32],
        SOURCE,
        procedure.code,
        at,
        {
            "procedure": procedure.model_dump(mode="json", exclude_defaults=True),
            "changed_at": at.isoformat(),
        },
    )


def version_of(procedure: PublishedProcedure) -> tuple[str, str]:
    """What tells one version of a procedure from another: the decision's number and the day it takes effect."""
    by = procedure.decision
    return ("", "") if by is None else (by.number or by.id, by.effective_on.isoformat() if by.effective_on else "")


def _state(message: ThuTuc) -> str:
    """TRANGTHAI 1 is public, any other hidden; a code marked -Xoa was deleted by hand."""
    if str(tidy(message.MATTHC)).casefold().endswith("-xoa"):
        return "withdrawn"
    return "public" if message.TRANGTHAI.strip() == "1" else "hidden"


def _code_quirks(raw: str) -> Iterator[str]:
    if raw != raw.strip():
        yield "code_blank"
    text = raw.strip()
    if text.casefold().endswith("-xoa"):
        yield "code_marked_deleted"
        text = text[:-4]
    if len(text.split(".")[1] if "." in text else "") != 6:
        yield "code_malformed"


def _name_quirks(raw: str) -> Iterator[str]:
    if not unicodedata.is_normalized("NFC", raw):
        yield "name_not_nfc"
    if raw != " ".join(raw.split()):
        yield "name_blank"


def _cases(channel: CachThuc) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The limits of a channel, each with its fees: what may be counted is, the rest stays in words."""
    by = words.channel(channel.KENH)
    for case in channel.THOIGIAN:
        amount, unit, left = words.duration(case.THOIGIANGIAIQUYET, case.DONVITINH)
        limit = {"channel": by, "amount": amount, "unit": unit, "words": _join(case.MOTA, left)}
        tariffs = []
        for fee in case.PHILEPHI:
            vnd, prose = words.money(fee.SOTIEN)
            tariffs.append(
                {
                    "channel": by,
                    "code": fee.MAPHILEPHI,
                    "amount_vnd": vnd,
                    "unit": tidy(fee.DONVI)[:100],
                    "words": _join(fee.MOTA, prose),
                }
            )
        yield limit, tariffs


def _unmeasured(limits: list[dict[str, Any]], tariffs: list[dict[str, Any]]) -> Iterator[str]:
    if any(limit["amount"] is None for limit in limits):
        yield "time_in_words"
    if any(limit["unit"] == "OTHER" for limit in limits):
        yield "unit_other"
    if any(tariff["amount_vnd"] is None for tariff in tariffs):
        yield "fee_in_words"


def _changed_at(line: DongTTHC, published: Decision | None) -> datetime | None:
    """When the catalogue changed the procedure: NGAYCAPNHAT, else the decision's day."""
    assert UPDATED.back is not None
    try:
        at: datetime | None = UPDATED.back(line.NGAYCAPNHAT.strip())
    except ValueError:
        at = None
    if at is None and published is not None and published.signed_on is not None:
        at = datetime.combine(published.signed_on, datetime.min.time(), VIETNAM)
    return at


def _related(one: Any) -> str:
    """The code of a related procedure, told as an object or as bare text."""
    return str(tidy(str(one.get("MATTHC", "") if isinstance(one, Mapping) else one)))[:100]


def _join(*parts: str) -> str:
    return "; ".join(text for part in parts if (text := str(tidy(part))))[:4000]


def _filled(found: dict[str, Any]) -> dict[str, Any]:
    """Without members of lists that say nothing."""
    return {name: [one for one in value if one] if isinstance(value, list) else value for name, value in found.items()}
