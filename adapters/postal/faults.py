"""What VNPost's Status means (code list vnpost.Status: handling verified in S2, names inferred)."""

from __future__ import annotations

from adapters.transport.faults import Fault, Meaning, find
from contracts.postal.messages import TraLoi

FAULTS = (
    Fault(codes=("100",), means="done", source="S2"),
    Fault(
        codes=("101",),
        means="exists",
        advice_vi="VNPost đã có đơn này; nếu cần gửi thêm một bưu gửi, tạo đơn tại VNPost.",
        advice_en="VNPost has this order already; if a second item is to go out, order it at VNPost.",
        source="S2: treated as sent",
    ),
    Fault(
        codes=("500",),
        words=("đã hủy",),
        means="exists",
        advice_vi="Đơn đã được hủy trước đó; không cần làm gì.",
        advice_en="It was cancelled before; there is nothing to do.",
        source="Assumed: the words for an order cancelled before; a live cancellation sent twice would confirm them",
    ),
    Fault(
        codes=("500",),
        means="refused",
        advice_vi="VNPost không nhận; đọc lời của VNPost, sửa người nhận hoặc địa chỉ rồi gửi lại.",
        advice_en="VNPost does not take it; read its words, mend receiver or address, then resend.",
        source="S2: the caller's failure",
    ),
)


def read(reply: TraLoi) -> Meaning:
    """What an answer means; a status nobody has described is unknown."""
    line = find(FAULTS, reply.Status, reply.Message)
    return line.means if line else "unknown"
