"""What the two providers say, names exactly as in domain notes 3.3: token replies, introspection, claims. Most of it is personal."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.marks import PERSONAL


def _written(value: Any) -> Any:
    """Numbers and texts of code-like claims come both ways (S1 reads LoaiTaiKhoan as a number, S2 as text)."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Claim = Annotated[str | None, BeforeValidator(_written), PERSONAL]
Dropped = Annotated[Any, PERSONAL]
"""A claim that goes no further than this model."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


class TokenReply(_Message):
    """Answer to the code. VNConnect gives an id_token; VNeID none (S8)."""

    access_token: Annotated[str, Field(min_length=1, max_length=16_000), PERSONAL]
    id_token: Annotated[str | None, Field(max_length=64_000), PERSONAL] = None
    token_type: str = "Bearer"
    expires_in: float | None = None
    scope: str = ""


class WrappedReply(_Message):
    """VNeID's envelope around a reply, both Base64: `key` an AES key under our RSA key (PKCS#1 v1.5), `data` the JSON under AES-ECB."""

    data: Annotated[str, Field(min_length=1), PERSONAL]
    key: Annotated[str, Field(min_length=1)]


class ErrorReply(_Message):
    """A refusal by the token end (RFC 6749, 5.2)."""

    error: Annotated[str, Field(min_length=1, max_length=100)]
    error_description: str = ""


class Introspection(_Message):
    """Answer to `token`, `state=0`: whose token it is and until when. `active` stands in RFC 7662; S1 does without."""

    client_id: str | None = None
    exp: int | None = None
    active: bool | None = None


class VnconnectClaims(_Message):
    """VNConnect's userinfo. Of all this the province may keep who it is, how to reach them, and how surely (Law 91/2025/QH15)."""

    sub: Annotated[str, Field(min_length=1), PERSONAL]
    TechID: Claim = None
    LoaiTaiKhoan: Claim = None
    SoDinhDanh: Claim = None
    SoCMND: Claim = None
    HoChieu: Claim = None
    MaBHXH: Dropped = None
    MaSoThue: Claim = None
    MaSoDoanhNghiep: Claim = None
    TenDoanhNghiep: Claim = None
    HoVaTen: Claim = None
    ThuDienTu: Claim = None
    SoDienThoai: Claim = None
    SoDienThoaiBan: Dropped = None
    GioiTinh: Dropped = None
    DanToc: Dropped = None
    TonGiao: Dropped = None
    TinhTrangHonNhan: Dropped = None
    NhomMau: Dropped = None
    NgayThangNamSinh: Dropped = None
    NoiDangKyKhaiSinh: Dropped = None
    QueQuan: Dropped = None
    ThuongTru: Dropped = None
    NoiOHienNay: Dropped = None
    QuocTich: Dropped = None
    Cha: Dropped = None
    Me: Dropped = None
    VoChong: Dropped = None
    NguoiDaiDien: Dropped = None
    ChuHo: Dropped = None
    DiaChi: Dropped = None
    TrangThai: Dropped = None
    loAs: Dropped = None


class VneidClaims(_Message):
    """VNeID's userinfo in both shapes seen: citizenPid and its kin (S8), or SoDinhDanh and its kin (S2)."""

    sub: Claim = None
    citizenPid: Claim = None
    fullName: Claim = None
    birthDate: Dropped = None
    accountType: Claim = None
    accountLevel: Claim = None
    SoDinhDanh: Claim = None
    HoVaTen: Claim = None
    NgayThangNamSinh: Dropped = None
    TechID: Claim = None
    IAL: Claim = None
    userProfileUri: Dropped = None
    logoutUri: Dropped = None
