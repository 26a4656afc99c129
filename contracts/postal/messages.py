"""VNPost's messages, field names exactly as it spells them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]
Filled = Annotated[str, Field(min_length=1)]
Whole = Annotated[int, Field(strict=True, ge=0)]
Digits = Annotated[str, Field(pattern=r"^\+?[0-9]{8,15}$"), PERSONAL]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)


def _text(value: Any) -> Any:
    """Codes come as numbers and as text, nothing as null."""
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Loose = Annotated[str, BeforeValidator(_text)]
LoosePersonal = Annotated[str, BeforeValidator(_text), PERSONAL]


class Don(_Message):
    """An order. In a return of results the desk sends, in a collection the citizen does. Districts are 0 where there are none."""

    CustomerCode: Filled
    ItemCode: str = ""
    OrderNumber: Filled
    CODAmount: Whole = 0
    SenderProvince: Whole
    SenderDistrict: Whole = 0
    SenderAddress: Annotated[Filled, PERSONAL]
    SenderName: Annotated[Filled, PERSONAL]
    SenderEmail: Personal = ""
    SenderTel: Digits
    SenderDesc: str = ""
    Description: Personal = ""
    ReceiverName: Annotated[Filled, PERSONAL]
    ReceiverAddress: Annotated[Filled, PERSONAL]
    ReceiverTel: Digits
    ReceiverProvince: Whole
    ReceiverDistrict: Whole = 0
    ReceiverEmail: Personal = ""
    FlagConfig: Whole = 2


class Huy(_Message):
    """A cancellation."""

    customerCode: Filled
    orderNumber: Filled


class TraLoi(_Message):
    """The answer to an order or a cancellation: 100 done, 101 noted before, 500 the caller's fault."""

    Status: Annotated[Loose, Field(min_length=1)]
    Message: LoosePersonal = ""


class Oid(_Message):
    """The cursor's key: a document id whose first four bytes are the second it was written (BSON specification, ObjectId)."""

    oid: Annotated[str, Field(alias="$oid", pattern=r"^[0-9a-f]{24}$")]


class TrangThaiBuuGui(_Message):
    """One row of the tracking cursor: an order came to a status."""

    id: Annotated[Oid, Field(alias="_id")]
    orderNumber: Annotated[Loose, Field(min_length=1)]
    statusCode: Annotated[Loose, Field(min_length=1)]
    statusMessage: LoosePersonal = ""


class Goi(_Message):
    """The rows of a page, read one by one, so that one bad row spoils no other."""

    rhDoc: Annotated[list[Any], BeforeValidator(lambda value: [value] if isinstance(value, dict) else value or [])]


class TrangTheoDoi(_Message):
    """A page of the tracking cursor; without `_embedded` the walk has come to its end."""

    embedded: Annotated[Goi | None, Field(alias="_embedded")] = None
