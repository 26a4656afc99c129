"""What the portal is told of a dossier: the full object and the progress row (domain notes 3.1; S1, S2)."""

from __future__ import annotations

from typing import Any

from contracts import codes
from contracts.canonical.document import OtherPaper, Paper, ResultPaper, Supplement
from contracts.canonical.events import AnswerEvent, DossierEvent, FilingEvent
from contracts.canonical.payment import Fee
from contracts.identifier import procedure_parts
from contracts.national_portal import messages
from mappings.convert import Unsayable, as_day, choice, known_code, national_procedure, number, stamp, text, url, yes_no
from mappings.table import build, computed, many, row, table

TIME = stamp("%Y%m%d%H%M%S")
DOC = "Cổng DVCQG, DongBoHoSoMC"
FIELD_DOC = (
    "domain notes 3.1: LINHVUCTHUCHIEN[0] of LayThuTuc; the desk's where the catalogue names none or was not pulled"
)
PROGRESS_DOC = "Cổng DVCQG, CapNhatTienDoHoSoMC"

STATUS_WORDS = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}
"""TrangThaiHoSo in words (code list dvcqg.TrangThaiHoSo)."""


def published(message: Any) -> codes.Code:
    """The dossier's procedure as the catalogue has it. Raises CodeGap as its code does."""
    code = procedure_parts(message.dossier.procedure.code).base
    return codes.lookup("procedure", code, as_day(message.dossier.filed_at))


def procedure_name(message: Any) -> str:
    """The procedure's name in the catalogue; the desk's for one that has none there."""
    return published(message).name_vi or str(message.dossier.procedure.name)


def field_of_work(message: Any) -> tuple[str, str]:
    """Code and name, both of the catalogue or both of the desk: half of one beside half of the other would be a field nobody has."""
    procedure = message.dossier.procedure
    match published(message).extra:
        case (str(name), _, _, str(code)) if name and code:
            return code, name
    return str(procedure.field_code), str(procedure.field_name)


def field_code(message: Any) -> str:
    """The code of the first field of work the catalogue names for the procedure, else the desk's."""
    return field_of_work(message)[0]


def field_name(message: Any) -> str:
    """The name of the same field of work."""
    return field_of_work(message)[1]


def owner_number(message: Any) -> str:
    """The owner's number: personal id, old id or tax code; a missing one is raised, never replaced by a sentinel."""
    applicant = message.dossier.applicant
    number_ = applicant.citizen_id or applicant.old_id or applicant.tax_code
    if not number_:
        raise Unsayable("the owner has no personal id, old id or tax code; the portal requires one")
    return str(number_)


def owner_identities(message: Any) -> list[dict[str, str]]:
    """The owner's ids by kind: 1 the 12-digit id, 2 the 9-digit one (dvcqg.LoaiDinhDanh; only these two are verified)."""
    applicant = message.dossier.applicant
    kinds = (("1", applicant.citizen_id), ("2", applicant.old_id))
    return [{"LoaiDinhDanh": kind, "SoDinhDanh": value} for kind, value in kinds if value]


def portal_account(message: Any) -> str | None:
    """The owner's TechID, for dossiers filed online alone; null else."""
    return message.dossier.applicant.account if message.dossier.channel == "online" else None


def reception_time(message: Any) -> str:
    """The time of reception; a dossier that was not received is never sent as received (it would drop out of every indicator)."""
    received_at = message.dossier.received_at
    return "" if received_at is None else str(TIME.out(received_at, message))


def has_digitised_paper(message: Any) -> str:
    """1 when at least one paper is digitised (indicator 4.3)."""
    return "1" if any(paper.digitised for paper in message.dossier.papers) else "0"


def databases(message: Any) -> list[dict[str, str]]:
    """The databases the dossier drew on."""
    return [{"MaCSDL": code} for code in message.dossier.databases]


PAPER = table(
    row("id", "TepDinhKemId", source=DOC),
    row("title", "TenTepDinhKem", text(4000, cut=True), source=DOC, required=True),
    row("withdrawn", "IsDeleted", yes_no("True", "False"), source=DOC),
    row("component", "MaThanhPhanHoSo", source=DOC),
    row("url", "DuongDanTaiTepTin", url(), source=DOC, required=True),
    row("digitised", "DuocSoHoa", yes_no(), source=DOC),
    row("reused", "DuocTaiSuDung", choice({"no": "0", "yes": "1", "from_result": "2"}), source=DOC),
    row("from_portal_store", "DuocLayTuKhoDMQG", yes_no(), source=DOC),
    row("replaces_result", "MaKetQuaThayThe", source=DOC),
    of=Paper,
    to=messages.TaiLieu,
)

FEE = table(
    row("title", "TenPhiLePhi", source=DOC),
    row("code", "MaPhiLePhi", source=DOC),
    row(
        "collected",
        "HinhThucThu",
        choice({"online": "truc-tuyen", "cash": "tien-mat", "transfer": "chuyen-khoan", "": ""}),
        source=DOC,
    ),
    row("amount_vnd", "Gia", number(), source=DOC),
    row("kind", "LoaiPhiLePhi", choice({"charge": "1", "fee": "2"}), source=DOC),
    of=Fee,
    to=messages.LePhi,
)

OTHER_PAPER = table(
    row("title", "TenGiayTo", text(2000, cut=True), source=DOC),
    row("copies", "SoLuong", number(), source=DOC),
    row("kind", "LoaiGiayTo", source=DOC),
    of=OtherPaper,
    to=messages.GiayToKhac,
)


def supplement_papers(supplement: Any) -> list[dict[str, str]]:
    """The papers asked for."""
    return [{"TenGiayTo": title} for title in supplement.papers]


def supplement_state(supplement: Any) -> str:
    """1 once the supplement came, 0 before. Assumed: the portal's list of TrangThaiBoSung is not public."""
    return "0" if supplement.received_at is None else "1"


SUPPLEMENT = table(
    row("id", "HoSoBoSungId", source=DOC),
    row("asked_by", "NguoiYeuCauBoSung", text(50, cut=True), source=DOC),
    row("content", "NoiDungBoSung", text(), source=DOC),
    row("asked_at", "NgayBoSung", TIME, source=DOC),
    row("received_by", "NguoiTiepNhanBoSung", text(50, cut=True), source=DOC),
    row("answer", "ThongTinTiepNhan", text(), source=DOC),
    row("received_at", "NgayTiepNhanBoSung", TIME, source=DOC),
    computed("TrangThaiBoSung", supplement_state, source=DOC),
    computed("DanhSachGiayToBoSung", supplement_papers, source=DOC),
    many("fees", "DanhSachLePhiBoSung", FEE, source=DOC),
    row("due_before_at", "NgayHenTraTruoc", TIME, source=DOC),
    row("due_after_at", "NgayHenTraMoi", TIME, source=DOC),
    of=Supplement,
    to=messages.HoSoBoSung,
)

RESULT = table(
    row("title", "TenGiayTo", text(2000, cut=True), source=DOC),
    row("component", "MaThanhPhanHoSo", source=DOC),
    row("id", "GiayToId", source=DOC),
    row("url", "DuongDanTepTinKetQua", url(), source=DOC),
    row("result_code", "MaGiayToKetQua", source=DOC),
    of=ResultPaper,
    to=messages.GiayToKetQua,
)

DOSSIER = table(
    row("dossier.code", "MaHoSo", source=DOC, required=True),
    row("dossier.other_code", "MaHoSoKhac", source=DOC),
    row(
        "dossier.procedure.code",
        "MaTTHC",
        known_code("procedure", on="dossier.filed_at", base=lambda code: procedure_parts(code).base),
        source=DOC,
        required=True,
    ),
    computed("TenTTHC", procedure_name, source="domain notes 3.1: as LayThuTuc names it", required=True),
    computed("MaLinhVuc", field_code, source=FIELD_DOC, required=True),
    computed("TenLinhVuc", field_name, source=FIELD_DOC, required=True),
    row(
        "dossier.channel",
        "KenhThucHien",
        choice({"counter": "1", "online": "2", "post": "3"}),
        source=DOC,
        required=True,
    ),
    row("dossier.applicant.name", "ChuHoSo", text(), source=DOC, required=True),
    computed("SoGiayToChuHoSo", owner_number, source=DOC, required=True),
    computed("DinhDanhCHS", owner_identities, source=DOC),
    row(
        "dossier.applicant.kind",
        "LoaiDoiTuong",
        choice({"citizen": "1", "enterprise": "2", "agency": "3", "other": "4"}),
        source=DOC,
        required=True,
    ),
    computed("MaDoiTuong", portal_account, source=DOC),
    row("dossier.applicant.email", "Email", source=DOC),
    row("dossier.applicant.fax", "Fax", source=DOC),
    row("dossier.applicant.phone", "SoDienThoai", source=DOC),
    row("dossier.other_information", "ThongTinKhac", text(), source=DOC),
    row("dossier.summary", "TrichYeuHoSo", text(1000, cut=True), source=DOC, required=True),
    row("dossier.filed_at", "NgayNopHoSo", TIME, source=DOC, required=True),
    computed("NgayTiepNhan", reception_time, source=DOC),
    row("dossier.due_at", "NgayHenTra", TIME, source=DOC),
    row("dossier.status", "TrangThaiHoSo", number(), source=DOC, required=True),
    row("dossier.finished_at", "NgayKetThucXuLy", TIME, source=DOC),
    row("dossier.returned_at", "NgayTra", TIME, source=DOC),
    row("dossier.refused_at", "NgayTuChoi", TIME, source=DOC),
    row("dossier.return_note", "ThongTinTra", text(), source=DOC),
    row(
        "dossier.return_method",
        "HinhThuc",
        choice({"counter": "0", "post": "1", "carrier": "1"}),
        source=f"{DOC}; Assumed: another carrier is post too, as the portal has no word for it",
        required=True,
    ),
    row("dossier.agency.name", "DonViXuLy", text(), source=DOC, required=True),
    row("dossier.note", "GhiChu", text(), source=DOC),
    row("dossier.receipt_number", "SoBienNhan", source=DOC),
    row("dossier.filed_on", "NoiNopHoSo", choice({"portal": "1", "local": "2"}), source=DOC, required=True),
    computed("HoSoCoThanhPhanSoHoa", has_digitised_paper, source=DOC, required=True),
    row("dossier.applicant.verified", "TaiKhoanDuocXacThucVoiVNeID", yes_no(), source=DOC, required=True),
    row(
        "dossier.paid_by",
        "DuocThanhToanTrucTuyen",
        choice({"none": "0", "portal": "1", "gateway": "2", "offline": "3"}),
        source=DOC,
        required=True,
    ),
    computed("DSKetNoiCSDL", databases, source=DOC),
    many("dossier.papers", "TaiLieuNop", PAPER, source=DOC),
    many("dossier.fees", "DanhSachLePhi", FEE, source=DOC),
    many("dossier.other_papers", "DanhSachTepDinhKemKhac", OTHER_PAPER, source=DOC),
    many("dossier.supplements", "DanhSachHoSoBoSung", SUPPLEMENT, source=DOC),
    many("dossier.results", "DanhSachGiayToKetQua", RESULT, source=DOC),
    of=DossierEvent,
    to=messages.HoSo,
)


def progress_note(message: Any) -> str:
    """What was done: the officer's note, else the new status in the portal's words (NoiDungXuLy may not be empty)."""
    change = message.change
    return change.note or STATUS_WORDS[change.to_status]


PROGRESS = table(
    row("dossier.code", "MaHoSo", source=PROGRESS_DOC, required=True),
    row("change.officer", "NguoiXuLy", text(50, cut=True), source=PROGRESS_DOC, required=True),
    row("change.position", "ChucDanh", text(), source=PROGRESS_DOC),
    row("change.at", "ThoiDiemXuLy", TIME, source=PROGRESS_DOC, required=True),
    row("change.department", "PhongBanXuLy", text(), source=PROGRESS_DOC),
    computed("NoiDungXuLy", progress_note, source=PROGRESS_DOC, required=True),
    row("change.to_status", "TrangThai", number(), source=PROGRESS_DOC, required=True),
    row("change.started_at", "NgayBatDau", TIME, source=PROGRESS_DOC),
    row("change.deadline_at", "NgayKetThucTheoQuyDinh", TIME, source=PROGRESS_DOC),
    of=DossierEvent,
    to=messages.TienDo,
)


STATUS_DOC = "Cổng DVCQG, DongBoTrangThaiHoSo type 2"
QUESTION_DOC = "Cổng DVCQG, DongBoHoiDap"
PROMOTION_NOTICES = frozenset({"2.000033", "2.001474"})
"""Services that live on the portal itself: notices of sales promotions (S2, promotion-notice sync)."""
PROMOTION_REFUSED = "11"


def portal_status(message: Any) -> str:
    """The status; a refused promotion notice is 11 instead of 3 (code list dvcqg.TrangThai.khuyen_mai)."""
    status = message.change.to_status
    promotion = procedure_parts(message.dossier.procedure.code).base in PROMOTION_NOTICES
    return PROMOTION_REFUSED if promotion and status == 3 else str(status)


def result_files(message: Any) -> list[dict[str, str]]:
    """The result papers that have a file."""
    return [
        {"TenTep": paper.title, "DuongDan": url().out(paper.url, message)}
        for paper in message.dossier.results
        if paper.url is not None
    ]


STATUS = table(
    row("dossier.other_code", "MaHoSo", source=STATUS_DOC, required=True),
    computed("TrangThai", portal_status, source=STATUS_DOC, required=True),
    row("dossier.code", "MaHoSoDonVi", source=STATUS_DOC, required=True),
    row("dossier.applicant.account", "MaDoiTuong", source=STATUS_DOC),
    computed("NoiDung", progress_note, source=STATUS_DOC, required=True),
    row("change.at", "NgayXuLy", TIME, source=STATUS_DOC, required=True),
    computed("DanhSachTep", result_files, source=STATUS_DOC),
    of=DossierEvent,
    to=messages.TrangThaiHoSo,
)


def asked_about(message: Any) -> str:
    """The national code of the procedure a question is about, empty where it is about none."""
    question = message.question
    return national_procedure(question.procedure_code, question.asked_at) if question.procedure_code else ""


ANSWER = (
    row("question.id", "MaHoiDap", source=QUESTION_DOC, required=True),
    row("answer.content", "NoiDungTraLoi", text(), source=QUESTION_DOC, required=True),
    row("answer.officer", "NguoiTraLoi", text(50, cut=True), source=QUESTION_DOC, required=True),
    row("answer.agency", "DonViTraLoi", text(), source=QUESTION_DOC, required=True),
    row("answer.at", "NgayTraLoi", TIME, source=QUESTION_DOC, required=True),
)
PORTAL_QUESTION = table(*ANSWER, of=AnswerEvent, to=messages.KetQuaHoiDap)
OWN_QUESTION = table(
    *ANSWER,
    row("question.title", "TieuDe", text(), source=QUESTION_DOC),
    row("question.content", "NoiDung", text(), source=QUESTION_DOC, required=True),
    row("question.asker", "NguoiHoi", text(), source=QUESTION_DOC),
    computed("MaTTHC", asked_about, source=QUESTION_DOC),
    row("question.asked_at", "NgayHoi", TIME, source=QUESTION_DOC, required=True),
    of=AnswerEvent,
    to=messages.HoiDap,
)
OWNER = table(
    row("filing.owner_id", "mstorcmnd", source="Cổng DVCQG, TraCuuTechID", required=True),
    of=FilingEvent,
    to=messages.TraCuu,
)


def dossier_object(message: Any) -> dict[str, Any]:
    """The full dossier object from any message that carries a dossier. Raises Unmappable, CodeGap."""
    written = build(DOSSIER, message)
    written["MaDoiTuong"] = written["MaDoiTuong"] or None
    return written


TABLES = {
    "CapNhatTienDoHoSoMC": PROGRESS,
    "DongBoTrangThaiHoSo": STATUS,
    "DongBoHoiDap": OWN_QUESTION,
    "DongBoKetQuaHoiDapGuiTuDVCQG": PORTAL_QUESTION,
    "TraCuuTechID": OWNER,
}
"""What one row of each service is, but for the dossier itself."""


def request(operation: str, message: Any) -> dict[str, Any]:
    """One row of a service. Raises Unmappable, CodeGap."""
    return dossier_object(message) if operation == "DongBoHoSoMC" else build(TABLES[operation], message)
