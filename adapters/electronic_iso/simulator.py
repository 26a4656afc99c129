"""The ISO system's side: slips and steps in a book of its own; it can call us with changes, and be polled for them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.soap_simulator import SOAP, WSSE, Said, SaidFault, SoapSimulator
from contracts.electronic_iso import NAMESPACE

CALLBACK = ("iso", "iso-callback-demo")
"""What the ISO system shows when it calls the demo's bus."""
DEMO = {
    "credentials": {
        "username": "sim",
        "password": "sim",
        "callback_username": CALLBACK[0],
        "callback_password": CALLBACK[1],
    }
}
RESULTS = frozenset({"DAT", "TRA_LAI", "TAM_DUNG"})
CHANGE = (
    "MaThayDoi",
    "MaPhieu",
    "MaHoSo",
    "MaBuoc",
    "TenBuoc",
    "NguoiXuLy",
    "BatDau",
    "KetThuc",
    "HanXuLyGio",
    "KetQua",
    "GhiChu",
    "ThoiDiem",
)
"""The fields of a change in the order of the WSDL's sequence."""


class IsoSimulator(SoapSimulator):
    """Slips, steps and their changes."""

    effects: ClassVar[Mapping[str, str]] = {
        "slip": "TiepNhanHoSo",
        "reopen": "TiepNhanHoSo",
        "due": "TiepNhanHoSo",
        "step": "CapNhatBuoc",
        "close": "KetThuc",
    }
    whose = "MaHoSo"
    namespace = NAMESPACE
    invalid = "ISO-002"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self.slips: dict[str, str] = {e["MaHoSo"]: e["MaPhieu"] for e in self.book.of("slip")}
        told = (e for e in self.book.entries if e["kind"] in ("slip", "reopen", "due"))
        self._due: dict[str, str | None] = {e["MaHoSo"]: e["data"].get("NgayHenTra") for e in told}
        self._steps = {tuple(e["identity"]) for e in self.book.of("step")}
        self._closed: dict[str, str] = {}
        for entry in self.book.entries:
            if entry["kind"] in ("close", "reopen"):
                self._closed[entry["MaPhieu"]] = entry["data"].get("TrangThai", "")
        self._dossiers = {slip: code for code, slip in self.slips.items()}
        self.route("/_sim/change", self._change, weather=False)

    def do(self, name: str, fields: dict[str, Any]) -> Sequence[Said]:
        match name:
            case "TiepNhanHoSo":
                return [("MaPhieu", self._open(fields))]
            case "CapNhatBuoc":
                return self._step(fields)
            case "KetThuc":
                return self._close(fields)
            case "LayThayDoi":
                since = datetime.fromisoformat(fields["tuThoiDiem"])
                changes = [change["fields"] for change in self.book.of("change")]
                return [
                    ("ThayDoi", list(one.items()))
                    for one in changes
                    if datetime.fromisoformat(one["ThoiDiem"]) >= since
                ]
            case _:
                raise SaidFault("ISO-002", f"không có nghiệp vụ {name}")

    def _open(self, fields: dict[str, str]) -> str:
        """The same dossier gets the same slip, opened again when it was closed; a new due time is taken over."""
        code = fields["MaHoSo"]
        if code not in self.slips:
            self.slips[code] = f"PH{len(self.slips) + 1:06d}"
            self._dossiers[self.slips[code]] = code
            self.book.write("slip", MaHoSo=code, MaPhieu=self.slips[code], data=fields)
        elif self._closed.get(self.slips[code]):
            self._closed[self.slips[code]] = ""
            self.book.write("reopen", MaHoSo=code, MaPhieu=self.slips[code], data=fields)
        elif fields.get("NgayHenTra") != self._due.get(code):
            self.book.write("due", MaHoSo=code, MaPhieu=self.slips[code], data=fields)
        else:
            self.book.write("repeat", MaHoSo=code, data=fields)
        self._due[code] = fields.get("NgayHenTra")
        return self.slips[code]

    def _dossier(self, slip: str) -> str:
        if slip not in self._dossiers:
            raise SaidFault("ISO-001", f"không có phiếu {slip}")
        return self._dossiers[slip]

    def _step(self, fields: dict[str, str]) -> list[Said]:
        code = self._dossier(fields["MaPhieu"])
        if fields.get("KetQua") not in RESULTS:
            raise SaidFault("ISO-002", "KetQua không hợp lệ")
        if self.weather.row == code and self.weather.takes("refuse_row"):
            raise SaidFault("ISO-002", "bước không hợp lệ")
        identity = (code, fields["MaBuoc"], fields["BatDau"])
        if identity in self._steps and not self.weather.takes("keep_doubles"):
            self.book.write("repeat", MaHoSo=code, data=fields)
        elif self._closed.get(fields["MaPhieu"]):
            raise SaidFault("ISO-003", f"phiếu {fields['MaPhieu']} đã kết thúc")
        else:
            self._steps.add(identity)
            self.book.write("step", MaHoSo=code, identity=list(identity), data=fields)
        return [("KetQuaXuLy", "OK")]

    def _close(self, fields: dict[str, str]) -> list[Said]:
        code = self._dossier(fields["MaPhieu"])
        slip, status = fields["MaPhieu"], fields["TrangThai"]
        if self._closed.get(slip) == status:
            self.book.write("repeat", MaHoSo=code, data=fields)
        else:
            self._closed[slip] = status
            self.book.write("close", MaHoSo=code, MaPhieu=slip, data=fields)
        return [("KetQuaXuLy", "OK")]

    def change(self, code: str, **fields: str) -> dict[str, str]:
        """A step changed inside the ISO system; told when polled, and where somebody sends it, by `signed_call`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        whole = {
            "MaThayDoi": secrets.token_hex(6),
            "MaPhieu": self.slips[code],
            "MaHoSo": code,
            "MaBuoc": "KD01",
            "TenBuoc": "Kiểm tra nội bộ",
            "NguoiXuLy": "Lê Văn Bảy",
            "BatDau": now,
            "KetQua": "DAT",
            "ThoiDiem": now,
            **fields,
        }
        whole = {name: whole[name] for name in CHANGE if name in whole}
        self.book.write("change", MaHoSo=code, fields=whole)
        return whole

    async def _change(self, request: Request) -> Response:
        """`{"MaHoSo": ..., other fields of a change}`: the ISO system's own people did something."""
        told = await request.json()
        code = str(told.pop("MaHoSo", ""))
        if code not in self.slips:
            return JSONResponse({"error": "no slip for this dossier"}, 422)
        return JSONResponse(self.change(code, **told))


def signed_call(fields: dict[str, str], username: str, password: str, created: datetime) -> bytes:
    """A `BaoThayDoi` envelope as the ISO system sends it to us, with its UsernameToken."""
    nonce = secrets.token_bytes(16)
    stamp = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hashlib.sha1(nonce + stamp.encode() + password.encode()).digest()).decode()
    inner = "".join(f"<iso:{name}>{escape(value)}</iso:{name}>" for name, value in fields.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="{SOAP}" xmlns:iso="{NAMESPACE}"><soap:Header><w:Security xmlns:w="{WSSE}"><w:UsernameToken>
<w:Username>{username}</w:Username><w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">{digest}</w:Password>
<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">{stamp}</u:Created>
</w:UsernameToken></w:Security></soap:Header><soap:Body><iso:BaoThayDoi><iso:ThayDoi>{inner}</iso:ThayDoi></iso:BaoThayDoi></soap:Body></soap:Envelope>""".encode()


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return IsoSimulator(book).app()
