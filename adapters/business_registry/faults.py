"""What the registry's codes mean. Assumed: `dongBoHoSoHKD` is proposed and its codes with it; a live contract would confirm them."""

from __future__ import annotations

from adapters.transport.faults import Fault, find
from bus.outcome import Cause, Delivered, Outcome, Permanent, Transient, Unknown
from contracts.business_registry.messages import TraLoi, TraLoiKetQuaHKD

PROPOSED = "Assumed: proposed with dongBoHoSoHKD, domain notes 3.7"
FAULTS = (
    Fault(codes=("00",), means="done", source=PROPOSED),
    Fault(
        codes=("01",),
        means="refused",
        advice_vi="Dữ liệu hồ sơ chưa đúng; sửa hồ sơ rồi gửi lại.",
        advice_en="The dossier's data are not right; mend the dossier, then resend.",
        source=PROPOSED,
    ),
    Fault(
        codes=("02",),
        means="refused",
        advice_vi="Thủ tục không thuộc đăng ký hộ kinh doanh; kiểm tra mã thủ tục.",
        advice_en="The procedure is none of household registration; check its code.",
        source=PROPOSED,
    ),
    Fault(
        codes=("03",),
        means="refused",
        advice_vi="Số định danh chủ hộ không hợp lệ hoặc đã có hộ kinh doanh; đối chiếu với công dân.",
        advice_en="The owner's id is not right, or has a household business already; compare with the citizen.",
        source=PROPOSED,
    ),
    Fault(
        codes=("99",),
        means="later",
        advice_vi="Hệ thống đăng ký đang bận; trục tự gửi lại.",
        advice_en="The registry is busy; the bus tries again by itself.",
        source=PROPOSED,
    ),
)


def outcome_of(reply: TraLoi | TraLoiKetQuaHKD) -> Outcome:
    """One answer's outcome; a code no line knows is in doubt. An answer about many dossiers is kept with none of them."""
    line = find(FAULTS, code=reply.maLoi, words=reply.moTa)
    said = b"" if isinstance(reply, TraLoiKetQuaHKD) else reply.model_dump_json().encode()
    match line.means if line else "unknown":
        case "done":
            return Delivered(code=reply.maLoi, words=reply.moTa, reply=said)
        case "refused":
            return Permanent(code=reply.maLoi, words=reply.moTa, reply=said)
        case "later":
            return Transient(cause=Cause.LATER, code=reply.maLoi, words=reply.moTa, reply=said)
        case _:
            return Unknown(code=reply.maLoi, words=reply.moTa, reply=said)
