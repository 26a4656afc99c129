"""What VNPost is sent: an order to return results, an order to fetch papers (domain notes 3.10).

VNPost has a list of provinces of its own (code list `postal_province`, looked up on the day of the address), and no district since the
reform of 2025-07-01: 0 is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts import codes
from contracts.postal import COLLECTION_MARK
from contracts.postal.messages import Don
from mappings.convert import Unsayable, constant, plain, text
from mappings.table import Row, build, computed, row, table

DOC = "VNPost, tạo đơn"
FLAG = 2
"""FlagConfig, as both public clients send it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk as VNPost knows it: its customer code, where it hands over and takes; `name` empty: the agency's."""

    customer_code: str
    address: str
    phone: str
    province: int
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A dossier's item between desk and applicant. `collects_fees`: fees not yet paid are asked of the receiver."""

    dossier: Any
    desk: Desk
    note: str = ""
    collects_fees: bool = False


def desk_name(parcel: Parcel) -> str:
    """The desk's name with VNPost, else the agency's."""
    return parcel.desk.name or str(parcel.dossier.agency.name)


def home_address(parcel: Parcel) -> str:
    """House and street, commune and province by the names they had on the day of the address."""
    address = _home(parcel)
    parts = [address.detail]
    if address.ward:
        parts.append(codes.lookup("ward", address.ward, address.as_of).name_vi)
    parts.append(codes.lookup("province", address.province, address.as_of).name_vi)
    return ", ".join(part for part in parts if part)


def home_province(parcel: Parcel) -> int:
    """VNPost's own number of the applicant's province."""
    address = _home(parcel)
    return int(codes.lookup("postal_province", address.province, address.as_of).name_vi)


def _home(parcel: Parcel) -> Any:
    address = parcel.dossier.applicant.address
    if address is None:
        raise Unsayable("the applicant has no address; the post needs one")
    return address


def papers_inside(parcel: Parcel) -> str:
    """What is inside, by the titles of the results."""
    return "; ".join(result.title for result in parcel.dossier.results)


def cash_on_delivery(parcel: Parcel) -> int:
    """Fees in đồng that nobody has paid yet, where the province lets the postman collect them; else 0."""
    if not parcel.collects_fees or parcel.dossier.paid_by != "none":
        return 0
    return sum(fee.amount_vnd for fee in parcel.dossier.fees if not fee.collected)


def collection_number(parcel: Parcel) -> str:
    """The number of a collection: the dossier's code and a mark, for the return of its result needs the code itself."""
    return f"{parcel.dossier.code}{COLLECTION_MARK}"


def _desk(side: str) -> tuple[Row, ...]:
    return (
        row("desk.province", f"{side}Province", plain(), source=DOC, required=True),
        row("", f"{side}District", constant(0), source="domain notes 2.4: no districts"),
        row("desk.address", f"{side}Address", text(), source=DOC, required=True),
        computed(f"{side}Name", desk_name, source=DOC, required=True),
        row("desk.email", f"{side}Email", source=DOC),
        row("desk.phone", f"{side}Tel", source=DOC, required=True),
    )


def _citizen(side: str) -> tuple[Row, ...]:
    return (
        computed(f"{side}Province", home_province, source="code list postal_province", required=True),
        row("", f"{side}District", constant(0), source="domain notes 2.4: no districts"),
        computed(f"{side}Address", home_address, source=DOC, required=True),
        row("dossier.applicant.name", f"{side}Name", text(), source=DOC, required=True),
        row("dossier.applicant.email", f"{side}Email", source=DOC),
        row("dossier.applicant.phone", f"{side}Tel", source=DOC, required=True),
    )


COMMON = (
    row("desk.customer_code", "CustomerCode", source=DOC, required=True),
    row("", "ItemCode", constant(""), source="taken from the pool when the order leaves"),
    row("note", "Description", text(500, cut=True), source=DOC),
    row("", "FlagConfig", constant(FLAG), source="S1, S2"),
)

RETURN = table(
    *COMMON,
    row("dossier.code", "OrderNumber", source=DOC, required=True),
    computed("CODAmount", cash_on_delivery, source=DOC),
    *_desk("Sender"),
    computed("SenderDesc", papers_inside, source=DOC),
    *_citizen("Receiver"),
    of=Parcel,
    to=Don,
)

COLLECTION = table(
    *COMMON,
    computed("OrderNumber", collection_number, source=DOC, required=True),
    row("", "CODAmount", constant(0), source=DOC),
    *_citizen("Sender"),
    row("", "SenderDesc", constant("Hồ sơ thủ tục hành chính"), source=DOC),
    *_desk("Receiver"),
    of=Parcel,
    to=Don,
)


def result_order(parcel: Parcel) -> dict[str, Any]:
    """The order that brings the result to the citizen. Raises Unmappable, CodeGap."""
    return build(RETURN, parcel)


def collection_order(parcel: Parcel) -> dict[str, Any]:
    """The order that fetches the papers, roles swapped. Raises Unmappable, CodeGap."""
    return build(COLLECTION, parcel)
