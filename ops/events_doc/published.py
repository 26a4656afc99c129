"""The examples that speak of what is published: a procedure of the national catalogue, legal documents."""

from __future__ import annotations

from datetime import UTC, date, datetime

from contracts.canonical.procedure import PublishedProcedure
from contracts.envelope import Envelope, judge
from contracts.procedure_catalogue.messages import DongTTHC, QuyetDinh, ThuTuc
from mappings.legal_documents.inbound import basis_expired, document, posted
from mappings.legal_documents.inbound import changed as text_changed
from mappings.procedure_catalogue.inbound import changed, decision, version

TODAY = date(2026, 7, 3)


def published_events() -> list[Envelope]:
    """A procedure as the nightly pull finds it changed, and legal documents in and out."""
    line = {"MATTHC": "1.001193", "TRANGTHAI": "1", "IDQUYETDINHCONGBO": "QD0042", "NGAYCAPNHAT": "20260701081500"}
    by = {
        "IDQDCB": "QD0042",
        "SOQUYETDINH": "942/QĐ-UBND",
        "TENQUYETDINH": "Công bố danh mục thủ tục hành chính lĩnh vực hộ tịch",
        "COQUANBANHANH": "UBND tỉnh",
        "NGAYQUYETDINH": "26/06/2026",
        "NGAYHIEULUC": "01/07/2026",
        "NGAYCONGKHAI": "30/06/2026",
    }
    fee = {"SOTIEN": "8.000 đồng", "DONVI": "bản sao", "MOTA": "Cấp bản sao trích lục"}
    whole = {
        "MATTHC": "1.001193",
        "TENTTHC": "Thủ tục đăng ký khai sinh",
        "LOAITTHC": "STANDARD",
        "TRANGTHAI": "1",
        "CAPTHUCHIEN": [{"CAPTHUCHIEN": "3", "TENCAP": "Cấp Xã"}],
        "LINHVUCTHUCHIEN": [{"MALINHVUC": "G15-TP07", "TENLINHVUC": "Hộ tịch"}],
        "CACHTHUCTHUCHIEN": [
            {"KENH": kind, "THOIGIAN": [{"THOIGIANGIAIQUYET": 1, "DONVITINH": "WORKING_DAY", "PHILEPHI": [fee]}]}
            for kind in ("1", "2")
        ],
        "DOITUONGTHUCHIEN": [{"TENDOITUONG": "Công dân Việt Nam"}],
        "THANHPHANHOSO": [{"GIAYTO": [{"TENGIAYTO": "Giấy chứng sinh", "SOBANCHINH": 1}]}],
        "KETQUATHUCHIEN": [{"MAKETQUA": "KQ.G15.000031", "TENKETQUA": "Giấy khai sinh"}],
        "CANCUPHAPLY": [{"SOVANBAN": "60/2014/QH13", "TENVANBAN": "Luật Hộ tịch"}, {"SOVANBAN": "61/2018/NÐ-CP"}],
        "COQUANTHUCHIEN": [{"MADONVI": "000.00.00.H59", "TENDONVI": "Ủy ban nhân dân cấp xã"}],
    }
    told = DongTTHC.model_validate(line)
    found = version(ThuTuc.model_validate(whole), told, decision(QuyetDinh.model_validate(by), TODAY))
    return [changed(found, told, TODAY), *_legal(found)]


def issued() -> Envelope:
    """A resolution of the province, told to the bus by the system that issued it."""
    document = {
        "id": "VB-2026-000123",
        "number": "15/2026/NQ-HĐND",
        "title": "Quy định mức thu phí, lệ phí khi thực hiện thủ tục hành chính qua dịch vụ công trực tuyến",
        "kind": "Nghị quyết",
        "agency": {"id": "000.00.00.H61", "name": "Hội đồng nhân dân tỉnh Vĩnh Long"},
        "signer": "Nguyễn Văn Bình",
        "promulgated_on": "2026-07-01",
        "effective_on": "2026-07-11",
        "fields": ["Phí, lệ phí"],
        "related": [{"item_id": "VB000003", "relation": "based_on"}],
        "url": "https://vanban.example.com/nq-15-2026.pdf",
    }
    return judge(
        {
            "specversion": "1.0",
            "id": "VB-2026-000123-1",
            "source": "urn:lienthong:document-system",
            "type": "vn.lienthong.legal.document_issued.v1",
            "subject": document["id"],
            "time": "2026-07-02T09:00:00+07:00",
            "datacontenttype": "application/json",
            "data": {"document": document},
        }
    )


def _legal(procedure: PublishedProcedure) -> list[Envelope]:
    """An act that expired, told by the feed; the province's document and its receipt; the procedure that quotes the act."""
    told = {
        "itemId": "VB000001",
        "soKyHieu": "61/2018/NĐ-CP",
        "trichYeu": "Về thực hiện cơ chế một cửa, một cửa liên thông trong giải quyết thủ tục hành chính",
        "loaiVanBan": "Nghị định",
        "coQuanBanHanh": "Chính phủ",
        "ngayBanHanh": date(2018, 4, 23),
        "ngayHieuLuc": date(2018, 6, 21),
        "ngayHetHieuLuc": date(2025, 7, 1),
        "tinhTrangHieuLuc": 3,
        "vanBanLienQuan": [{"itemId": "VB000003", "quanHe": "THAY_THE"}],
        "ngayCapNhat": "2025-07-01T08:00:00+07:00",
    }
    text = document(told)
    at = datetime(2026, 7, 2, 2, 0, 12, tzinfo=UTC)
    own = issued()
    return [
        text_changed(text, told),
        own,
        posted(own.subject, "15/2026/NQ-HĐND", "VB000123", "0f9c1a", at),
        basis_expired(text, [procedure]),
    ]
