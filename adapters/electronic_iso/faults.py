"""What the ISO system's faults mean. A fault that stands here is its own answer; any other may be a gateway's, so unknown."""

from __future__ import annotations

from adapters.transport.faults import Fault
from adapters.transport.soap_faults import SECURITY

PROPOSED = "Assumed: the codes are our proposal; the province's system would confirm them"

FAULTS = (
    Fault(
        codes=("ISO-001",),
        means="refused",
        advice_vi="Không có phiếu này; kiểm tra phiếu trên hệ thống ISO.",
        advice_en="There is no such slip; look for it in the ISO system.",
        source=PROPOSED,
    ),
    Fault(
        codes=("ISO-002",),
        means="refused",
        advice_vi="Dữ liệu không hợp lệ; sửa bước xử lý rồi gửi lại.",
        advice_en="The data is not valid; correct the step.",
        source=PROPOSED,
    ),
    Fault(
        codes=("ISO-003",),
        means="refused",
        advice_vi="Phiếu đã kết thúc; mở lại phiếu trên hệ thống ISO nếu cần.",
        advice_en="The slip is closed; reopen it in the ISO system if needed.",
        source=PROPOSED,
    ),
    Fault(
        codes=("ISO-101",),
        means="later",
        advice_vi="Hệ thống ISO bận; trục tự gửi lại.",
        advice_en="The ISO system is busy; the bus tries again by itself.",
        source=PROPOSED,
    ),
    *SECURITY,
)
