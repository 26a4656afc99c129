"""The registry's messages, field names exactly as it spells them. The form travels as JSON text inside JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


def _text(value: Any) -> Any:
    """Numbers come as numbers and as text, nothing as null or as empty text."""
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Loose = Annotated[str, BeforeValidator(_text)]
LoosePersonal = Annotated[str, BeforeValidator(_text), PERSONAL]


def _result(value: Any) -> Any:
    """Nothing comes as null or as empty text; the whole may come as JSON text, as the forms do."""
    if isinstance(value, str) and value.strip():
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value or None


class FileDinhKem(_Message):
    """An attachment; withdrawn ones (`huyGiayTo` 1) are never sent on."""

    id: int
    loaiGiayTo: int
    tenGiayTo: str
    tenTepDinhKem: str
    huyGiayTo: Literal[0, 1]
    duLieuTepDinhKem: Personal


class HoSoHoTich(_Message):
    """`nhanDKHT`: one registration."""

    maDonVi: Annotated[str, Field(pattern=r"^([0-9]{3}|[0-9]{5})$")]
    module: Literal["LTKS", "LTKT", "LTKH"]
    maHoSoLT: str
    maHoSoMCDT: Annotated[str, Field(min_length=1)]
    ngayTiepNhan: Annotated[str, Field(pattern=r"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$")]
    data: Personal
    fileDinhKem: list[FileDinhKem]


class TraLoi(_Message):
    """The answer to `nhanDKHT`: 1 success, 0 failure and why."""

    status: Annotated[Literal["0", "1"], BeforeValidator(_text)]
    statusDescription: Loose = ""
    errorCode: Loose = ""
    errorDescription: Loose = ""


class HoiKetQua(_Message):
    """`layKetQua`: what became of these dossiers (at most 1,000)."""

    maDinhDanhHoSo: Annotated[list[str], Field(max_length=1000)]
    maTinh: str
    module: str


class KetQuaXuLy(_Message):
    """What was registered. Further fields repeat the form."""

    soDinhDanh: LoosePersonal = ""
    ngayDangKy: Loose = ""
    soDangKy: Loose = ""
    quyenSo: Loose = ""
    trangSo: Loose = ""
    giayKhaiSinh: LoosePersonal = ""
    giayKhaiTu: LoosePersonal = ""


class KetQua(_Message):
    """One row of `value`."""

    maHoSoMCDT: Annotated[str, Field(min_length=1)]
    maHoSoLT: Loose = ""
    maDonVi: Loose = ""
    maTinh: Loose = ""
    module: Loose = ""
    trangThai: Annotated[Literal["1", "2", "3", "4", "6"], BeforeValidator(_text)]
    errors: Any = None
    thoiGianThucHien: Loose = ""
    ghiChu: LoosePersonal = ""
    nguoiXuLy: LoosePersonal = ""
    chucDanh: Loose = ""
    phongBanXuLy: Loose = ""
    noiDungXuLy: LoosePersonal = ""
    hanBoSungHoSo: Loose = ""
    ketQuaXuLy: Annotated[KetQuaXuLy | None, BeforeValidator(_result), PERSONAL] = None


class TraLoiKetQua(_Message):
    """The answer to `layKetQua`; rows are read one by one, so that one bad row spoils no other."""

    status: Annotated[Literal["0", "1"], BeforeValidator(_text)]
    statusDescription: Loose = ""
    value: Annotated[list[Any], BeforeValidator(lambda value: [value] if isinstance(value, dict) else value or [])] = (
        Field(default_factory=list)
    )
