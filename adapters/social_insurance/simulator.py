"""The insurance's side: insured people, and cards of children on their way; in a book of its own (domain notes 3.9)."""

from __future__ import annotations

import base64
import random
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.simulator import GatewaySimulator
from contracts.social_insurance.messages import DangKyTheBHYT, HoiTheBHYT, HoiTheoSo, HoiTheoTieuChi

DEMO = {"asks_every_s": 15, "credentials": {"consumer_key": "sim", "consumer_secret": "sim"}}
QUESTIONS = (
    ("person", {"number": "8422123456"}),
    ("numbers", {"name": "Nguyễn Văn An", "born_on": "1989-08-12", "sex": "male"}),
    ("numbers", {"name": "Trần Thị Năm", "born_on": "1957", "sex": "female"}),
)
"""What the demo's callers look up here; two people fit the second question."""
STATES = frozenset({"1", "2", "4", "6"})
PART = {
    "TraCuuThongTinHoGiaDinh": "TST_GetTraCuuTtHgdByMaSoBhxhResponse",
    "TraCuuMaSoBhxhTheoTieuChi": "TST_GetTraCuuMaSoBhxhTheoTieuChiResponse",
    "dangKyTheBHYT": "dangKyTheBHYTResponse",
    "traCuuTheBHYT": "traCuuTheBHYTResponse",
}
"""Only the first is shown by S5."""


def _person(number: str, name: str, born: str, precision: str, sex: str, place: tuple[str, str, str]) -> dict[str, str]:
    return {
        "maSoBhxh": number,
        "hoTen": name,
        "soSoCu": "",
        "ngaySinh": born,
        "loaiNgaySinh": precision,
        "gioiTinh": sex,
        **dict(zip(("maTinhKs", "maHuyenKs", "maXaKs"), place, strict=True)),
        "trangThai": "Đang tham gia",
    }


PEOPLE = (
    _person("8422123456", "Nguyễn Văn An", "19890812", "0", "1", ("84", "842", "29236")),
    _person("8422123457", "NGUYỄN VĂN AN", "19890812", "0", "1", ("84", "842", "29239")),
    _person("8321000001", "Trần Thị Năm", "19570101", "1", "2", ("83", "829", "28858")),
    _person("8621000002", "Lê Minh Tú", "19990401", "2", "3", ("86", "", "")),
)
"""Invented. The first two share name, birthday and sex; of the third only the year of birth is known, of the fourth year and month."""


class InsuranceSimulator(GatewaySimulator):
    """Takes cards for children whose personal id it has; what it asked to be added it takes under the same code.

    With `busy_clerk`, each question finds a card one step further.
    """

    effects: ClassVar[Mapping[str, str]] = {"card": "dangKyTheBHYT", "supplement": "dangKyTheBHYT"}
    whose = "maHoSoLT"

    def __init__(self, book: Path | None = None, *, seed: int = 84, busy_clerk: bool = False) -> None:
        super().__init__(book)
        self._rng = random.Random(seed)
        self.busy_clerk = busy_clerk
        self.people = {person["maSoBhxh"]: dict(person) for person in PEOPLE}
        self.unknown_ids: set[str] = set()
        self._asked: dict[str, dict[str, Any]] = {e["maHoSoLT"]: e["asked"] for e in self.book.entries if "asked" in e}
        self.cards: dict[str, dict[str, Any]] = {e["maHoSoLT"]: e["card"] for e in self.book.entries if "card" in e}
        for operation, answer in (
            ("TraCuuThongTinHoGiaDinh", self._by_number),
            ("TraCuuMaSoBhxhTheoTieuChi", self._by_criteria),
            ("dangKyTheBHYT", self._take),
            ("traCuuTheBHYT", self._tell),
        ):
            self.route(f"/BaoHiemXaHoi/{operation}", answer)
        self.route("/_sim/decide", self._decide, weather=False)

    def say(self, code: str, words: str) -> Response:
        return self._answer("dangKyTheBHYT", errorCode=code, errorMessage=words)

    def _answer(self, operation: str, **successful: Any) -> Response:
        correlation = str(UUID(int=self._rng.getrandbits(128), version=4))
        part = {PART[operation]: {"successful": {"errorCode": "", **successful}}}
        return JSONResponse({"code": "200", "status": "OK", "correlationId": correlation, "response": part})

    async def _by_number(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            asked = HoiTheoSo.model_validate_json(await request.body())
        except ValidationError:
            return self._answer("TraCuuThongTinHoGiaDinh", errorCode="BHXH-01", errorMessage="maSoBhxh không hợp lệ")
        found = self.people.get(asked.maSoBhxh)
        self.book.write("lookup", found=found is not None)
        person = {name: value for name, value in found.items() if name != "maSoBhxh"} if found else None
        return self._answer("TraCuuThongTinHoGiaDinh", dataThongTinHgd=person)

    async def _by_criteria(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            asked = HoiTheoTieuChi.model_validate_json(await request.body())
        except ValidationError:
            return self._answer("TraCuuMaSoBhxhTheoTieuChi", errorCode="BHXH-01", errorMessage="Tiêu chí không hợp lệ")
        fits = [number for number, person in self.people.items() if _fits(asked, person)]
        self.book.write("lookup", found=len(fits))
        if not fits:
            return self._answer("TraCuuMaSoBhxhTheoTieuChi", errorCode="BHXH-02", errorMessage="Không tìm thấy")
        return self._answer("TraCuuMaSoBhxhTheoTieuChi", maSoBhxh=fits[0] if len(fits) == 1 else fits)

    async def _take(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            told = DangKyTheBHYT.model_validate_json(await request.body())
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            return self._answer("dangKyTheBHYT", errorCode="BHXH-01", errorMessage=f"{field} không hợp lệ")
        if told.treEm.soDinhDanh in self.unknown_ids:
            return self._answer("dangKyTheBHYT", errorCode="BHXH-03", errorMessage="Chưa có số định danh của trẻ")
        if self.weather.row == told.maHoSoLT and self.weather.takes("refuse_row"):
            return self._answer("dangKyTheBHYT", errorCode="BHXH-01", errorMessage="Dữ liệu không hợp lệ")
        asked = told.model_dump()
        if self.cards.get(told.maHoSoLT, {}).get("trangThai") == "2" and asked != self._asked[told.maHoSoLT]:
            self._write("supplement", told.maHoSoLT, {"trangThai": "1"}, asked=asked)
        elif told.maHoSoLT in self.cards:
            self.book.write("repeat", maHoSoLT=told.maHoSoLT)
        else:
            self._write("card", told.maHoSoLT, {"trangThai": "1"}, child=told.treEm.model_dump(), asked=asked)
        return self._answer("dangKyTheBHYT", **self.cards[told.maHoSoLT])

    def _write(self, kind: str, code: str, card: dict[str, Any], **facts: Any) -> None:
        self.cards[code] = card
        self._asked[code] = facts.get("asked", self._asked.get(code, {}))
        self.book.write(kind, maHoSoLT=code, card=card, **facts)

    async def _tell(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            code = HoiTheBHYT.model_validate_json(await request.body()).maHoSoLT
        except ValidationError:
            return self._answer("traCuuTheBHYT", errorCode="BHXH-01", errorMessage="maHoSoLT không hợp lệ")
        self.book.write("question", maHoSoLT=code)
        if code not in self.cards:
            return self._answer("traCuuTheBHYT", errorCode="BHXH-02", errorMessage="Không có hồ sơ")
        if self.busy_clerk and self.cards[code]["trangThai"] == "1":
            self.decide(code, "4")
        return self._answer("traCuuTheBHYT", **self.cards[code])

    def decide(self, code: str, state: str, **fields: Any) -> dict[str, Any]:
        """The clerk decides: 2 supplement, 4 issued with number, card and file, 6 refused."""
        card = {"trangThai": state, "ghiChu": {"2": "Bổ sung nơi khám chữa bệnh", "6": "Trẻ đã có thẻ"}.get(state, "")}
        if state == "4":
            number = f"86{self._rng.randrange(10**8):08}"
            card |= {"maSoBHXH": number, "soTheBHYT": f"TE186{number}", "giaTriTu": "20260706", "giaTriDen": "20320930"}
            card["fileThe"] = base64.b64encode(f"%PDF-1.4\n%{number}\n%%EOF\n".encode()).decode()
        self._write("decided", code, card | fields)
        return self.cards[code]

    async def _decide(self, request: Request) -> Response:
        """`{"maHoSoLT": ..., "trangThai": "4"}`: the clerk decides now."""
        told = await request.json()
        code, state = str(told.pop("maHoSoLT", "")), str(told.pop("trangThai", ""))
        if code not in self.cards or state not in STATES:
            return JSONResponse({"error": "no such card or state"}, 422)
        return JSONResponse(self.decide(code, state, **told))


def _fits(asked: HoiTheoTieuChi, person: Mapping[str, str]) -> bool:
    """Name without accents and case, sex, what is known of the birthday on either side, and the place where one is given."""
    known = {"0": 8, "1": 4, "2": 6}
    digits = min(known[asked.loaiNgaySinh], known[person["loaiNgaySinh"]])
    place = ("maTinhKs", "maHuyenKs", "maXaKs")
    return (
        _plain(asked.hoTen) == _plain(person["hoTen"])
        and asked.gioiTinh == person["gioiTinh"]
        and asked.ngaySinh[:digits] == person["ngaySinh"][:digits]
        and all(getattr(asked, name) in ("", person[name]) for name in place)
    )


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if letter.isalnum()).casefold()


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app, with a clerk who goes on by himself."""
    return InsuranceSimulator(book, busy_clerk=True).app()
