"""What the registry's prose means (domain notes 3.5; S2). The first line whose words are said decides."""

from __future__ import annotations

from typing import Literal, NamedTuple

Meaning = Literal["done", "retry", "dead"]


class Line(NamedTuple):
    """These words mean this."""

    words: str
    meaning: Meaning
    advice_vi: str
    advice_en: str


AGAIN_VI, AGAIN_EN = "Trục tự gửi lại.", "The bus tries again by itself."

FAULTS: tuple[Line, ...] = (
    Line("đã được tiếp nhận", "done", "", ""),
    Line("client received soap fault", "retry", AGAIN_VI, AGAIN_EN),
    Line("server error", "retry", AGAIN_VI, AGAIN_EN),
    Line(
        "chưa được cấu hình",
        "dead",
        "Đơn vị chưa được cấu hình tại Bộ Tư pháp; đề nghị cấu hình rồi gửi lại.",
        "The commune is not configured at the registry; have it configured, then resend.",
    ),
)
"""The first three are verified in S2. Assumed: the words of the fourth; a live refusal would confirm them."""


def read(said: str) -> Meaning | None:
    """What the words mean, None when the table has none of them."""
    folded = said.casefold()
    return next((line.meaning for line in FAULTS if line.words in folded), None)
