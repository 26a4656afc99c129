"""The portal's side: sessions, dossiers, progress rows in a book of its own (domain notes 3.1)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.simulator import Simulator
from contracts.national_portal.messages import HoSo, TienDo

USERNAME, PASSWORD = "sim", "sim"
DEMO = {
    "unit": "000.00.00.H59",
    "push_secret": "portal-demo",
    "credentials": {"username": USERNAME, "password": PASSWORD},
}


class PortalSimulator(Simulator):
    """Takes what the contract says, refuses what it does not, and drops repeated progress rows unless told to keep doubles."""

    effects: ClassVar[Mapping[str, str]] = {
        "create": "DongBoHoSoMC",
        "update": "DongBoHoSoMC",
        "progress": "CapNhatTienDoHoSoMC",
    }
    whose = "MaHoSo"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self._sessions: set[str] = set()
        self.dossiers: dict[str, dict[str, Any]] = {}
        self._rows: set[tuple[str, str, str]] = set()
        for entry in self.book.entries:
            self._remember(entry)
        self.route("/dangnhap", self._log_in)
        self.route("/xuly", self._serve)

    def _remember(self, entry: dict[str, Any]) -> None:
        if entry["kind"] in ("create", "update"):
            self.dossiers[entry["MaHoSo"]] = entry["data"]
        elif entry["kind"] == "progress":
            self._rows.add((entry["MaHoSo"], entry["data"]["ThoiDiemXuLy"], entry["data"]["TrangThai"]))

    async def _log_in(self, request: Request) -> Response:
        told = await request.json()
        if (told.get("username"), told.get("password")) != (USERNAME, PASSWORD):
            return JSONResponse({"error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu"})
        session = secrets.token_hex(16)
        self._sessions.add(session)
        self.book.write("login")
        return JSONResponse({"session": session, "error_code": 0})

    async def _serve(self, request: Request) -> Response:
        told = await request.json()
        if self.weather.takes("session"):
            self._sessions.clear()
        if told.get("session") not in self._sessions:
            return _answer("-2", "Phiên làm việc không hợp lệ, vui lòng đăng nhập lại")
        match told.get("service"):
            case "DongBoHoSoMC":
                return self._sync(told)
            case "CapNhatTienDoHoSoMC":
                return self._progress(told)
            case "TraCuuHoSo":
                return self._look_up(told)
            case "getfile":
                return _answer("0", "Lấy tệp thành công", "JVBERi0xLjQK")
            case service:
                return _answer("-1", f"Không có dịch vụ {service}")

    def _sync(self, told: dict[str, Any]) -> Response:
        """Array of dossiers: taken or refused as a whole."""
        update = told.get("isUpdating") == "True"
        for data in told["data"]:
            code = data.get("MaHoSo", "")
            try:
                HoSo.model_validate(data)
            except ValidationError as error:
                field = ".".join(str(part) for part in error.errors()[0]["loc"])
                return _answer("3", f"Hồ sơ {code}: trường {field} không hợp lệ")
            if self.weather.row == code and self.weather.takes("refuse_row"):
                return _answer("3", f"Hồ sơ {code}: dữ liệu không hợp lệ")
            if not update and code in self.dossiers:
                return _answer("3", f"Hồ sơ {code} đã tồn tại")
            if update and code not in self.dossiers:
                return _answer("3", f"Hồ sơ {code} không tồn tại")
        for data in told["data"]:
            self._remember(self.book.write("update" if update else "create", MaHoSo=data["MaHoSo"], data=data))
        return _answer("0", "Đồng bộ hồ sơ thành công")

    def _progress(self, told: dict[str, Any]) -> Response:
        """Rows of progress; each dossier must be here already."""
        for data in told["data"]:
            TienDo.model_validate(data)
            if data["MaHoSo"] not in self.dossiers:
                return _answer("3", f"Hồ sơ {data['MaHoSo']} chưa có trên Cổng")
            if self.weather.row == data["MaHoSo"] and self.weather.takes("refuse_row"):
                return _answer("3", f"Hồ sơ {data['MaHoSo']}: tiến độ không hợp lệ")
        for data in told["data"]:
            identity = (data["MaHoSo"], data["ThoiDiemXuLy"], data["TrangThai"])
            if identity in self._rows and not self.weather.takes("keep_doubles"):
                self.book.write("repeat", MaHoSo=data["MaHoSo"], data=data)
                continue
            self._remember(self.book.write("progress", MaHoSo=data["MaHoSo"], data=data))
        return _answer("0", "Cập nhật tiến độ thành công")

    def _look_up(self, told: dict[str, Any]) -> Response:
        self.book.write("lookup", MaHoSo=told["MaHoSo"])
        found = self.dossiers.get(told["MaHoSo"])
        row = [] if found is None else [{"MaHoSo": told["MaHoSo"], "TrangThaiHoSo": found["TrangThaiHoSo"]}]
        return _answer("0", "Tra cứu thành công", row)


def _answer(code: str, message: str, result: Any = None) -> Response:
    """The live portal answers codes as text here, as numbers there."""
    body: dict[str, Any] = {"error_code": code, "message": message}
    if result is not None:
        body["result"] = result
    return JSONResponse(body)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return PortalSimulator(book).app()
