"""What the portal's answers mean: error code and prose together, as two public clients read them (domain notes 3.1)."""

from __future__ import annotations

from adapters.transport.faults import Fault, Meaning, find
from adapters.transport.portal_envelope import SESSION_WORDS
from contracts.portal_envelope import Reply

FAULTS = (
    Fault(codes=("0",), words=("thành công",), means="done", source="S2: success needs code 0 and the words"),
    Fault(
        codes=("0",),
        means="unknown",
        advice_vi="Cổng trả mã 0 mà không xác nhận; trục hỏi lại hoặc gửi lại.",
        advice_en="The portal says 0 and does not confirm; the bus asks, or sends again.",
        source="S2: success needs code 0 and the words",
    ),
    Fault(
        words=("đã tồn tại",),
        means="exists",
        advice_vi="Cổng đã có hồ sơ; trục gửi lại dưới dạng cập nhật.",
        advice_en="The portal has the dossier already; it is sent again as an update.",
        source="S2: resend as update",
    ),
    Fault(
        words=SESSION_WORDS,
        means="expired",
        advice_vi="Phiên làm việc hết hạn; trục đăng nhập lại.",
        advice_en="The session has ended; the bus logs in again.",
        source="Assumed: the exact session error is not public (domain notes 3.1)",
    ),
    Fault(
        codes=("3", "-3", "-1"),
        means="refused",
        advice_vi="Cổng từ chối dữ liệu; đọc lời của Cổng, sửa hồ sơ rồi gửi bản cập nhật.",
        advice_en="The portal refused the data; read its words, correct the dossier and let an update follow.",
        source="S1, S2: 3 and -3 are business messages; -1 is failure",
    ),
)


def read(reply: Reply) -> Meaning:
    """The first line that fits. Codes nobody has described are unknown."""
    line = find(FAULTS, reply.error_code, reply.message)
    return line.means if line else "unknown"
