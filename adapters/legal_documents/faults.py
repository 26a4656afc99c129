"""What the database's faults mean. A fault that stands here is its own answer; any other may be a gateway's, so unknown."""

from __future__ import annotations

from adapters.transport.faults import Fault
from adapters.transport.soap_faults import SECURITY

PROPOSED = "Assumed: the codes are our proposal; the ministry's interface would confirm them"
STALE_CURSOR = "VBPL-003"

FAULTS = (
    Fault(
        codes=("VBPL-001",),
        means="refused",
        advice_vi="Văn bản không hợp lệ; sửa thông tin văn bản rồi gửi bản cập nhật.",
        advice_en="The document is not valid; correct it and let an update follow.",
        source=PROPOSED,
    ),
    Fault(
        codes=("VBPL-002",),
        means="refused",
        advice_vi="Không được đăng văn bản của cơ quan này; kiểm tra quyền của tài khoản.",
        advice_en="The account may not post documents of this agency; have its rights checked.",
        source=PROPOSED,
    ),
    Fault(
        codes=(STALE_CURSOR,),
        means="refused",
        advice_vi="Con trỏ đã quá cũ; trục đọc lại từ đầu.",
        advice_en="The cursor is too old; the bus reads from the beginning.",
        source=PROPOSED,
    ),
    Fault(
        codes=("VBPL-101",),
        means="later",
        advice_vi="CSDL văn bản pháp luật bận; trục tự gửi lại.",
        advice_en="The database is busy; the bus tries again by itself.",
        source=PROPOSED,
    ),
    *SECURITY,
)
