"""What the platform is sent: an order with its receipt's lines, and questions about one (domain notes 3.4 and 10)."""

from __future__ import annotations

from typing import Any, NamedTuple

from contracts import codes
from contracts.canonical.dossier import Dossier
from contracts.canonical.order import Order
from contracts.canonical.payment import Fee, Fine
from contracts.identifier import procedure_parts
from contracts.online_payment import CONTRACT
from contracts.online_payment.messages import KhoanNop, KhoanPhaiNop, KhoiTao, PhiLePhi, ThongTinBienLai, TraSoat
from mappings.convert import choice, constant, day, known_code, national_procedure, number, stamp, text
from mappings.table import build, computed, many, row, table

DOC = "PaymentPlatform 1.0.6, INIT"
BILL_DOC = "PaymentPlatform 1.0.6, ThongTinBienLai"
PAYABLE_DOC = "PaymentPlatform, older variant: what is to be paid (S1)"
QUERY_DOC = "PaymentPlatform 1.0.6, QUERY, GET_BILL"
TIME = stamp("%Y%m%d%H%M%S")
SIGNED = ("MaXacThuc",)
"""The checksum is put over what the table says."""


class Asked(NamedTuple):
    """An order on its way: `account` has number, bank and holder; `partner_code` and `ip` are ours."""

    dossier: Dossier
    order: Order
    account: Any
    partner_code: str
    ip: str

    @property
    def fine(self) -> Fine | None:
        """The decision of a fine, which has an order to itself; None for anything else."""
        return self.order.fees[0].fine


class Question(NamedTuple):
    """What is asked about an order: QUERY or GET_BILL."""

    kind: str
    order: Order
    partner_code: str


def service(message: Any) -> str:
    """The online service: the procedure's national code with .01 behind it."""
    return national_procedure(message.dossier.procedure.code, message.dossier.filed_at) + ".01"


def kind_of_service(message: Any) -> str:
    """2, a public service; 1 for a fine. Assumed: 1, as a public client leaves out there what 2 must have (S1)."""
    return "1" if message.fine else "2"


def purpose(message: Any) -> str:
    """What the payment is for, as the platform's client writes it."""
    return f"THANH TOAN HO SO {message.dossier.code}"


def payer_number(message: Any) -> str:
    """The payer's number, empty where there is none: a made-up one would stand on the receipt."""
    who = message.dossier.applicant
    return str(who.citizen_id or who.old_id or who.tax_code or "")


def payer_address(message: Any) -> str:
    """House and street."""
    address = message.dossier.applicant.address
    return address.detail if address else ""


def payer_province(message: Any) -> str:
    """The name of the payer's province on the day of the address. Assumed: names, not codes; the district has no list and stays empty."""
    address = message.dossier.applicant.address
    return codes.lookup("province", address.province, address.as_of).name_vi if address else ""


def unit_name(message: Any) -> str:
    """The agency the money is for: the settling one by its name, another by that of its account."""
    agency = message.dossier.agency
    return str(agency.name if agency.id == message.order.payee else message.account.holder)


def fee_lines(message: Any) -> list[dict[str, Any]]:
    """The receipt's fees; a fee without a code has that of its service, as the platform's client does it."""
    lines = [build(FEE, fee) for fee in message.order.fees]
    return [line | {"MaPhiLePhi": line["MaPhiLePhi"] or service(message)} for line in lines]


FEE = table(
    row("kind", "LoaiPhiLePhi", choice({"charge": "1", "fee": "2"}), source="dvcqg.LoaiPhiLePhi"),
    row("code", "MaPhiLePhi", text(), source=BILL_DOC),
    row("title", "TenPhiLePhi", text(), source=BILL_DOC, required=True),
    row("amount_vnd", "SoTien", number(), source=BILL_DOC, required=True),
    of=Fee,
    to=PhiLePhi,
)

ITEM = table(
    row("title", "NoiDung", text(), source=BILL_DOC, required=True),
    row("amount_vnd", "SoTien", number(), source=BILL_DOC, required=True),
    of=Fee,
    to=KhoanNop,
)

BILL = table(
    computed("MaDichVu", kind_of_service, source=BILL_DOC),
    computed("MaDVC", service, source=BILL_DOC, required=True),
    row("dossier.procedure.name", "TenDVC", text(250, cut=True), source="domain notes 2.2", required=True),
    row(
        "dossier.procedure.code",
        "MaTTHC",
        known_code("procedure", on="dossier.filed_at", base=lambda code: procedure_parts(code).base),
        source=BILL_DOC,
        required=True,
    ),
    row("dossier.procedure.name", "TenTTHC", text(250, cut=True), source="domain notes 2.2", required=True),
    row("order.payee", "MaDonVi", text(), source=BILL_DOC, required=True),
    computed("TenDonVi", unit_name, source=BILL_DOC, required=True),
    row("dossier.code", "MaHoSo", text(), source=BILL_DOC, required=True),
    row("account.number", "TKThuHuong", text(), source=BILL_DOC, required=True),
    row("account.bank", "MaNHThuHuong", text(), source=BILL_DOC, required=True),
    row("account.holder", "TenTKThuHuong", text(), source=BILL_DOC, required=True),
    computed("NoiDungThanhToan", purpose, source=BILL_DOC, required=True),
    row("dossier.applicant.name", "HoTenNguoiNop", text(), source=BILL_DOC, required=True),
    computed("SoCMNDNguoiNop", payer_number, source=BILL_DOC),
    computed("DiaChiNguoiNop", payer_address, source=BILL_DOC),
    row("", "HuyenNguoiNop", constant(""), source=BILL_DOC),
    computed("TinhNguoiNop", payer_province, source=BILL_DOC),
    computed("PhiLePhi", fee_lines, source=BILL_DOC, required=True),
    many("order.fees", "DSKhoanNop", ITEM, source=BILL_DOC),
    row("fine.kind_code", "MaLoaiHinhThuPhat", text(), source=BILL_DOC),
    row("fine.kind", "TenLoaiHinhThuPhat", text(), source=BILL_DOC),
    row("fine.authority_code", "MaCoQuanQD", text(), source=BILL_DOC),
    row("fine.authority", "TenCoQuanQD", text(), source=BILL_DOC),
    row("fine.treasury", "KhoBac", text(), source=BILL_DOC),
    row("fine.decided_on", "NgayQD", day("%Y%m%d"), source="S1: yyyyMMdd"),
    row("fine.decision_number", "SoQD", text(), source=BILL_DOC),
    row("fine.violated_at", "ThoiGianViPham", TIME, source="Assumed: written as all times of the platform"),
    row("fine.violated_in", "DiaDiemViPham", text(), source=BILL_DOC),
    row("fine.violator", "TenNguoiViPham", text(), source=BILL_DOC),
    row("fine.budget_account", "TaiKhoanThuNSNN", text(), source=BILL_DOC),
    of=Asked,
    to=ThongTinBienLai,
)


def lookup_code(dossier: str, order: Order) -> str:
    """The MaTraCuuTT of an order: its dossier's code and the time it was made, so that the same order always has the same."""
    return f"{dossier}{TIME.out(order.requested_at, order)}"


def own_lookup_code(message: Any) -> str:
    """The dossier's code and the time of the order, not that of the answer: asked again it is the same."""
    return lookup_code(message.dossier.code, message.order)


PAYABLE = table(
    row("order.reference", "transaction_id", text(50), source=PAYABLE_DOC, required=True),
    row("partner_code", "client_id", text(), source=PAYABLE_DOC, required=True),
    computed("MaTraCuuTT", own_lookup_code, source="S1, buildMaTraCuuTT", required=True),
    *BILL,
    of=Asked,
    to=KhoanPhaiNop,
)


def dossier_of(code: str) -> str:
    """The dossier a MaTraCuuTT is about; empty where it is none."""
    return code[:-14] if code[-14:].isdecimal() else ""


def payable(asked: Asked) -> dict[str, Any]:
    """What the portal is told is to be paid. Raises Unmappable, CodeGap."""
    return build(PAYABLE, asked)


def bill(message: Any) -> dict[str, Any]:
    """What the receipt will say."""
    return build(BILL, message)


INIT = table(
    row("", "LoaiBanTin", constant("INIT"), source="payment.LoaiBanTin"),
    row("", "PhienBan", constant(CONTRACT.version), source=DOC),
    row("partner_code", "MaDoiTac", text(), source=DOC, required=True),
    row("order.reference", "MaThamChieu", text(50), source="mappings/online_payment/reference.py", required=True),
    row("order.amount_vnd", "SoTien", number(), source=DOC, required=True),
    row("", "LoaiHinhThanhToan", constant("PAY"), source=DOC),
    row("", "MaKenhThanhToan", constant("1"), source=DOC),
    row("", "MaThietBi", constant("1"), source=DOC),
    row("", "NgonNgu", constant("vi-VN"), source=DOC),
    row("", "MaTienTe", constant("VND"), source=DOC),
    row("", "MaNganHang", constant("PAYMENT"), source=DOC),
    computed("ThongTinGiaoDich", purpose, source=DOC, required=True),
    row("order.requested_at", "ThoiGianGD", TIME, source="domain notes 2.2: 24 hours", required=True),
    row("ip", "Ip", text(), source=DOC, required=True),
    computed("ThongTinBienLai", bill, source=DOC, required=True),
    of=Asked,
    to=KhoiTao,
    beside=SIGNED,
)

QUESTION = table(
    row("kind", "LoaiBanTin", text(), source="payment.LoaiBanTin"),
    row("", "PhienBan", constant(CONTRACT.version), source=QUERY_DOC),
    row("partner_code", "MaDoiTac", text(), source=QUERY_DOC, required=True),
    row("order.reference", "MaThamChieu", text(50), source=QUERY_DOC, required=True),
    row("order.requested_at", "ThoiGianGD", TIME, source=QUERY_DOC, required=True),
    of=Question,
    to=TraSoat,
    beside=SIGNED,
)


def init(asked: Asked) -> dict[str, Any]:
    """The body of INIT but for its checksum. Raises Unmappable, CodeGap."""
    return build(INIT, asked)


def question(kind: str, order: Order, partner_code: str) -> dict[str, Any]:
    """The body of QUERY or GET_BILL but for its checksum. Raises Unmappable."""
    return build(QUESTION, Question(kind, order, partner_code))
