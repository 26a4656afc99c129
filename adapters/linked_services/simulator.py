"""The linked-services software's side: dossiers citizens filed, which statuses it was told, and its prose (domain notes 3.5)."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from adapters.simulator import Simulator
from contracts.linked_services.messages import TrangThai, XacNhan

USERNAME, PASSWORD = "sim", "sim"
DEMO = {"polls_every_s": 20, "asks_every_s": 10, "credentials": {"username": USERNAME, "password": PASSWORD}}
BEFORE = {1: set[int](), 3: {0, 1}, 7: {3, 2, 7}, 2: {1, 3, 7}, 4: {3, 7, 2}, 5: {4}, 6: {0, 1, 3, 7, 2}}
"""Which status must be there before each; 0 is none. Registered at the desk (1) may come first or be left out."""
MOTHER = {
    "noiDangKy": "29557",
    "nksGioiTinh": "1",
    "nksNgaySinh": "27.06.2026",
    "meHoTen": "Nguyễn Thị Lan",
    "meSoDDCN": "086190000123",
    "nycHoTen": "Nguyễn Thị Lan",
    "nycQuanHe": "Mẹ",
    "nycSoGiayToTuyThan": "086190000123",
}
"""An invented mother who files for her child."""
FILES_EVERY_S = 40.0
GIVEN = ("MINH ANH", "GIA BẢO", "THANH TRÚC", "QUỐC HUY", "NGỌC HÂN")
HOME = timezone(timedelta(hours=7))
CHILD = "NGUYỄN MINH KHÔI"
POLICE_TAKE_S = 5.0
"""So long after the birth's result the police decide by themselves, where citizens are busy."""
CLOSED = {4: "đã có kết quả xử lý", 5: "đã trả kết quả", 6: "bị từ chối. Không thể cập nhật trạng thái"}


class LinkedSimulator(Simulator):
    """Lists what was filed until it is acknowledged, and takes statuses in their order.

    With `busy_citizens`, one more birth is filed about every `FILES_EVERY_S`, found by whoever reads the list after that, and the police
    register each child's residence `POLICE_TAKE_S` after the birth's result, found by whoever asks for the dossier after that.
    """

    modes: ClassVar[Mapping[str, str]] = {
        "accepts_late": "says an acceptance (3) is there, and has it some seconds later"
    }
    effects: ClassVar[Mapping[str, str]] = {"acknowledged": "xacNhan", "status": "capNhatTrangThai"}

    def __init__(self, book: Path | None = None, *, busy_citizens: bool = False) -> None:
        super().__init__(book)
        self._busy_citizens = busy_citizens
        self._filed_at = time.monotonic()
        self._tokens: set[str] = set()
        self.filings: dict[str, str] = {entry["code"]: entry["xml"] for entry in self.book.of("filed")}
        last = {
            entry["code"]: entry["kind"] for entry in self.book.entries if entry["kind"] in ("filed", "acknowledged")
        }
        self._acknowledged = {code for code, kind in last.items() if kind == "acknowledged"}
        self.states: dict[str, int] = {entry["code"]: entry["state"] for entry in self.book.of("status")}
        self._born_at: dict[str, float] = {
            entry["code"]: entry["at"] for entry in self.book.of("status") if entry["state"] == 4
        }
        self.residences: dict[str, dict[str, str]] = {e["code"]: e["told"] for e in self.book.of("residence")}
        self.route("/token", self._token)
        self.route("/hosolienthong", self._list, ("GET",))
        self.route("/hosolienthong", self._acknowledge, ("PUT",))
        self.route("/hosolienthong/trangthai", self._status)
        self.route("/hosolienthong/{id}", self._detail, ("GET",))
        self.route("/_sim/file", self._file, weather=False)
        self.route("/_sim/reside", self._reside, weather=False)

    def say(self, code: str, words: str) -> Response:
        return _say(words)

    async def _token(self, request: Request) -> Response:
        told = await request.json()
        if (told.get("username"), told.get("password")) != (USERNAME, PASSWORD):
            return JSONResponse({"message": "Sai tài khoản"}, 401)
        token = secrets.token_hex(16)
        self._tokens.add(token)
        self.book.write("token")
        return JSONResponse({"access_token": token, "expires_in": 3600})

    def _stranger(self, request: Request) -> Response | None:
        if self.weather.takes("session"):
            self._tokens.clear()
        known = request.headers.get("authorization", "").removeprefix("Bearer ") in self._tokens
        return None if known else JSONResponse({"message": "Chưa đăng nhập"}, 401)

    def file(self, code: str, child: str = CHILD, **fields: str) -> None:
        """A citizen files a birth, or again under its code; `fields` go into the form."""
        filed_at = fields.pop("ngayNop", "20260703081500")
        form = {"module": "KS", "ngayCapGCS": "20260628", "nksHoTen": child, **MOTHER, **fields}
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in form.items())
        text = (
            f"<hoSo><maHoSo>{escape(code)}</maHoSo><maTTHC>2.000986</maTTHC><ngayNop>{escape(filed_at)}</ngayNop>"
            f"<hoTich>{inner}</hoTich></hoSo>"
        )
        self.filings[code] = text
        self._acknowledged.discard(code)
        self.book.write("filed", code=code, xml=text)

    async def _file(self, request: Request) -> Response:
        """`{"maHoSo": "...", other fields of the form}`: a citizen files now."""
        told = await request.json()
        self.file(str(told.pop("maHoSo", "")) or secrets.token_hex(8), str(told.pop("nksHoTen", CHILD)), **told)
        return JSONResponse({"filed": len(self.filings)})

    async def _list(self, request: Request) -> Response:
        if (stranger := self._stranger(request)) is not None:
            return stranger
        if self._busy_citizens and time.monotonic() - self._filed_at > FILES_EVERY_S:
            self._file_another()
        return JSONResponse({"data": [{"id": code} for code in self.waiting()]})

    def waiting(self) -> list[str]:
        """What was filed and is not acknowledged."""
        return [code for code in self.filings if code not in self._acknowledged]

    def _file_another(self) -> None:
        """A family files; the child is a few days old."""
        self._filed_at = time.monotonic()
        now = datetime.now(UTC).astimezone(HOME)
        number = len(self.filings) + 17
        born_on = now - timedelta(days=5 + number % 20)
        self.file(
            f"G22.99.5-{now:%y%m%d}-{number:06}",
            f"NGUYỄN {GIVEN[number % len(GIVEN)]}",
            ngayCapGCS=f"{born_on:%Y%m%d}",
            nksNgaySinh=f"{born_on:%d.%m.%Y}",
            ngayNop=f"{now:%Y%m%d%H%M%S}",
        )

    async def _detail(self, request: Request) -> Response:
        code = request.path_params["id"]
        if code not in self.filings:
            return self._stranger(request) or JSONResponse({"message": "Không có hồ sơ"}, 404)
        if (stranger := self._stranger(request)) is not None:
            return stranger
        if self._busy_citizens and code not in self.residences and self._police_are_done(code):
            self.reside(code)
        return JSONResponse({"data": self.filings[code].replace("</hoSo>", self._residence(code) + "</hoSo>")})

    def _police_are_done(self, code: str) -> bool:
        since = self._born_at.get(code)
        return since is not None and self.now() - since > POLICE_TAKE_S

    def _residence(self, code: str) -> str:
        """What the police decided, as the dossier's XML tells it; nothing before."""
        told = self.residences.get(code, {})
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
        return f"<cuTru>{inner}</cuTru>" if told else ""

    def reside(self, code: str, state: str = "4", **fields: str) -> dict[str, str]:
        """The police decide: 4 registered, with place and number, 6 refused, with the reason; `fields` say otherwise."""
        now = datetime.fromtimestamp(self.now(), HOME)
        told = {"trangThai": state, "thoiGianThucHien": f"{now:%Y%m%d%H%M%S}"}
        if state == "4":
            told |= {
                "noiCuTru": "Số 12, Phường Phước Hậu, Tỉnh Vĩnh Long",
                "soDangKy": f"CT-{len(self.residences) + 1:06}",
            }
        else:
            told |= {"lyDo": "Chỗ ở chưa được chủ sở hữu đồng ý"}
        self.residences[code] = told | fields
        self.book.write("residence", code=code, told=self.residences[code])
        return self.residences[code]

    async def _reside(self, request: Request) -> Response:
        """`{"maHoSo": "...", "trangThai": "4", other fields of cuTru}`: the police decide now."""
        told = await request.json()
        code = str(told.pop("maHoSo", ""))
        if code not in self.filings:
            return JSONResponse({"error": "no such dossier"}, 422)
        return JSONResponse(self.reside(code, str(told.pop("trangThai", "4")), **told))

    async def _acknowledge(self, request: Request) -> Response:
        if (stranger := self._stranger(request)) is not None:
            return stranger
        told = XacNhan.model_validate_json(await request.body())
        if told.maHoSo in self._acknowledged:
            return _say("Hồ sơ đã tồn tại trong một cửa điện tử")
        self._acknowledged.add(told.maHoSo)
        self.book.write("acknowledged", code=told.maHoSo, subject=told.maHoSo)
        return _say("Cập nhật thành công")

    async def _status(self, request: Request) -> Response:
        if (stranger := self._stranger(request)) is not None:
            return stranger
        try:
            told = TrangThai.model_validate_json(await request.body())
            result = json.loads(told.ketQuaXuLy) if told.ketQuaXuLy else {}
        except (ValidationError, ValueError):
            return _say("Logic xử lý không hợp lệ")
        if told.trangThai == 4 and _blank_residence(result):
            return _say("Logic xử lý không hợp lệ")
        before = self.states.get(told.soHoSoLT, 0)
        if before in CLOSED and not (before == 4 and told.trangThai == 5):
            self.book.write("known", subject=told.maHoSo, operation="capNhatTrangThai", state=told.trangThai)
            return _say(f"Hồ sơ {CLOSED[before]}")
        if before == told.trangThai:
            self.book.write("known", subject=told.maHoSo, operation="capNhatTrangThai", state=told.trangThai)
            return _say("Hồ sơ đã tồn tại trong một cửa điện tử")
        if before not in (BEFORE[told.trangThai] or {0}):
            return PlainTextResponse("Hồ sơ chưa cập nhật trạng thái trước đó")
        if told.trangThai == 3 and self.weather.takes("accepts_late"):
            asyncio.get_running_loop().call_later(self.weather.seconds, self._apply, told)
        else:
            self._apply(told)
        return _say("Cập nhật trạng thái thành công")

    def _apply(self, told: TrangThai) -> None:
        """The dossier has the status from now on."""
        self.states[told.soHoSoLT] = told.trangThai
        written = self.book.write(
            "status", code=told.soHoSoLT, subject=told.maHoSo, state=told.trangThai, data=told.model_dump()
        )
        if told.trangThai == 4:
            self._born_at[told.soHoSoLT] = written["at"]


def _blank_residence(result: dict[str, Any]) -> bool:
    """A residence is blank, or a birth does not say where the parents live."""
    if "giayKhaiSinh" in result and not {"meNoiCuTru", "chaNoiCuTru"} <= result.keys():
        return True
    return any(name.endswith("NoiCuTru") and not (isinstance(value, str) and value) for name, value in result.items())


def _say(words: str) -> Response:
    return JSONResponse({"message": words})


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app; one birth has just been filed, and others follow."""
    simulator = LinkedSimulator(book, busy_citizens=True)
    if not simulator.filings:
        simulator.file("G22.99.5-260703-000017")
    return simulator.app()
