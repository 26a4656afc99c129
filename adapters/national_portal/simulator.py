"""The portal's side: sessions, dossiers, progress rows in a book of its own (domain notes 3.1)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.national_portal.citizens import OFTEN_ASKED, PDF, filing
from adapters.simulator import EnvelopeSimulator, enveloped
from adapters.transport.signature import sign
from contracts.national_portal.messages import HoiDap, HoSo, KetQuaHoiDap, TienDo, TrangThaiHoSo

VIETNAM = timezone(timedelta(hours=7))
PUSH_SECRET = "portal-demo"
"""What the portal signs with when it hands a dossier over to the demo's bus."""
PUSH, PUSHED_TO = "/callbacks/national_portal/hoso", "hoso"
PUSHES = 4
DEMO = {
    "unit": "000.00.00.H59",
    "polls_every_s": 20,
    "credentials": {"username": "sim", "password": "sim", "push_secret": PUSH_SECRET},
}


class Rows(NamedTuple):
    """Rows of one service: how they stand in the book, their model, whose they are, and what tells a repeat."""

    entry: str
    model: type[BaseModel]
    key: str
    more: tuple[str, ...]

    def identity(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        return (self.entry, *(str(data[name]) for name in (self.key, *self.more)))


class PortalSimulator(EnvelopeSimulator):
    """Takes what the contract says, refuses what it does not, and drops repeated progress rows unless told to keep doubles."""

    effects: ClassVar[Mapping[str, str]] = {
        "create": "DongBoHoSoMC",
        "update": "DongBoHoSoMC",
        "progress": "CapNhatTienDoHoSoMC",
        "status": "DongBoTrangThaiHoSo",
        "published": "DongBoHoiDap",
        "answered": "DongBoKetQuaHoiDapGuiTuDVCQG",
    }
    rows: ClassVar[Mapping[str, Rows]] = {
        "DongBoTrangThaiHoSo": Rows("status", TrangThaiHoSo, "MaHoSo", ("TrangThai", "NgayXuLy")),
        "DongBoHoiDap": Rows("published", HoiDap, "MaHoiDap", ("NgayTraLoi",)),
        "DongBoKetQuaHoiDapGuiTuDVCQG": Rows("answered", KetQuaHoiDap, "MaHoiDap", ("NgayTraLoi",)),
    }
    whose = "MaHoSo"

    def __init__(self, book: Path | None = None, *, seed: int = 84) -> None:
        super().__init__(book)
        self._rng = Random(f"{seed}/{len(self.book.entries)}")
        self.dossiers: dict[str, dict[str, Any]] = {}
        self._rows: set[tuple[str, str, str]] = set()
        self._taken: set[tuple[str, ...]] = set()
        for entry in self.book.entries:
            self._remember(entry)
        self.route("/_sim/ask", self._asked, weather=False)
        self.route("/_sim/file", self._told_to_file, weather=False)

    def _remember(self, entry: dict[str, Any]) -> None:
        if entry["kind"] in ("create", "update"):
            self.dossiers[entry["MaHoSo"]] = entry["data"]
        elif entry["kind"] == "progress":
            self._rows.add((entry["MaHoSo"], entry["data"]["ThoiDiemXuLy"], entry["data"]["TrangThai"]))
        else:
            for kind in self.rows.values():
                if entry["kind"] == kind.entry:
                    self._taken.add(kind.identity(entry["data"]))

    def serve(self, told: dict[str, Any]) -> Response:
        match told.get("service"):
            case "DongBoHoSoMC":
                return self._sync(told)
            case "CapNhatTienDoHoSoMC":
                return self._progress(told)
            case "TraCuuHoSo":
                return self._look_up(told)
            case "DongBoTrangThaiHoSo" | "DongBoHoiDap" | "DongBoKetQuaHoiDapGuiTuDVCQG" as service:
                return self._take(service, told)
            case "LayDanhSachHoiDapGuiTuDVCQG":
                asked = [e["data"] for e in self.book.of("question") if e["data"]["NgayHoi"] >= told["TuNgay"]]
                return enveloped("0", "Lấy danh sách thành công", asked)
            case "TraCuuTechID":
                return self._owner(str(told.get("mstorcmnd", "")))
            case "getfile":
                if "khong-co" in str(told.get("DuongDan", "")):
                    return enveloped("-1", "Không có tệp này")
                return enveloped("0", "Lấy tệp thành công", PDF)
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

    def _take(self, service: str, told: dict[str, Any]) -> Response:
        """Rows of a service that knows a repeat by its own fields; an answer must be to a question that was asked here."""
        kind = self.rows[service]
        asked = {entry["data"]["MaHoiDap"] for entry in self.book.of("question")}
        if service == "DongBoTrangThaiHoSo" and told.get("type") != "2":
            return enveloped("-1", "type không hợp lệ")
        for data in told["data"]:
            try:
                kind.model.model_validate(data)
            except ValidationError as error:
                return enveloped("3", f"trường {error.errors()[0]['loc'][0]} không hợp lệ")
            if self.weather.row == data[kind.key] and self.weather.takes("refuse_row"):
                return enveloped("3", f"{data[kind.key]}: dữ liệu không hợp lệ")
            if service == "DongBoKetQuaHoiDapGuiTuDVCQG" and asked and data["MaHoiDap"] not in asked:
                return enveloped("3", f"Không có câu hỏi {data['MaHoiDap']}")
        for data in told["data"]:
            seen = kind.identity(data) in self._taken and not self.weather.takes("keep_doubles")
            code = str(data.get("MaHoSoDonVi", data[kind.key]))
            self._remember(self.book.write("repeat" if seen else kind.entry, MaHoSo=code, data=data))
        return enveloped("0", "Cập nhật thành công")

    def _owner(self, number: str) -> Response:
        """Everybody with a number of nine digits or more has an account, but numbers that begin with 000 have none, with 001 two."""
        self.book.write("owner", number=number)
        if len(number) < 9:
            return enveloped("-1", "Số giấy tờ không hợp lệ")
        count = {"000": 0, "001": 2}.get(number[:3], 1)
        found = [{"TechID": hashlib.sha256(f"{number}{place}".encode()).hexdigest()[:16]} for place in range(count)]
        return enveloped("0", "Tra cứu thành công", found)

    def ask(self, number: str, words: str, **more: str) -> None:
        """A citizen asks something on the portal."""
        now = datetime.now(VIETNAM).strftime("%Y%m%d%H%M%S")
        self.book.write("question", data={"MaHoiDap": number, "NoiDung": words, "NgayHoi": now, **more})

    async def file(self, **fields: Any) -> dict[str, Any]:
        """A citizen files a dossier, which is pushed to the province until it takes it; `fields` replace invented ones.

        Code and time of filing stay the same, so that a push whose answer was lost is known again there.
        """
        now = datetime.now(VIETNAM)
        code = str(fields.pop("MaHoSo", "")) or f"G00.99.1-{now:%y%m%d}-{self._rng.randrange(10**6):06}"
        told = filing(self._rng, code, now) | fields
        body = json.dumps(told, ensure_ascii=False).encode()
        for again in range(PUSHES):
            signature = sign(PUSH_SECRET, int(time.time()), PUSHED_TO, body)
            status, answer = await self.call_bus(PUSH, body, X_Lienthong_Signature=signature)
            said = json.loads(answer) if status == 200 else {"error_code": -1, "message": f"HTTP {status}"}
            self.book.write("filed", MaHoSo=code, status=status, error_code=said["error_code"])
            if status == 200 or not self.bus_url:
                break
            await asyncio.sleep(0.5 * 2**again)
        return told

    def ask_something(self) -> None:
        """A citizen asks something of his own accord."""
        now = datetime.now(VIETNAM)
        self.ask(f"HD{now:%y%m%d}{self._rng.randrange(10**6):06}", self._rng.choice(OFTEN_ASKED))

    async def _told_to_file(self, request: Request) -> Response:
        """`{fields of HoSoNop}`, all of them optional: a citizen files now."""
        return JSONResponse({"MaHoSo": (await self.file(**await request.json()))["MaHoSo"]})

    async def _asked(self, request: Request) -> Response:
        """`{"MaHoiDap": ..., "NoiDung": ..., other fields of a question}`: a citizen asks something."""
        told = await request.json()
        self.ask(told.pop("MaHoiDap"), told.pop("NoiDung"), **told)
        return JSONResponse({})

    def _look_up(self, told: dict[str, Any]) -> Response:
        self.book.write("lookup", MaHoSo=told["MaHoSo"])
        found = self.dossiers.get(told["MaHoSo"])
        row = [] if found is None else [{"MaHoSo": told["MaHoSo"], "TrangThaiHoSo": found["TrangThaiHoSo"]}]
        return enveloped("0", "Tra cứu thành công", row)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return PortalSimulator(book).app()
