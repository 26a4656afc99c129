"""The examples that speak of what else the national portal tells and is told: an owner's account, a question, its answer."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.envelope import Envelope, judge
from contracts.national_portal.messages import CauHoi
from mappings.national_portal.inbound import asked, owner_identified

AT = datetime(2026, 7, 3, 0, 55, 34, tzinfo=UTC)


def portal_events() -> list[Envelope]:
    """One of each; the answer is to the question."""
    row = {
        "MaHoiDap": "HD-2026-000123",
        "TieuDe": "Thời hạn cấp đổi giấy chứng nhận",
        "NoiDung": "Hồ sơ cấp đổi giấy chứng nhận của tôi bao lâu thì có kết quả?",
        "NguoiHoi": "Nguyễn Văn An",
        "SoDienThoai": "0912345678",
        "MaTTHC": "1.012783",
        "MaDonVi": "000.00.17.H59",
        "NgayHoi": "20260702214500",
    }
    question = asked(CauHoi.model_validate(row))
    return [owner_identified("G22.99.5-260702-000017", "7c2f0b6d1e", "0f9c1a", AT), question, answered(question)]


def answered(question: Envelope) -> Envelope:
    """The dossier system's answer to a question."""
    answer = {
        "content": "Thời hạn là 10 ngày làm việc kể từ ngày nhận đủ hồ sơ.",
        "officer": "Trần Thị Bình",
        "agency": "Văn phòng Đăng ký đất đai",
        "at": "2026-07-03T09:30:00+07:00",
    }
    return judge(
        {
            "specversion": "1.0",
            "id": f"{question.subject}-answer",
            "source": "urn:lienthong:dossier-system",
            "type": "vn.lienthong.question.answered.v1",
            "subject": question.subject,
            "time": answer["at"],
            "data": question.data | {"answer": answer},
        }
    )
