"""VNPost's side: orders, postmen, and one cursor over everybody's orders, in a book of its own (domain notes 3.10)."""

from __future__ import annotations

import random
import time
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.simulator import GatewaySimulator
from contracts import codes
from contracts.postal.item_code import expand
from contracts.postal.messages import Don, Huy

FIXED = "sim-access-token"
CUSTOMERS = frozenset({"TV0017", "TV0001"})
POOL = "RT473124829VN..RT473129826VN"
"""The range of item codes this VNPost gave the province."""
DEMO = {
    "tracks_every_s": 5,
    "item_codes": [POOL],
    "desks": {
        "*": {
            "customer_code": "TV0001",
            "address": "Số 1 đường Phạm Thái Bường",
            "phone": "0294 385 0001",
            "province": 89,
        },
        "000.00.17.H59": {
            "customer_code": "TV0017",
            "address": "Số 19 đường Hùng Vương",
            "phone": "0294 385 0000",
            "province": 89,
        },
    },
    "credentials": {"consumer_key": "sim", "consumer_secret": "sim"},
}
WAY = ("200", "300", "400", "500")
"""Where an item goes when all goes well; codes of the list `postal_status`."""
WORDS = {row.code: row.name_en for row in codes.every("postal_status")}


class PostalSimulator(GatewaySimulator):
    """Takes orders of its customers once each. With busy postmen, whoever reads to the end of the cursor finds every item moved on."""

    effects: ClassVar[Mapping[str, str]] = {"order": "order", "collection": "collect", "cancelled": "cancel"}

    def __init__(self, book: Path | None = None, *, seed: int = 84, busy_postmen: bool = False) -> None:
        super().__init__(book)
        self._rng = random.Random(seed)
        self.busy_postmen = busy_postmen
        self._pool = frozenset(expand(POOL))
        self._provinces = frozenset(int(row.name_vi) for row in codes.every("postal_province"))
        self.orders: dict[str, dict[str, Any]] = {}
        self.rows: list[dict[str, Any]] = []
        self._used: set[str] = set()
        self._latest: dict[str, str] = {}
        for entry in self.book.entries:
            self._remember(entry)
        self.route("/order", self._order)
        self.route("/cancel", self._cancel)
        self.route("/tracking", self._track, ("GET",))
        self.route("/_sim/move", self._move, weather=False)

    def _remember(self, entry: dict[str, Any]) -> None:
        if entry["kind"] in ("order", "collection"):
            self.orders[entry["data"]["OrderNumber"]] = entry["data"]
            self._used.add(entry["data"]["ItemCode"])
        if "row" in entry:
            self.rows.append(entry["row"])
            self._latest[entry["row"]["orderNumber"]] = entry["row"]["statusCode"]

    def _write(self, kind: str, **facts: Any) -> None:
        self._remember(self.book.write(kind, **facts))

    def say(self, code: str, words: str) -> Response:
        return _say(code, words)

    def stopped(self, request: Request) -> Response | None:
        """Who shows the fixed token needs no other."""
        return None if request.headers.get("access_token") == FIXED else super().stopped(request)

    async def _order(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            told = Don.model_validate_json(await request.body())
        except ValidationError as error:
            return _say("500", f"Trường {'.'.join(map(str, error.errors()[0]['loc']))} không hợp lệ")
        number = told.OrderNumber
        if number in self.orders:
            self.book.write("repeat", OrderNumber=number)
            return _say("101", f"Đơn {number} đã được ghi nhận")
        if wrong := self._wrong(told):
            return _say("500", wrong)
        if self.weather.row == number and self.weather.takes("refuse_row"):
            return _say("500", "Địa chỉ không phát được")
        kind, dossier = ("collection", number[:-3]) if number.endswith("-TG") else ("order", number)
        row = self._row(number, "100")
        self._write(kind, subject=dossier, data=told.model_dump(), row=row)
        return _say("100", "Tạo đơn thành công")

    def _wrong(self, told: Don) -> str:
        """What VNPost would find wrong with an order, empty for nothing."""
        if told.CustomerCode not in CUSTOMERS:
            return f"Mã khách hàng {told.CustomerCode} không tồn tại"
        for province in (told.SenderProvince, told.ReceiverProvince):
            if province not in self._provinces:
                return f"Mã tỉnh {province} không tồn tại"
        if told.ItemCode and told.ItemCode not in self._pool:
            return f"Số hiệu {told.ItemCode} không thuộc dải đã cấp"
        if told.ItemCode and told.ItemCode in self._used:
            return f"Số hiệu {told.ItemCode} đã được sử dụng"
        return ""

    async def _cancel(self, request: Request) -> Response:
        if (stopped := self.stopped(request)) is not None:
            return stopped
        try:
            told = Huy.model_validate_json(await request.body())
        except ValidationError:
            return _say("500", "Thiếu customerCode hoặc orderNumber")
        order = self.orders.get(told.orderNumber)
        if order is None or order["CustomerCode"] != told.customerCode:
            return _say("500", f"Đơn {told.orderNumber} không tồn tại")
        latest = self.status(told.orderNumber)
        if latest == "900":
            return _say("500", f"Đơn {told.orderNumber} đã hủy trước đó")
        if latest != "100":
            return _say("500", f"Đơn {told.orderNumber} đã đi, không hủy được")
        dossier = told.orderNumber.removesuffix("-TG")
        self._write("cancelled", subject=dossier, row=self._row(told.orderNumber, "900"))
        return _say("100", "Hủy đơn thành công")

    async def _track(self, request: Request) -> Response:
        """Everybody's rows behind `lastId`, in the order of their keys; at the end `_embedded` is missing."""
        if (stopped := self.stopped(request)) is not None:
            return stopped
        last, size = request.query_params.get("lastId", ""), int(request.query_params.get("pagesize", "100"))
        begin = bisect_right(self.rows, last, key=lambda row: str(row["_id"]["$oid"]))
        page = self.rows[begin : begin + size]
        if page:
            return JSONResponse({"_embedded": {"rhDoc": page}, "_returned": len(page)})
        if self.busy_postmen:
            self._go_on()
        return JSONResponse({"_returned": 0})

    def _go_on(self) -> None:
        """Every item one step; now and then nobody is at home, an item goes back, or a stranger's item moves."""
        for number in list(self.orders):
            match self.status(number):
                case "400" if self._rng.random() < 0.1:
                    self.move(number, "401")
                case "401":
                    self.move(number, self._rng.choice(("400", "600")))
                case "600":
                    self.move(number, "601")
                case "100" | "200" | "300" | "400" as status:
                    self.move(number, WAY[WAY.index(status) + 1] if status != "100" else WAY[0])
        if self.orders and self._rng.random() < 0.3:
            self.move(f"000.00.09.H56-260701-{self._rng.randrange(10**4):04}", "300")

    def status(self, number: str) -> str:
        """The latest status of an order, empty for a stranger."""
        return self._latest.get(number, "")

    def move(self, number: str, status: str, words: str = "") -> None:
        """A postman tells where an item is now."""
        self._write("moved", row=self._row(number, status, words))

    def _row(self, number: str, status: str, words: str = "") -> dict[str, Any]:
        """The next row of the cursor; keys grow."""
        before = int(self.rows[-1]["_id"]["$oid"], 16) if self.rows else 0
        key = max(int(time.time()) << 64, before + 1)
        return {
            "_id": {"$oid": f"{key:024x}"},
            "orderNumber": number,
            "statusCode": status,
            "statusMessage": words or WORDS.get(status, ""),
        }

    async def _move(self, request: Request) -> Response:
        """`{"orderNumber": "...", "statusCode": "601", "statusMessage": "..."}`: a postman tells something now."""
        told = await request.json()
        self.move(str(told.get("orderNumber", "")), str(told.get("statusCode", "")), str(told.get("statusMessage", "")))
        return JSONResponse(self.rows[-1])


def _say(status: str, words: str) -> Response:
    return JSONResponse({"Status": status, "Message": words})


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app, its postmen busy."""
    return PostalSimulator(book, busy_postmen=True).app()
