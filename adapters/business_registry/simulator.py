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
from contracts.business_registry.messages import HoiKetQuaHKD, HoiTenHKD, HoSoHKD
from contracts.identifier import folded

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
USERNAME, PASSWORD = "sim", "sim"
DEMO = {
    "asks_every_s": 15,
    "credentials": {"consumer_key": "sim", "consumer_secret": "sim", "username": USERNAME, "password": PASSWORD},
}
QUESTIONS = (
    ("enterprise", {"code": "0100109106"}),
    ("enterprise", {"code": "0300588569"}),
    ("enterprise", {"code": "0100109106-001"}),
    ("household", {"owner_id": "084080000123"}),
    ("name", {"name": "Hộ kinh doanh Mẫu", "ward": "29557"}),
)
"""What the demo's callers look up here."""
XML = "text/xml; charset=utf-8"
FRESH = timedelta(minutes=5)
AT_THE_DESK = {"3": "6", "7": "7", "9": "4", "10": "4"}
"""What the desk's own end of a dossier makes of a registration here."""
RECEIVED, ENDED = "2", ("6", "7")
"""A dossier that the desk receives anew begins again here, where it had been refused or withdrawn."""
WHY = {"2": "Bổ sung giấy tờ chứng minh địa điểm kinh doanh", "6": "Tên hộ kinh doanh trùng trong phạm vi cấp xã"}
A_CERTIFICATE = "JVBERi0xLjQKJSVFT0YK"
"""The shortest PDF there is."""


class RegisterSimulator(GatewaySimulator):
    """Firms by their code as the column holds it: MST, MST-NNN, five digits, or a household owner's twelve."""

    effects: ClassVar[Mapping[str, str]] = {"household": "dongBoHoSoHKD"}
    whose = "maHoSo"

    def __init__(self, book: Path | None = None, *, seed: int = 84, busy_clerk: bool = False) -> None:
        super().__init__(book)
        self._busy_clerk = busy_clerk
        self.user = (USERNAME, PASSWORD)
        self._rng = random.Random(seed)
        self.firms: dict[str, dict[str, Any]] = {}
        self.older: set[str] = set()
        for firm in FIRMS:
            self.enter(firm)
        self.households: dict[str, dict[str, Any]] = {e["maHoSo"]: e["data"] for e in self.book.of("household")}
        self.decisions: dict[str, dict[str, Any]] = {e["maHoSo"]: e["row"] for e in self.book.of("decided")}
        for told in self.households.values():
            self._register(told)
        self.route("/chiTietDoanhNghiep", self._detail, ("GET",))
        self.route("/dongBoHoSoHKD", self._sync)
        self.route("/traCuuKetQuaHKD", self._tell)
        self.route("/traCuuTenHKD", self._names)
        self.route("/soap", self._soap)
        self.route("/_sim/decide", self._told_to_decide, weather=False)
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
            before = self.decisions.get(told.maHoSo, {"trangThai": ""})["trangThai"]
            begins = not before or (told.trangThai == RECEIVED and before in ENDED)
            state = AT_THE_DESK.get(told.trangThai, "1" if begins else before)
            if state != before:
                self.decide(told.maHoSo, state)
        return self.say("00", "Thành công")

    async def _tell(self, request: Request) -> Response:
        """`traCuuKetQuaHKD`; with a busy clerk each question finds a registration one step further."""
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            asked = HoiKetQuaHKD.model_validate_json(await request.body())
        except ValidationError:
            return self.say("01", "Tối đa 100 hồ sơ")
        known = [code for code in asked.maHoSo if code in self.decisions]
        for code in known if self._busy_clerk else ():
            if (further := {"1": "3", "3": "4"}.get(self.decisions[code]["trangThai"])) is not None:
                self.decide(code, further)
        rows = [self.decisions[code] for code in known]
        return JSONResponse({"maLoi": "00", "moTa": "Thành công", "duLieu": rows})

    def decide(self, code: str, state: str, **fields: Any) -> dict[str, Any]:
        """The clerk decides: 1, 2, 3, 4, 6 or 7; other fields go into the row."""
        told = self.households[code]
        number = told["maSoHKD"] or told["soDinhDanhChuHo"]
        done = {"maSoHKD": number, "ngayCap": self._today(), "giayChungNhan": A_CERTIFICATE} if state == "4" else {}
        row = {"maHoSo": code, "trangThai": state, "lyDo": WHY.get(state, ""), **done, **fields}
        self.decisions[code] = row
        self.book.write("decided", maHoSo=code, row=row)
        if state == "4":
            self._register(told | {"trangThai": "9"})
        return row

    @staticmethod
    def _today() -> str:
        return (datetime.now(UTC) + timedelta(hours=7)).strftime("%d/%m/%Y")

    async def _told_to_decide(self, request: Request) -> Response:
        """`{"maHoSo": ..., "trangThai": "2", "lyDo": ..., "hanBoSung": "08/07/2026"}`: the clerk decides now."""
        told = await request.json()
        code, state = str(told.pop("maHoSo", "")), str(told.pop("trangThai", ""))
        if code not in self.households or state not in ("1", "2", "3", "4", "6", "7"):
            return JSONResponse({"error": "no such dossier or state"}, 422)
        return JSONResponse(self.decide(code, state, **told))

    async def _names(self, request: Request) -> Response:
        """`traCuuTenHKD`: households whose name is the one asked for, in the commune or of an unknown one."""
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            asked = HoiTenHKD.model_validate_json(await request.body())
        except ValidationError:
            return self.say("01", "Dữ liệu không hợp lệ")
        wanted = folded(asked.tenHoKinhDoanh)
        found = [
            firm
            for firm in self.firms.values()
            if firm.get("MaLoaiHinhDN") == "HKD"
            and folded(firm["TenTiengViet"]) == wanted
            and _ward(firm) in ("", asked.maXa)
        ]
        self.book.write("lookup", found=bool(found))
        return JSONResponse({"GetEntCert": found or None})

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
                "DiaChiTruSo": before.get("DiaChiTruSo") or [],
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


def _ward(firm: Mapping[str, Any]) -> str:
    """The code of the commune a firm sits in, empty where the register does not say."""
    for place in firm.get("DiaChiTruSo") or ():
        for address in place.get("DiaChi") or ():
            return str(address.get("MaPhuongXa", ""))
    return ""


def _fault(code: str, text: str) -> Response:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    fault = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = f"soap:{code}"
    etree.SubElement(fault, "faultstring").text = text
    return Response(xml.write(envelope), 500, media_type=XML)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app, with a clerk who goes on by himself."""
    return RegisterSimulator(book, busy_clerk=True).app()
