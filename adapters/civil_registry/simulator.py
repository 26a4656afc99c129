"""The registry's side: tokens, registrations, a clerk who decides, certificates; in a book of its own (domain notes 3.5)."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.simulator import GatewaySimulator
from contracts.civil_registry.forms import KetHon, KhaiSinh, KhaiTu
from contracts.civil_registry.messages import HoiKetQua, HoSoHoTich

KEY, SECRET = "sim", "sim"
DEMO = {"asks_every_s": 15, "credentials": {"consumer_key": KEY, "consumer_secret": SECRET}}
HOME = timezone(timedelta(hours=7))
NEEDED = {
    "LTKS": ("nksHoTen", "nksGioiTinh", "nksNgaySinh", "nycHoTen", "nycQuanHe", "nycSoGiayToTuyThan"),
    "LTKT": ("nktHoTen", "nktNgayChet", "nycHoTen"),
    "LTKH": ("chongHoTen", "voHoTen"),
}
FORMS: Mapping[str, type[BaseModel]] = {"LTKS": KhaiSinh, "LTKT": KhaiTu, "LTKH": KetHon}
DAY = re.compile(r"(\d\d\.)?(\d\d\.)?\d{4}")
"""How a form writes a day, as far as it is known; NgaySinhBangChu says one in words."""
FILES = {"LTKS": "giayKhaiSinh", "LTKT": "giayKhaiTu"}
STATES = frozenset({"1", "2", "3", "4", "6"})


class RegistrySimulator(GatewaySimulator):
    """Takes registrations of configured communes. With `busy_clerk`, each question finds a dossier one step further."""

    modes: ClassVar[Mapping[str, str]] = {
        "late_id": "a registered child's personal id has not come yet when it is asked for"
    }
    effects: ClassVar[Mapping[str, str]] = {"taken": "nhanDKHT", "supplemented": "nhanDKHT"}

    def __init__(self, book: Path | None = None, *, seed: int = 84, busy_clerk: bool = False) -> None:
        super().__init__(book)
        self._rng = random.Random(seed)
        self._busy_clerk = busy_clerk
        self.not_configured: set[str] = set()
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.forms: dict[str, dict[str, Any]] = {}
        for entry in self.book.entries:
            if "result" in entry:
                self.dossiers[entry["result"]["maHoSoMCDT"]] = entry["result"]
                self.forms.setdefault(entry["result"]["maHoSoMCDT"], {}).update(entry.get("form", {}))
        self._entered = sum(bool(dossier["ketQuaXuLy"]) for dossier in self.dossiers.values())
        self.route("/hotich/nhanDKHT", self._take)
        self.route("/hotich/layKetQua", self._tell)
        self.route("/_sim/decide", self._decide, weather=False)

    def say(self, code: str, words: str) -> Response:
        return _refuse(code, words)

    async def _take(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            told = HoSoHoTich.model_validate_json(await request.body())
            form = json.loads(told.data)
        except (ValidationError, ValueError):
            return _refuse("HT-01", "Dữ liệu không hợp lệ")
        code = told.maHoSoMCDT
        if missing := [name for name in NEEDED[told.module] if not form.get(name)]:
            return _refuse("HT-02", f"Thiếu trường {', '.join(missing)}")
        if wrong := _misread(told, form):
            return _refuse("HT-01", f"Dữ liệu không hợp lệ: {wrong}")
        if told.maDonVi in self.not_configured:
            return _refuse("HT-03", f"Đơn vị {told.maDonVi} chưa được cấu hình")
        if self.weather.row == code and self.weather.takes("refuse_row"):
            return _refuse("HT-01", "Dữ liệu không hợp lệ")
        held = self.dossiers.get(code)
        if held is not None and held["trangThai"] != "2":
            self.book.write("repeat", maHoSoMCDT=code)
            return _refuse("HT-04", f"Hồ sơ {code} đã được tiếp nhận")
        result = {
            "maDonVi": told.maDonVi,
            "maTinh": "",
            "module": told.module,
            "maHoSoLT": told.maHoSoLT,
            "maHoSoMCDT": code,
            "trangThai": "1",
            "ketQuaXuLy": None,
        }
        self.forms[code] = form
        self._write(
            "taken" if held is None else "supplemented", result, subject=code, form=form, files=len(told.fileDinhKem)
        )
        return JSONResponse({"status": "1", "statusDescription": "Thành công", "errorCode": "", "errorDescription": ""})

    def _write(self, kind: str, result: dict[str, Any], **facts: Any) -> None:
        self.dossiers[result["maHoSoMCDT"]] = result
        self.book.write(kind, result=result, **facts)

    async def _tell(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            asked = HoiKetQua.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"status": 0, "statusDescription": "Tối đa 1000 hồ sơ", "value": None})
        self.book.write("question", codes=asked.maDinhDanhHoSo, module=asked.module)
        known = [code for code in asked.maDinhDanhHoSo if code in self.dossiers]
        if self._busy_clerk:
            for code in known:
                self._go_on(code)
        rows = [self.dossiers[code] for code in known if self.dossiers[code]["module"] == asked.module]
        return JSONResponse({"status": 1, "value": [row | {"maTinh": asked.maTinh} for row in rows]})

    def _go_on(self, code: str) -> None:
        """1 waiting, 3 in processing, 4 registered; a child's personal id comes one question later."""
        held = self.dossiers[code]
        if held["trangThai"] == "1":
            self.decide(code, "3")
        elif held["trangThai"] == "3":
            self.decide(code, "4")
        elif held["trangThai"] == "4" and held["module"] == "LTKS" and not held["ketQuaXuLy"]["soDinhDanh"]:
            if self.weather.takes("late_id"):
                return
            self.decide(code, "4", soDinhDanh=self.new_id())

    def new_id(self) -> str:
        """An invented personal id of a child born in this century."""
        return f"086{self._rng.choice('23')}26{self._rng.randrange(10**6):06}"

    def decide(self, code: str, state: str, **fields: Any) -> dict[str, Any]:
        """The clerk decides: state 1, 2, 3, 4 or 6; `soDinhDanh` is the personal id, other fields go into the row."""
        held = self.dossiers[code]
        personal_id = fields.pop("soDinhDanh", "")
        done = self._certificate(held, personal_id) if state == "4" else None
        row = {
            **held,
            "trangThai": state,
            "errors": None,
            "thoiGianThucHien": datetime.now(UTC).astimezone(HOME).strftime("%d/%m/%Y %H:%M:%S"),
            "ghiChu": "",
            "nguoiXuLy": "Trần Thị Bình",
            "chucDanh": "Công chức Tư pháp - Hộ tịch",
            "phongBanXuLy": "Bộ phận Tư pháp - Hộ tịch",
            "noiDungXuLy": {"2": "Bổ sung giấy chứng sinh", "6": "Không đúng thẩm quyền"}.get(state, ""),
            "hanBoSungHoSo": "08/07/2026" if state == "2" else "",
            "ketQuaXuLy": done,
            **fields,
        }
        self._write("decided", row)
        return row

    def _certificate(self, held: dict[str, Any], personal_id: str) -> dict[str, Any]:
        """The entry; a second time the same entry, perhaps with the id."""
        before = held["ketQuaXuLy"]
        if before:
            return {**before, "soDinhDanh": personal_id or before["soDinhDanh"]}
        self._entered += 1
        number = self._entered
        file = FILES.get(held["module"])
        people = ("nks", "nkt", "me", "cha", "nyc", "chong", "vo")
        entry = {name: value for name, value in self.forms[held["maHoSoMCDT"]].items() if name.startswith(people)}
        return {
            **entry,
            "soDinhDanh": personal_id,
            "ngayDangKy": datetime.now(UTC).astimezone(HOME).strftime("%d/%m/%Y"),
            "soDangKy": f"{number}/2026",
            "quyenSo": "01/2026",
            "trangSo": f"{number}",
            **({file: base64.b64encode(a_certificate(f"{number}/2026")).decode()} if file else {}),
        }

    async def _decide(self, request: Request) -> Response:
        """`{"maHoSoMCDT": ..., "trangThai": "4", "soDinhDanh": "..."}`: the clerk decides now."""
        told = await request.json()
        code, state = str(told.pop("maHoSoMCDT", "")), str(told.pop("trangThai", ""))
        if code not in self.dossiers or state not in STATES:
            return JSONResponse({"error": "no such dossier or state"}, 422)
        return JSONResponse(self.decide(code, state, **told))


def a_certificate(number: str) -> bytes:
    """A PDF of one empty page, its number in a comment."""
    return (
        f"%PDF-1.4\n%{number}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()


def _misread(told: HoSoHoTich, form: dict[str, Any]) -> str:
    """The first field this system would not read: a day that is not dd.MM.yyyy, a shape of its own, a paper that is none."""
    try:
        FORMS[told.module].model_validate(form)
    except ValidationError as error:
        return str(error.errors()[0]["loc"][0])
    for name, value in form.items():
        is_day = "ngay" in name.casefold() and not name.endswith("BangChu")
        if is_day and value and not DAY.fullmatch(value):
            return f"{name} không theo dạng dd.MM.yyyy"
    for file in told.fileDinhKem:
        try:
            base64.b64decode(file.duLieuTepDinhKem, validate=True)
        except ValueError:
            return file.tenTepDinhKem
        if file.huyGiayTo:
            return f"{file.tenTepDinhKem} đã hủy"
    return ""


def _refuse(code: str, words: str) -> Response:
    return JSONResponse({"status": "0", "statusDescription": "Thất bại", "errorCode": code, "errorDescription": words})


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app, with a clerk who goes on by himself."""
    return RegistrySimulator(book, busy_clerk=True).app()
