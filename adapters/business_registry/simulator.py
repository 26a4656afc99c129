"""The registry's side: a register of invented firms in both its shapes, and the household registrations it is told (domain notes 3.7)."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from lxml import etree
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.business_registry.register import FIRMS, HOUSEHOLD_PROCEDURES
from adapters.simulator import GatewaySimulator
from adapters.transport import xml
from contracts.business_registry import NAMESPACE
from contracts.business_registry.messages import HoSoHKD

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
USERNAME, PASSWORD = "sim", "sim"
DEMO = {"credentials": {"consumer_key": "sim", "consumer_secret": "sim", "username": USERNAME, "password": PASSWORD}}
QUESTIONS = (
    ("enterprise", {"code": "0100109106"}),
    ("enterprise", {"code": "0300588569"}),
    ("enterprise", {"code": "0100109106-001"}),
    ("household", {"owner_id": "084080000123"}),
)
"""What the demo's callers look up here."""
XML = "text/xml; charset=utf-8"
FRESH = timedelta(minutes=5)


class RegisterSimulator(GatewaySimulator):
    """Firms by their code as the column holds it: MST, MST-NNN, five digits, or a household owner's twelve."""

    effects: ClassVar[Mapping[str, str]] = {"household": "dongBoHoSoHKD"}
    whose = "maHoSo"

    def __init__(self, book: Path | None = None, *, seed: int = 84) -> None:
        super().__init__(book)
        self.user = (USERNAME, PASSWORD)
        self._rng = random.Random(seed)
        self.firms: dict[str, dict[str, Any]] = {}
        self.older: set[str] = set()
        for firm in FIRMS:
            self.enter(firm)
        self.households: dict[str, dict[str, Any]] = {e["maHoSo"]: e["data"] for e in self.book.of("household")}
        for told in self.households.values():
            self._register(told)
        self.route("/chiTietDoanhNghiep", self._detail, ("GET",))
        self.route("/dongBoHoSoHKD", self._sync)
        self.route("/soap", self._soap)
        self.route("/_sim/enter", self._enter, weather=False)

    def say(self, code: str, words: str) -> Response:
        return JSONResponse({"maLoi": code, "moTa": words})

    def enter(self, firm: Mapping[str, Any], *, older: bool = False) -> None:
        """A firm as the register holds it from now on; `older` ones are told in the older shape."""
        if "MainInformation" in firm:
            code, older = str(firm["MainInformation"]["ENTERPRISE_GDT_CODE"]), True
        else:
            code = str(firm["MaSoDoanhNghiep"])
        self.firms[code] = dict(firm)
        (self.older.add if older else self.older.discard)(code)

    async def _enter(self, request: Request) -> Response:
        """A record of `GetEntCert`, or one with `MainInformation`: a clerk of the registry enters or changes a firm."""
        firm = await request.json()
        if not isinstance(firm, dict) or not (firm.get("MaSoDoanhNghiep") or firm.get("MainInformation")):
            return JSONResponse({"error": "MaSoDoanhNghiep or MainInformation is missing"}, 422)
        self.enter(firm)
        return JSONResponse({"firms": len(self.firms)})

    async def _detail(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        code = request.query_params.get("msdn", "").strip()
        firm = self.firms.get(code)
        self.book.write("lookup", found=firm is not None)
        if code in self.older:
            return JSONResponse(firm)
        return JSONResponse({"GetEntCert": None if firm is None else [firm]})

    async def _sync(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            told = HoSoHKD.model_validate_json(await request.body())
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            return self.say("03" if field == "soDinhDanhChuHo" else "01", f"Trường {field} không hợp lệ")
        if told.maThuTuc not in HOUSEHOLD_PROCEDURES:
            return self.say("02", f"Thủ tục {told.maThuTuc} không thuộc đăng ký hộ kinh doanh")
        if self.weather.row == told.maHoSo and self.weather.takes("refuse_row"):
            return self.say("01", "Dữ liệu không hợp lệ")
        data = told.model_dump()
        if self.households.get(told.maHoSo) == data:
            self.book.write("repeat", maHoSo=told.maHoSo)
        else:
            self.households[told.maHoSo] = data
            self.book.write("household", maHoSo=told.maHoSo, data=data)
            self._register(data)
        return self.say("00", "Thành công")

    def _register(self, told: Mapping[str, Any]) -> None:
        """A household whose registration is finished stands in the register, under its owner's id."""
        if told["trangThai"] not in ("9", "10"):
            return
        code = told["maSoHKD"] or told["soDinhDanhChuHo"]
        before = self.firms.get(code, {})
        self.enter(
            {
                "MaNoiBo": before.get("MaNoiBo") or str(self._rng.randrange(10**7, 10**8)),
                "MaSoDoanhNghiep": code,
                "MaLoaiHinhDN": "HKD",
                "LoaiHinhDN": "Hộ kinh doanh",
                "TenTiengViet": told["tenHoKinhDoanh"].upper(),
                "NgayDangKyLanDau": before.get("NgayDangKyLanDau") or datetime.now(UTC).strftime("%Y-%m-%dT00:00:00"),
                "SoLanDangKyThayDoi": int(before.get("SoLanDangKyThayDoi", -1)) + 1,
                "TinhTrangPhapLy": [{"TinhTrangPhapLy": "Đang hoạt động", "MaTinhTrangPhapLy": "NNT1"}],
                "NganhNgheKinhDoanh": [{"MaNganh": line} for line in told["nganhNghe"]],
            }
        )

    async def _soap(self, request: Request) -> Response:
        """`ChiTietDoanhNghiep`, read by hand, so that it does not share a mistake with our zeep."""
        try:
            root = xml.parse(await request.body())
        except xml.BadXml as error:
            return _fault("Client", str(error))
        if not _known(root, *self.user):
            return _fault("FailedAuthentication", "sai tài khoản")
        asked = root.find(f"{{{SOAP}}}Body/{{{NAMESPACE}}}ChiTietDoanhNghiep/{{{NAMESPACE}}}msdn")
        if asked is None:
            return _fault("Client", "thiếu msdn")
        firm = self.firms.get((asked.text or "").strip())
        self.book.write("lookup", found=firm is not None)
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "dk": NAMESPACE})
        answer = etree.SubElement(
            etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{NAMESPACE}}}ChiTietDoanhNghiepResponse"
        )
        if firm is not None and "MainInformation" not in firm:
            _write(answer, "GetEntCert", firm)
        return Response(xml.write(envelope), media_type=XML)


ORDER = (
    *(
        "MaNoiBo",
        "MaSoDoanhNghiep",
        "SoGCNDKKD",
        "MaLoaiHinhDN",
        "LoaiHinhDN",
        "TenTiengViet",
        "TenNuocNgoai",
        "TenVietTat",
    ),
    *("NgayDangKyLanDau", "NgayDangKyThayDoi", "SoLanDangKyThayDoi"),
    *("TinhTrangPhapLy", "MaTinhTrangPhapLy", "NgayBatDauTamNgung", "NgayKetThucTamNgung", "LyDoTamNgung"),
    *(
        "ThongTinCaNhan",
        "HoVaTen",
        "LoaiGiayToChungThuc",
        "MaLoaiGiayToChungThuc",
        "SoGiayChungThuc",
        "NgayCap",
        "NoiCap",
    ),
    *("QuocTich", "MaQuocTich", "DaiDienPhapLuat"),
    *(
        "MaQuocGia",
        "QuocGia",
        "MaTinhThanh",
        "TenTinhThanh",
        "MaQuanHuyen",
        "TenQuanHuyen",
        "MaPhuongXa",
        "TenPhuongXa",
        "DiaChi",
    ),
    *("DiaChiTruSo", "MaNganh", "TenNganh", "NganhChinh", "NganhNgheKinhDoanh"),
)
"""The elements in the order of the WSDL's sequences."""


def _write(parent: etree._Element, name: str, value: Any) -> None:
    for one in value if isinstance(value, list) else [value]:
        if one is None:
            continue
        element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        if isinstance(one, Mapping):
            for inner in sorted(one, key=ORDER.index):
                _write(element, inner, one[inner])
        else:
            element.text = str(one)


def _known(root: etree._Element, username: str, password: str) -> bool:
    """WS-Security UsernameToken with PasswordDigest, fresh."""
    told = {etree.QName(element).localname: element.text or "" for element in root.iter()}
    try:
        nonce = base64.b64decode(told.get("Nonce", ""))
        age = datetime.now(UTC) - datetime.fromisoformat(told.get("Created", ""))
    except (ValueError, TypeError):
        return False
    digest = hashlib.sha1(nonce + told["Created"].encode() + password.encode()).digest()
    right = told.get("Password") == base64.b64encode(digest).decode() and told.get("Username") == username
    return right and abs(age) < FRESH


def _fault(code: str, text: str) -> Response:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    fault = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = f"soap:{code}"
    etree.SubElement(fault, "faultstring").text = text
    return Response(xml.write(envelope), 500, media_type=XML)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return RegisterSimulator(book).app()
