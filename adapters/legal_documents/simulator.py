"""The database's side: real acts with their validity, and what provinces post, in a book of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.soap_simulator import Said, SaidFault, SoapSimulator
from contracts.legal_documents import NAMESPACE, texts

DEMO = {"polls_every_s": 10.0, "credentials": {"username": "sim", "password": "sim"}}
PAGE = 5
REQUIRED = (
    *("soKyHieu", "trichYeu", "loaiVanBan", "coQuanBanHanh", "nguoiKy", "ngayBanHanh", "toanVanUrl"),
)  # guiVanBan
ORDER = (
    *("itemId", "soKyHieu", "trichYeu", "loaiVanBan", "coQuanBanHanh", "nguoiKy", "ngayBanHanh", "ngayHieuLuc"),
    *("ngayHetHieuLuc", "tinhTrangHieuLuc", "linhVuc", "vanBanLienQuan", "toanVanUrl", "ngayCapNhat"),
)
"""The fields of a document in the order of the WSDL's sequence."""


class LegalSimulator(SoapSimulator):
    """Checks what it is sent, knows a document by number and agency, tells every change once in the order it was made."""

    effects: ClassVar[Mapping[str, str]] = {"new": "guiVanBan", "update": "guiVanBan"}
    whose = "id"
    namespace = NAMESPACE
    invalid = "VBPL-001"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self.items: dict[str, dict[str, Any]] = {}
        self.feed: list[str] = []
        self.oldest = 0
        """Cursors before this place are too old."""
        for place, act in enumerate(texts(), start=1):
            self._put(_act(place, act))
        for entry in self.book.entries:
            if entry["kind"] in ("new", "update", "change"):
                self._put(entry["data"])
        self.route("/_sim/change", self._change, weather=False)

    def _put(self, item: dict[str, Any]) -> None:
        self.items[item["itemId"]] = item
        self.feed.append(item["itemId"])

    def do(self, name: str, fields: dict[str, Any]) -> Sequence[Said]:
        match name:
            case "traCuu":
                return self._search(fields)
            case "capNhatTu":
                return self._since(fields.get("conTro", ""))
            case "guiVanBan":
                return self._post(fields)
            case _:
                raise SaidFault(self.invalid, f"không có nghiệp vụ {name}")

    def _search(self, fields: dict[str, Any]) -> Sequence[Said]:
        self.book.write("reading", of=fields.get("soKyHieu", ""))
        found = [
            item
            for item in self.items.values()
            if fields.get("soKyHieu", item["soKyHieu"]) == item["soKyHieu"]
            and fields.get("coQuanBanHanh", "") in item["coQuanBanHanh"]
            and item["ngayBanHanh"] >= fields.get("tuNgay", "")
        ]
        page = int(fields.get("trang") or 1)
        shown, more = found[(page - 1) * PAGE : page * PAGE], len(found) > page * PAGE
        return [*(_said(item) for item in shown), *([("trangSau", page + 1)] if more else [])]

    def _since(self, cursor: str) -> Sequence[Said]:
        """The cursor is the place in the feed; a document changed twice since is told once, as it is now."""
        place = int(cursor[1:] or 0) if cursor.startswith("c") and cursor[1:].isdigit() else 0
        if cursor and (place < self.oldest or place > len(self.feed)):
            raise SaidFault("VBPL-003", "con trỏ không còn dùng được")
        reached = min(len(self.feed), place + PAGE)
        items = dict.fromkeys(self.feed[place:reached])
        more = "true" if reached < len(self.feed) else "false"
        return [*(_said(self.items[item]) for item in items), ("conTroMoi", f"c{reached}"), ("conNua", more)]

    def _post(self, fields: dict[str, Any]) -> Sequence[Said]:
        missing = [name for name in REQUIRED if not fields.get(name)]
        if missing:
            raise SaidFault(self.invalid, f"thiếu {', '.join(missing)}")
        try:
            days = [date.fromisoformat(fields[name]) for name in ("ngayBanHanh", "ngayHieuLuc") if fields.get(name)]
        except ValueError:
            raise SaidFault(self.invalid, "ngày không hợp lệ") from None
        if days != sorted(days):
            raise SaidFault(self.invalid, "ngày hiệu lực trước ngày ban hành")
        if self.weather.row == fields["soKyHieu"] and self.weather.takes("refuse_row"):
            raise SaidFault("VBPL-002", "không được đăng văn bản của cơ quan này")
        held = self._held(fields["soKyHieu"], fields["coQuanBanHanh"])
        item = {
            **fields,
            "itemId": held["itemId"] if held else f"VB{len(self.items) + 1:06}",
            "tinhTrangHieuLuc": "1",
            "ngayCapNhat": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        same = held is not None and all(held.get(name) == value for name, value in fields.items())
        kind = "repeat" if same else "update" if held else "new"
        entry = self.book.write(kind, id=f"{fields['soKyHieu']}|{fields['coQuanBanHanh']}", data=item)
        if not same:
            self._put(entry["data"])
        return [("itemId", item["itemId"]), ("ketQua", "CAP_NHAT" if held else "MOI")]

    def _held(self, number: str, agency: str) -> dict[str, Any] | None:
        return next((i for i in self.items.values() if (i["soKyHieu"], i["coQuanBanHanh"]) == (number, agency)), None)

    def change(self, number: str, **fields: Any) -> dict[str, Any]:
        """The database's people change a document, or add one: told by the feed. Answers it as it stands now."""
        held = next((item for item in self.items.values() if item["soKyHieu"] == number), None)
        base = held or _act(
            len(self.items) + 1,
            {"number": number, "title": f"Văn bản {number}", "kind": "Văn bản", "agency": "Chính phủ"},
        )
        item = {**base, **fields, "ngayCapNhat": datetime.now(UTC).isoformat(timespec="seconds")}
        self._put(self.book.write("change", id=number, data=item)["data"])
        return item

    async def _change(self, request: Request) -> Response:
        """`{"soKyHieu": ..., other fields of vanBan}`."""
        told = await request.json()
        number = str(told.pop("soKyHieu", ""))
        if not number:
            return JSONResponse({"error": "soKyHieu is missing"}, 422)
        return JSONResponse(self.change(number, **told))


def _act(place: int, act: Mapping[str, str]) -> dict[str, Any]:
    """A real act as the database tells it."""
    expires = act.get("expires_on", "")
    item = {
        "itemId": f"VB{place:06}",
        "soKyHieu": act["number"],
        "trichYeu": act["title"],
        "loaiVanBan": act["kind"],
        "coQuanBanHanh": act["agency"],
        "nguoiKy": act.get("signer", ""),
        "ngayBanHanh": act.get("promulgated_on") or "2026-01-05",
        "ngayHieuLuc": act.get("effective_on", ""),
        "ngayHetHieuLuc": expires,
        "tinhTrangHieuLuc": "3" if expires else "1",
        "ngayCapNhat": f"{expires or act.get('promulgated_on') or '2026-01-05'}T08:00:00+07:00",
    }
    return {name: value for name, value in item.items() if value}


def _said(item: Mapping[str, Any]) -> Said:
    """A document in the order of the WSDL; fields of several members are told one by one."""
    told: list[Said] = []
    for name in ORDER:
        value = item.get(name)
        for one in value if isinstance(value, list) else [value] if value not in (None, "") else []:
            told.append((name, list(one.items()) if isinstance(one, dict) else one))
    return "vanBan", told


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return LegalSimulator(book).app()
