"""The portal's side: sessions, dossiers, progress rows in a book of its own (domain notes 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import Response

from adapters.simulator import EnvelopeSimulator, enveloped
from contracts.national_portal.messages import HoSo, TienDo

DEMO = {
    "unit": "000.00.00.H59",
    "push_secret": "portal-demo",
    "credentials": {"username": "sim", "password": "sim"},
}


class PortalSimulator(EnvelopeSimulator):
    """Takes what the contract says, refuses what it does not, and drops repeated progress rows unless told to keep doubles."""

    effects: ClassVar[Mapping[str, str]] = {
        "create": "DongBoHoSoMC",
        "update": "DongBoHoSoMC",
        "progress": "CapNhatTienDoHoSoMC",
    }
    whose = "MaHoSo"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self.dossiers: dict[str, dict[str, Any]] = {}
        self._rows: set[tuple[str, str, str]] = set()
        for entry in self.book.entries:
            self._remember(entry)

    def _remember(self, entry: dict[str, Any]) -> None:
        if entry["kind"] in ("create", "update"):
            self.dossiers[entry["MaHoSo"]] = entry["data"]
        elif entry["kind"] == "progress":
            self._rows.add((entry["MaHoSo"], entry["data"]["ThoiDiemXuLy"], entry["data"]["TrangThai"]))

    def serve(self, told: dict[str, Any]) -> Response:
        match told.get("service"):
            case "DongBoHoSoMC":
                return self._sync(told)
            case "CapNhatTienDoHoSoMC":
                return self._progress(told)
            case "TraCuuHoSo":
                return self._look_up(told)
            case "getfile":
                return enveloped("0", "Lấy tệp thành công", "JVBERi0xLjQK")
            case service:
                return enveloped("-1", f"Không có dịch vụ {service}")

    def _sync(self, told: dict[str, Any]) -> Response:
        """Array of dossiers: taken or refused as a whole."""
        update = told.get("isUpdating") == "True"
        for data in told["data"]:
            code = data.get("MaHoSo", "")
            try:
                HoSo.model_validate(data)
            except ValidationError as error:
                field = ".".join(str(part) for part in error.errors()[0]["loc"])
                return enveloped("3", f"Hồ sơ {code}: trường {field} không hợp lệ")
            if self.weather.row == code and self.weather.takes("refuse_row"):
                return enveloped("3", f"Hồ sơ {code}: dữ liệu không hợp lệ")
            if not update and code in self.dossiers:
                return enveloped("3", f"Hồ sơ {code} đã tồn tại")
            if update and code not in self.dossiers:
                return enveloped("3", f"Hồ sơ {code} không tồn tại")
        for data in told["data"]:
            self._remember(self.book.write("update" if update else "create", MaHoSo=data["MaHoSo"], data=data))
        return enveloped("0", "Đồng bộ hồ sơ thành công")

    def _progress(self, told: dict[str, Any]) -> Response:
        """Rows of progress; each dossier must be here already."""
        for data in told["data"]:
            TienDo.model_validate(data)
            if data["MaHoSo"] not in self.dossiers:
                return enveloped("3", f"Hồ sơ {data['MaHoSo']} chưa có trên Cổng")
            if self.weather.row == data["MaHoSo"] and self.weather.takes("refuse_row"):
                return enveloped("3", f"Hồ sơ {data['MaHoSo']}: tiến độ không hợp lệ")
        for data in told["data"]:
            identity = (data["MaHoSo"], data["ThoiDiemXuLy"], data["TrangThai"])
            if identity in self._rows and not self.weather.takes("keep_doubles"):
                self.book.write("repeat", MaHoSo=data["MaHoSo"], data=data)
                continue
            self._remember(self.book.write("progress", MaHoSo=data["MaHoSo"], data=data))
        return enveloped("0", "Cập nhật tiến độ thành công")

    def _look_up(self, told: dict[str, Any]) -> Response:
        self.book.write("lookup", MaHoSo=told["MaHoSo"])
        found = self.dossiers.get(told["MaHoSo"])
        row = [] if found is None else [{"MaHoSo": told["MaHoSo"], "TrangThaiHoSo": found["TrangThaiHoSo"]}]
        return enveloped("0", "Tra cứu thành công", row)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return PortalSimulator(book).app()
