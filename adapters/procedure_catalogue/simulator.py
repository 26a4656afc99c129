"""The catalogue's side: 1,844 published procedures drawn from the national list, 923 of them online, by 183 made-up decisions.

The same numbers make the same catalogue. People of the catalogue change it by `POST /_sim/change`; a change stands in the book.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.procedure_catalogue.invented import Invented
from adapters.simulator import EnvelopeSimulator, enveloped

DEMO = {
    "unit": "000.00.00.H59",
    "nightly": [],
    "polls_every_s": 2.0,
    "page": 8,
    "in_one_go": False,
    "credentials": {"username": "sim", "password": "sim"},
}
"""A turn every two seconds, so that one sees it at work; a province pulls all of it in one go at night."""


class CatalogueSimulator(EnvelopeSimulator):
    """Answers readings; it takes nothing, so it has no effects."""

    service: ClassVar[str] = "/chiase"
    whose = "MATTHC"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self.invented = Invented()
        for entry in self.book.of("change"):
            self._apply(entry["fields"])
        self.route("/_sim/change", self._change, weather=False)

    def serve(self, told: dict[str, Any]) -> Response:
        made = self.invented
        self.book.write("reading", service=told.get("service"), of=told.get("maTTHC") or told.get("idQDCB") or "")
        match told.get("service"):
            case "LayDanhSachTTHC":
                return _rows([made.line(code) for code in made.codes])
            case "LayThuTuc":
                return _rows([made.procedure(told["maTTHC"])] if told.get("maTTHC") in made.known else [])
            case "LayQDCB":
                return _rows([made.decisions[told["idQDCB"]]] if told.get("idQDCB") in made.decisions else [])
            case "LayDanhMucCoQuan":
                return _rows(made.agencies)
            case "LayDanhMucLinhVuc":
                return _rows(made.fields)
            case "LayDanhMucNhomThuTuc":
                return _rows([{"MANHOM": code, "TENNHOM": name} for code, name in made.groups.items()])
            case "LayDanhMucThuTucThuocLoai":
                members = [code for code in made.codes if made.group_of(code) == told.get("maNhom")]
                return _rows([made.line(code) for code in members])
            case service:
                return enveloped("-1", f"Không có dịch vụ {service}")

    def change(self, code: str, **fields: Any) -> dict[str, Any]:
        """A new decision changes fields of a procedure; `remove=True` takes it out of the list. Answers what stands in the book."""
        entry = self.book.write("change", MATTHC=code, fields={"MATTHC": code, **fields})
        self._apply(entry["fields"])
        return entry

    def _apply(self, fields: dict[str, Any]) -> None:
        self.invented.change(**fields)

    async def _change(self, request: Request) -> Response:
        """`{"MATTHC": ..., other fields of LayThuTuc, "remove": true}`."""
        told = await request.json()
        code = str(told.pop("MATTHC", ""))
        if code not in self.invented.known:
            return JSONResponse({"error": "no such procedure"}, 422)
        return JSONResponse(self.change(code, **told))


def _rows(rows: list[Any]) -> Response:
    return enveloped("0", "Lấy dữ liệu thành công", rows)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return CatalogueSimulator(book).app()
