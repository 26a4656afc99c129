"""What EMC is told: one usage event for each change of a dossier (domain notes 3.8 and 4, column EMC).

EMC's words are the opposite of the portal's: 1 is online here and counter there. Nothing tells EMC when a change happened; an event
that comes late falls in the day it is sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts import codes
from contracts.codes import REFORM_ON, CodeGap
from contracts.service_evaluation.messages import SuKien
from mappings.convert import as_day, choice, constant, national_procedure, plain, text
from mappings.table import build, computed, row, table

DOC = "EMC, TrackingMCDT"
STATUS = {1: "1", 2: "1", 3: "0", 4: "2", 5: "0", 6: "0", 7: "0", 8: "0", 9: "3", 10: "3"}
"""The dossier's status to EMC's (domain notes 4; code list emc.Status)."""
ASSIGNED = "4"
ONLINE, COUNTER = "1", "2"
PARTLY_ONLINE, AT_THE_COUNTER = "3", "1"


@dataclass(frozen=True, slots=True)
class Site:
    """How the province reports: its site, whose ids are told (`key` None: nobody's), its service levels by procedure."""

    site_id: int
    key: bytes | None = None
    province: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """A change of a dossier as reported by a site; what the table below is a table of."""

    dossier: Any
    change: Any
    site: Site


def procedure_code(usage: Usage) -> str:
    """The national code of the procedure."""
    return national_procedure(usage.dossier.procedure.code, usage.dossier.filed_at)


def status(usage: Usage) -> str:
    """EMC's status; the way from reception into processing is the assignment of an officer (4)."""
    change = usage.change
    if change is not None and (change.from_status, change.to_status) == (2, 4):
        return ASSIGNED
    return STATUS[usage.dossier.status]


def level(usage: Usage) -> str:
    """The service level: as the province declares it, else what the catalogue's channels prove, never more.

    Assumed: the catalogue does not tell partly from fully online, so what is online counts as partly (3); all else as wholly at the
    counter (1). A dossier that came online proves the same of its procedure.
    """
    code = procedure_code(usage)
    if (declared := usage.site.levels.get(code)) is not None:
        return declared
    return PARTLY_ONLINE if usage.dossier.channel == "online" or "ONLINE" in _channels(code, usage) else AT_THE_COUNTER


def _channels(code: str, usage: Usage) -> tuple[str, ...]:
    try:
        return codes.lookup("channel", code, as_day(usage.dossier.filed_at)).extra
    except CodeGap:  # the catalogue tells the channels of few procedures
        return ()


def user(usage: Usage) -> str:
    """Who filed, as JSON text: kind and province, and the ids as keyed digests where the province tells them at all."""
    applicant = usage.dossier.applicant
    own = applicant.citizen_id or applicant.old_id or applicant.tax_code
    said = {
        "ID_local": _digest(own, usage.site.key),
        "ID_QG": _digest(applicant.account, usage.site.key),
        "TYPE": "2" if applicant.kind == "citizen" else "1",
        "LOCATION": location(usage),
    }
    return json.dumps(said, separators=(",", ":"))


def _digest(number: str | None, key: bytes | None) -> str:
    """The same person the same digest; without the key nobody finds the number by trying all of them."""
    return hmac.digest(key, number.encode(), hashlib.sha256).hex() if number and key else ""


def location(usage: Usage) -> str:
    """The province's code on the day the dossier was filed; the site's where the applicant has no address."""
    address = usage.dossier.applicant.address
    if address is None:
        return usage.site.province
    if address.as_of < REFORM_ON <= as_day(usage.dossier.filed_at):
        return codes.merged_province(address.province)
    return str(address.province)


SENT = table(
    row("dossier.code", "CodeProfile", source=DOC, required=True),
    row("site.site_id", "SiteId", plain(), source=DOC, required=True),
    computed("CodeTTHC", procedure_code, source=DOC, required=True),
    row("dossier.procedure.name", "NameTTHC", text(), source=DOC, required=True),
    row("dossier.code", "MaHoSo", source=DOC, required=True),
    computed("Status", status, source="domain notes 4, column EMC", required=True),
    row(
        "dossier.channel",
        "FormsReception",
        choice({"online": ONLINE, "counter": COUNTER, "post": ONLINE}),
        source="code list emc.FormsReception; Assumed: post counts as online, as S2 has it",
        required=True,
    ),
    row(
        "dossier.paid_by",
        "FormsPayments",
        choice({"none": "0", "portal": "1", "gateway": "1", "offline": "2"}),
        source="code list emc.FormsPayments",
        required=True,
    ),
    computed("Level", level, source="code list emc.Level", required=True),
    row("dossier.filed_on", "IsFromDVCQG", choice({"portal": "1", "local": "0"}), source="code list emc.IsFromDVCQG"),
    row(
        "dossier.return_method",
        "IsDVCBC",
        choice({"counter": "0", "post": "1", "carrier": "2"}),
        source="code list emc.IsDVCBC",
    ),
    row("", "Data", constant(None), source=DOC),
    computed("User", user, source=DOC, required=True),
    empty=None,
    of=Usage,
    to=SuKien,
)


def request(message: Any, site: Site) -> dict[str, Any]:
    """The body of `TrackingMCDT`; a payment has no change of status. Raises Unmappable, CodeGap."""
    return build(SENT, Usage(message.dossier, getattr(message, "change", None), site))
