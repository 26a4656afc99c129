"""What the registry's prose means (domain notes 3.5; S2). The first line whose words are said decides."""

from __future__ import annotations

from adapters.transport.faults import Fault, Meaning, find

AGAIN_VI, AGAIN_EN = "Trục tự gửi lại.", "The bus tries again by itself."

FAULTS = (
    Fault(words=("đã được tiếp nhận",), means="done", source="S2"),
    Fault(words=("client received soap fault",), means="later", advice_vi=AGAIN_VI, advice_en=AGAIN_EN, source="S2"),
    Fault(words=("server error",), means="later", advice_vi=AGAIN_VI, advice_en=AGAIN_EN, source="S2"),
    Fault(
        words=("chưa được cấu hình",),
        means="refused",
        advice_vi="Đơn vị chưa được cấu hình tại Bộ Tư pháp; đề nghị cấu hình rồi gửi lại.",
        advice_en="The commune is not configured at the registry; have it configured, then resend.",
        source="Assumed: the words; a live refusal would confirm them",
    ),
)


def read(said: str) -> Meaning | None:
    """What the words mean, None when the table has none of them."""
    line = find(FAULTS, words=said)
    return line.means if line else None
