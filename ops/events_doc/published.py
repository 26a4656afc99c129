"""The examples that speak of what is published: a procedure of the national catalogue."""

from __future__ import annotations

from datetime import date

from contracts.envelope import Envelope
from contracts.procedure_catalogue.messages import DongTTHC, QuyetDinh, ThuTuc
from mappings.procedure_catalogue.inbound import changed, decision, version

TODAY = date(2026, 7, 3)


def published_events() -> list[Envelope]:
    """A procedure as the nightly pull finds it changed."""
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
        "CANCUPHAPLY": [{"SOVANBAN": "60/2014/QH13", "TENVANBAN": "Luật Hộ tịch"}],
        "COQUANTHUCHIEN": [{"MADONVI": "000.00.00.H59", "TENDONVI": "Ủy ban nhân dân cấp xã"}],
    }
    told = DongTTHC.model_validate(line)
    found = version(ThuTuc.model_validate(whole), told, decision(QuyetDinh.model_validate(by), TODAY))
    return [changed(found, told, TODAY)]
