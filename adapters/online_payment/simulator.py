"""The platform's side: checks checksums and sums, keeps orders in a book, has a payer, calls the bus back (domain notes 3.4)."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.online_payment.checksum import checksum, is_right
from adapters.simulator import Simulator
from contracts.online_payment import FAILED, PAID, PENDING, SUCCESS
from contracts.online_payment.messages import HoiPhaiNop, KhoiTao, ThongBao, TraSoat

SECRET, PARTNER = "BI_MAT_MAU", "TRAVINH01"
AGENCIES = ("000.00.17.H59", "000.00.86.H59", *(f"000.{number:02}.31.H59" for number in range(1, 9)))
"""The land office, the tax office (an invented id) and the communes of the sample."""
ACCOUNTS = {
    agency: {"number": f"3511.0.{1_050_000 + place}", "bank": "KBNN", "holder": f"Tài khoản thu phí của {agency}"}
    for place, agency in enumerate(AGENCIES)
}
DEMO = {
    "partner_code": PARTNER,
    "credentials": {"secret": SECRET},
    "accounts": ACCOUNTS,
    "asks_first_s": 15,
}
HOME = timezone(timedelta(hours=7))
CALLBACK, LOOKUP = "/callbacks/online_payment/ketqua", "/callbacks/online_payment/tracuu"
NOTICE_TRIES = 3


class PaymentSimulator(Simulator):
    """Creates orders and lets them be paid: by `/_sim/pay`, or by a payer who does so by himself after about `pays_after_s`.

    Such a payer hurries when he is asked about.
    """

    effects: ClassVar[Mapping[str, str]] = {"order": "INIT"}
    modes: ClassVar[Mapping[str, str]] = {
        "lose_callback": "the notice of the next payment is lost",
        "double_callback": "the notice of the next payment comes twice",
        "change_amount": "the notice of the next payment names another amount",
        "text_reply": "JSON inside a string once more",
        "no_receipt": "the receipt is not there yet",
    }

    def __init__(self, book: Path | None = None, *, seed: int = 84, pays_after_s: float | None = None) -> None:
        super().__init__(book)
        self._rng = random.Random(seed)
        self.pays_after_s = pays_after_s
        self._payers: set[asyncio.Task[None]] = set()
        self.orders: dict[str, dict[str, Any]] = {}
        for entry in self.book.entries:
            if "order" in entry:
                self.orders[entry["order"]["MaThamChieu"]] = entry["order"]
        self.route("/init", self._init)
        self.route("/query", self._query)
        self.route("/bill", self._bill)
        self.route("/_sim/pay", self._told_to_pay, weather=False)
        self.route("/_sim/cancel", self._told_to_cancel, weather=False)
        self.route("/_sim/lookup", self._told_to_look, weather=False)

    def meet_bus(self, url: str) -> None:
        """Orders that were waiting when we stopped find their payers again."""
        super().meet_bus(url)
        for reference, order in self.orders.items():
            if order["TrangThaiGD"] == PENDING:
                self._find_payer(reference)

    async def _init(self, request: Request) -> Response:
        try:
            told = KhoiTao.model_validate_json(await request.body())
        except ValidationError as error:
            return self._refuse("3", f"Dữ liệu không hợp lệ: {error.errors()[0]['loc']}")
        if told.MaDoiTac != PARTNER:
            return self._refuse("1", "Sai mã đối tác")
        if not is_right(told.model_dump(), told.SIGNED, [SECRET]):
            return self._refuse("2", "Sai mã xác thực")
        bill = told.ThongTinBienLai
        sums = {sum(int(line.SoTien) for line in lines) for lines in (bill.PhiLePhi, bill.DSKhoanNop)}
        if sums != {int(told.SoTien)} or told.MaTienTe != "VND":
            return self._refuse("3", "Tổng các khoản không bằng SoTien")
        if not _is_time(told.ThoiGianGD):
            return self._refuse("3", "ThoiGianGD không hợp lệ")
        if bill.TKThuHuong not in {account["number"] for account in ACCOUNTS.values()}:
            return self._refuse("7", f"Tài khoản {bill.TKThuHuong} chưa đăng ký")
        if self.weather.row == bill.MaHoSo and self.weather.takes("refuse_row"):
            return self._refuse("3", "Dữ liệu không hợp lệ")
        if told.MaThamChieu in self.orders:
            self.book.write("repeat", subject=bill.MaHoSo, MaThamChieu=told.MaThamChieu)
            return self._refuse("4", f"Mã tham chiếu {told.MaThamChieu} đã tồn tại")
        order = {
            "MaThamChieu": told.MaThamChieu,
            "MaHoSo": bill.MaHoSo,
            "SoTien": told.SoTien,
            "ThongTinGiaoDich": told.ThongTinGiaoDich,
            "TKThuHuong": bill.TKThuHuong,
            "LucTao": told.ThoiGianGD,
            "TrangThaiGD": PENDING,
            "UrlThanhToan": f"https://thanhtoan.example.vn/pay/{told.MaThamChieu}",
        }
        self._keep("order", order)
        self._find_payer(told.MaThamChieu)
        return self._answer({"error_code": "0", "message": json.dumps({"UrlThanhToan": order["UrlThanhToan"]})})

    async def _query(self, request: Request) -> Response:
        found = await self._find(request)
        if isinstance(found, Response):
            return found
        self.book.write("question", MaThamChieu=found["MaThamChieu"])
        done = found["TrangThaiGD"] in (PAID, FAILED)
        fields = self.fields_of(found) if done else {"MaLoi": SUCCESS, "MaThamChieu": found["MaThamChieu"]}
        url = {} if done else {"UrlThanhToan": found["UrlThanhToan"]}
        told = {**fields, "MaLoi": SUCCESS, "TrangThaiGD": found["TrangThaiGD"], **url}
        if not done and self.pays_after_s is not None:
            self._done(found["MaThamChieu"], PAID)
            self._beside(self._tell(found["MaThamChieu"]))
        return self._answer(told | {"MaXacThuc": checksum(told, ThongBao.SIGNED, SECRET)})

    def say(self, code: str, words: str) -> Response:
        """A refusal, in the words of INIT and of the other two at once."""
        return self._answer({"error_code": code, "message": words, "MaLoi": code, "MoTaLoi": words})

    async def _bill(self, request: Request) -> Response:
        found = await self._find(request)
        if isinstance(found, Response):
            return found
        if found["TrangThaiGD"] != PAID or self.weather.takes("no_receipt"):
            return self._answer({"MaLoi": "06", "MoTaLoi": "Chưa có biên lai"})
        self.book.write("bill", subject=found["MaHoSo"], MaThamChieu=found["MaThamChieu"])
        return Response(a_receipt(found["MaThamChieu"], found["SoTien"]), media_type="application/pdf")

    async def _find(self, request: Request) -> dict[str, Any] | Response:
        """The order asked for, or why not."""
        try:
            told = TraSoat.model_validate_json(await request.body())
        except ValidationError:
            return self._answer({"MaLoi": "03", "MoTaLoi": "Dữ liệu không hợp lệ"})
        if told.MaDoiTac != PARTNER:
            return self._answer({"MaLoi": "01", "MoTaLoi": "Sai mã đối tác"})
        if not is_right(told.model_dump(), told.SIGNED, [SECRET]):
            return self._answer({"MaLoi": "02", "MoTaLoi": "Sai mã xác thực"})
        found = self.orders.get(told.MaThamChieu)
        if found is None or found["LucTao"] != told.ThoiGianGD:
            return self._answer({"MaLoi": "05", "MoTaLoi": "Không tìm thấy giao dịch"})
        return found

    def fields_of(self, order: dict[str, Any]) -> dict[str, str]:
        """A notice's fields, which an answered question has too."""
        return {
            "LoaiBanTin": "CONFIRM",
            "MaLoi": SUCCESS if order["TrangThaiGD"] == PAID else "24",
            "MaDoiTac": PARTNER,
            "MaThamChieu": order["MaThamChieu"],
            "SoTien": order["SoTien"],
            "MaTienTe": "VND",
            "MaGiaoDich": order["MaGiaoDich"],
            "MaNganHang": order["MaNganHang"],
            "ThoiGianGD": order["LucXong"],
            "ThongTinGiaoDich": order["ThongTinGiaoDich"],
        }

    def _keep(self, kind: str, order: dict[str, Any]) -> None:
        self.orders[order["MaThamChieu"]] = order
        self.book.write(kind, subject=order["MaHoSo"], order=order)

    async def end(self, reference: str, state: str = PAID) -> None:
        """The payer pays (or gives up), and the bus is told."""
        self._done(reference, state)
        await self._tell(reference)

    def _done(self, reference: str, state: str) -> None:
        done = {
            "TrangThaiGD": state,
            "MaGiaoDich": f"GD{self._rng.randrange(10**9):09}",
            "MaNganHang": self._rng.choice(("VCB", "BIDV", "AGRIBANK", "VIETINBANK")),
            "LucXong": datetime.fromtimestamp(self.now(), HOME).strftime("%Y%m%d%H%M%S"),
        }
        self._keep("paid" if state == PAID else "cancelled", self.orders[reference] | done)

    async def _tell(self, reference: str) -> None:
        """The notice; it may be lost, come twice, or name another amount."""
        if self.weather.takes("lose_callback"):
            return
        fields = self.fields_of(self.orders[reference])
        if self.weather.takes("change_amount"):
            fields["SoTien"] = str(int(fields["SoTien"]) - 1)
        for _ in range(2 if self.weather.takes("double_callback") else 1):
            await self.notify(fields)

    async def look_up(self, dossier: str) -> dict[str, Any]:
        """The older variant: a payer gives a dossier's code at the portal, and the province is asked what is to be paid."""
        now = datetime.now(UTC).astimezone(HOME).strftime("%Y%m%d%H%M%S")
        asked = {"MaDoiTac": PARTNER, "MaHoSo": dossier, "MaTraCuuTT": "", "ThoiGianGD": now}
        asked["MaXacThuc"] = checksum(asked, HoiPhaiNop.SIGNED, SECRET)
        status, answer = await self.call_bus(LOOKUP, json.dumps(asked).encode())
        told: dict[str, Any] = json.loads(answer) if status == 200 else {"error_code": -1, "message": []}
        self.book.write("lookup", subject=dossier, error_code=told["error_code"])
        return told

    async def notify(self, fields: Mapping[str, str]) -> None:
        """Tell the bus, a few times until it answers 00; without a bus nobody hears of it."""
        signed = {**fields, "MaXacThuc": checksum(fields, ThongBao.SIGNED, SECRET)}
        for attempt in range(NOTICE_TRIES):
            status, answer = await self.call_bus(CALLBACK, json.dumps(signed, ensure_ascii=False).encode())
            taken = status == 200 and json.loads(answer).get("MaLoi") == SUCCESS
            self.book.write("notice", MaThamChieu=fields["MaThamChieu"], status=status, taken=taken)
            if taken or not self.bus_url:
                return
            await asyncio.sleep(0.5 * 2**attempt)

    def _find_payer(self, reference: str) -> None:
        """Somebody who will pay by himself, where there is such a one."""
        if self.pays_after_s is not None:
            self._beside(self._pay_later(reference, self._rng.uniform(0.5, 1.5) * self.pays_after_s))

    async def _pay_later(self, reference: str, seconds: float) -> None:
        """Nineteen in twenty pay, some after looking the dossier up at the portal; the others' banks say no."""
        await asyncio.sleep(seconds)
        if self._rng.random() < 0.2:
            await self.look_up(self.orders[reference]["MaHoSo"])
        if self.orders[reference]["TrangThaiGD"] == PENDING:
            await self.end(reference, PAID if self._rng.random() < 0.95 else FAILED)

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it while we answer others."""
        task = asyncio.create_task(work)
        self._payers.add(task)
        task.add_done_callback(self._payers.discard)

    async def _told_to_pay(self, request: Request) -> Response:
        return await self._told_to_end(request, PAID)

    async def _told_to_cancel(self, request: Request) -> Response:
        return await self._told_to_end(request, FAILED)

    async def _told_to_look(self, request: Request) -> Response:
        """`{"MaHoSo": ...}`: what the province says is to be paid."""
        return JSONResponse(await self.look_up(str((await request.json()).get("MaHoSo", ""))))

    async def _told_to_end(self, request: Request, state: str) -> Response:
        """`{"MaThamChieu": ...}`: the payer pays, or gives up, now; a second time with another transaction."""
        reference = str((await request.json()).get("MaThamChieu", ""))
        if reference not in self.orders:
            return JSONResponse({"error": "no such order"}, 422)
        await self.end(reference, state)
        return JSONResponse(self.orders[reference])

    def _refuse(self, code: str, words: str) -> Response:
        return self._answer({"error_code": code, "message": words})

    def _answer(self, body: dict[str, Any]) -> Response:
        return JSONResponse(json.dumps(body, ensure_ascii=False) if self.weather.takes("text_reply") else body)


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return True


def a_receipt(reference: str, amount: str) -> bytes:
    """A PDF of one empty page, what it is for in a comment."""
    return (
        f"%PDF-1.4\n%Bien lai {reference} {amount} dong\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
        "trailer<</Root 1 0 R>>\n%%EOF\n"
    ).encode()


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app, with a payer of its own."""
    return PaymentSimulator(book, pays_after_s=6.0).app()
