"""The ministry's side: units, dossiers filed there, clerks who decide, certificates that come late; in a book of its own."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.simulator import GatewaySimulator
from contracts.budget_unit_codes import PAGE, STATES
from contracts.budget_unit_codes.messages import HoiDanhSach, HoiDonVi, XacNhan

DEMO = {"asks_every_s": 7, "overlap_s": 60, "credentials": {"consumer_key": "sim", "consumer_secret": "sim"}}
HOME = timezone(timedelta(hours=7))
SUPERIOR, OLD_UNIT = "1060001", "1060842"
PLACES = ("Long Hữu", "Phước Hậu", "Tam Bình", "Trà Ôn", "Vũng Liêm", "Càng Long", "Cầu Kè", "Duyên Hải")
NOTHING, WRONG = "01", "02"
Model = TypeVar("Model", bound=BaseModel)


class BudgetSimulator(GatewaySimulator):
    """With busy clerks, each first page asked for finds every dossier one step further and now and then a new one."""

    modes: ClassVar[Mapping[str, str]] = {
        "late_certificate": "a certificate is not there yet when the clerk is asked again"
    }
    effects: ClassVar[Mapping[str, str]] = {"confirmed": "xacNhan"}

    def __init__(
        self,
        book: Path | None = None,
        *,
        seed: int = 84,
        busy_clerks: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(book)
        self._rng = random.Random(seed)
        self._busy_clerks = busy_clerks
        self._now = now
        self.units: dict[str, dict[str, Any]] = {}
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.changed_at: dict[str, int] = {}
        self._founding: dict[str, dict[str, Any]] = {}
        self._confirmed = {(entry["subject"], entry["state"]) for entry in self.book.of("confirmed")}
        self._old_units()
        for entry in self.book.entries:
            self._remember(entry)
        self.route("/msdvqhns/v1/traCuu", self._look_up)
        self.route("/msdvqhns/v1/danhSachHoSo", self._list)
        self.route("/msdvqhns/v1/xacNhan", self._confirm)
        self.route("/_sim/file", self._file, weather=False)
        self.route("/_sim/decide", self._decide, weather=False)

    def say(self, code: str, words: str) -> Response:
        return _say(code, words or "Lỗi")

    def _old_units(self) -> None:
        """A finance department that stays, and a district's unit closed by the reform."""
        self.add_unit(SUPERIOR, "Sở Tài chính tỉnh Vĩnh Long", capDuToan="1", maSoThue="1500202503")
        self.add_unit(OLD_UNIT, "Phòng Tài chính - Kế hoạch huyện Càng Long", maDVQHNSCapTren=SUPERIOR, trangThai="2")

    def add_unit(self, code: str, name: str, **fields: Any) -> None:
        """A unit of the register."""
        self.units[code] = {
            "maDVQHNS": code,
            "tenDonVi": name,
            "loaiHinhDonVi": "Đơn vị dự toán",
            "maChuong": "805",
            "capDuToan": "4",
            "maDVQHNSCapTren": "",
            "maTinh": "86",
            "maXa": "",
            "diaChi": "",
            "soQuyetDinhThanhLap": "",
            "ngayQuyetDinh": "01/07/2025",
            "coQuanQuyetDinh": "Ủy ban nhân dân tỉnh Vĩnh Long",
            "trangThai": "1",
            "ngayCap": "02/07/2025",
            **fields,
        }

    def _remember(self, entry: dict[str, Any]) -> None:
        if "row" in entry:
            self.dossiers[entry["row"]["maHoSoBTC"]] = entry["row"]
            self.changed_at[entry["row"]["maHoSoBTC"]] = entry["changed_at"]
        if "unit" in entry:
            self.units[entry["unit"]["maDVQHNS"]] = entry["unit"]

    def file(self, name: str = "", **fields: Any) -> str:
        """A unit files a dossier now; its code. `donVi` are fields the register's record of the unit will have."""
        code = f"BTC-2026-{len(self.dossiers) + 1:06}"
        self._founding[code] = fields.pop("donVi", {})
        row = {
            "maHoSoBTC": code,
            "loaiDichVu": "1",
            "tenDonVi": name or f"Phòng Kinh tế xã {self._rng.choice(PLACES)}",
            "nguoiNop": "Trần Thị Bình",
            "ngayNop": self._stamp(),
            "ngayTiepNhan": "",
            "ngayHenTra": "",
            "trangThai": "1",
            "lyDo": "",
            "maDVQHNS": None,
            "fileGiayChungNhan": None,
            **fields,
        }
        self._write("filed", row)
        return code

    def decide(self, code: str, state: str, **fields: Any) -> dict[str, Any]:
        """A clerk decides. 9 gives a code; the certificate comes with `fileGiayChungNhan`, perhaps later."""
        held = self.dossiers[code]
        row = {**held, "trangThai": state, **fields}
        if state == "2":
            row |= {"ngayTiepNhan": self._stamp(), "ngayHenTra": self._stamp(days=3)}
        more: dict[str, Any] = {}
        if state == "9" and not row["maDVQHNS"]:
            row["maDVQHNS"] = f"1{len(self.units) + 70000:06}"
        if state == "9" and row["maDVQHNS"] not in self.units:
            today = self._stamp()[:10]
            known = {
                "maDVQHNSCapTren": SUPERIOR,
                "ngayQuyetDinh": today,
                "ngayCap": today,
                **self._founding.get(code, {}),
            }
            self.add_unit(row["maDVQHNS"], row["tenDonVi"], **known)
            more["unit"] = self.units[row["maDVQHNS"]]
        self._write("decided", row, **more)
        return row

    def certify(self, code: str) -> None:
        """The certificate of a code that was given."""
        pdf = base64.b64encode(f"%PDF-1.4\n%{code}\n%%EOF\n".encode()).decode()
        self.decide(code, "9", fileGiayChungNhan=pdf)

    def _write(self, kind: str, row: dict[str, Any], **more: Any) -> None:
        self._remember(self.book.write(kind, row=row, changed_at=int(self._now()), **more))

    def _stamp(self, days: int = 0) -> str:
        at = datetime.fromtimestamp(self._now(), UTC).astimezone(HOME) + timedelta(days=days)
        return at.strftime("%d/%m/%Y %H:%M:%S")

    async def _look_up(self, request: Request) -> Response:
        asked = await self._read(request, HoiDonVi)
        if isinstance(asked, Response):
            return asked
        self.book.write("lookup")
        if asked.maDVQHNS:
            found = [unit for code, unit in self.units.items() if code == asked.maDVQHNS]
        elif asked.maSoThue:
            found = [unit for unit in self.units.values() if unit.get("maSoThue") == asked.maSoThue]
        else:
            wanted = asked.tenDonVi.casefold()
            found = [unit for unit in self.units.values() if wanted and wanted in unit["tenDonVi"].casefold()]
        if not found:
            return _say(NOTHING, "Không tìm thấy đơn vị")
        return _say("00", "Thành công", found[0] if len(found) == 1 else found)

    async def _list(self, request: Request) -> Response:
        asked = await self._read(request, HoiDanhSach)
        if isinstance(asked, Response):
            return asked
        since, until = (_moment(text) for text in (asked.tuNgay, asked.denNgay))
        if since > until:
            return _say(WRONG, "tuNgay sau denNgay")
        if self._busy_clerks and asked.trang == 1:
            self._go_on()
        inside = [row for code, row in self.dossiers.items() if since <= self.changed_at[code] <= until]
        page = inside[(asked.trang - 1) * PAGE : asked.trang * PAGE]
        return _say("00", "Thành công", page)

    def _go_on(self) -> None:
        """New, received, in processing, perhaps a supplement, a code, and its certificate a while later."""
        if self._rng.random() < 0.3:
            self.file()
        for code, row in list(self.dossiers.items()):
            match row["trangThai"]:
                case "1":
                    self.decide(code, "2")
                case "2" | "5":
                    self.decide(code, "4", lyDo="")
                case "4" if self._rng.random() < 0.2:
                    self.decide(code, "5", lyDo="Bổ sung quyết định thành lập")
                case "4":
                    self.decide(code, "9")
                case "9" if not row["fileGiayChungNhan"] and not self.weather.takes("late_certificate"):
                    self.certify(code)

    async def _confirm(self, request: Request) -> Response:
        told = await self._read(request, XacNhan)
        if isinstance(told, Response):
            return told
        if told.maHoSoBTC not in self.dossiers:
            return _say(NOTHING, "Không có hồ sơ")
        seen = (told.maHoSoBTC, told.trangThai)
        if seen in self._confirmed:
            self.book.write("known", subject=told.maHoSoBTC, operation="xacNhan", state=told.trangThai)
        else:
            self._confirmed.add(seen)
            self.book.write("confirmed", subject=told.maHoSoBTC, state=told.trangThai)
        return _say("00", "Thành công")

    async def _read(self, request: Request, model: type[Model]) -> Model | Response:
        """The request by its contract, or what is answered instead."""
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            return model.model_validate_json(await request.body())
        except ValidationError as error:
            return _say(WRONG, f"Trường {'.'.join(map(str, error.errors()[0]['loc']))} không hợp lệ")

    async def _file(self, request: Request) -> Response:
        """`{"tenDonVi": "...", other fields of the row}`: a unit files now."""
        told = await request.json()
        return JSONResponse({"maHoSoBTC": self.file(str(told.pop("tenDonVi", "")), **told)})

    async def _decide(self, request: Request) -> Response:
        """`{"maHoSoBTC": "...", "trangThai": "9", other fields}`: a clerk decides now."""
        told = await request.json()
        code, state = str(told.pop("maHoSoBTC", "")), str(told.pop("trangThai", ""))
        if code not in self.dossiers or state not in STATES:
            return JSONResponse({"error": "no such dossier or state"}, 422)
        return JSONResponse(self.decide(code, state, **told))


def _moment(text: str) -> float:
    return datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=HOME).timestamp()


def _say(code: str, words: str, data: Any = None) -> Response:
    return JSONResponse({"maLoi": code, "moTa": words, "duLieu": data})


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app, its clerks busy; a few new communes' units have filed."""
    simulator = BudgetSimulator(book, busy_clerks=True)
    if not simulator.dossiers:
        for place in PLACES[:3]:
            simulator.file(f"Phòng Kinh tế xã {place}")
    return simulator.app()
