"""What the portal's answers mean: error code and prose together, as two public clients read them (domain notes 3.1)."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from adapters.transport.portal_envelope import SESSION_WORDS
from contracts.portal_envelope import Reply


class Meaning(Enum):
    """How an answer is read."""

    DONE = "done"
    EXISTS = "exists"
    SESSION = "session"
    REFUSED = "refused"
    UNCLEAR = "unclear"


class Line(NamedTuple):
    """One line of the table: these codes (empty: any but 0) and one of these words (empty: whatever it says) mean this."""

    codes: frozenset[str]
    words: tuple[str, ...]
    meaning: Meaning
    advice_vi: str
    advice_en: str
    source: str


BUSINESS = frozenset({"3", "-3", "-1"})

FAULTS: tuple[Line, ...] = (
    Line(frozenset({"0"}), ("thành công",), Meaning.DONE, "", "", "S2: success needs code 0 and the words"),
    Line(
        frozenset(),
        ("đã tồn tại",),
        Meaning.EXISTS,
        "Cổng đã có hồ sơ; trục gửi lại dưới dạng cập nhật.",
        "The portal has the dossier already; it is sent again as an update.",
        "S2: resend as update",
    ),
    Line(
        frozenset(),
        SESSION_WORDS,
        Meaning.SESSION,
        "Phiên làm việc hết hạn; trục đăng nhập lại.",
        "The session has ended; the bus logs in again.",
        "Assumed: the exact session error is not public (domain notes 3.1)",
    ),
    Line(
        BUSINESS,
        (),
        Meaning.REFUSED,
        "Cổng từ chối dữ liệu; đọc lời của Cổng, sửa hồ sơ rồi gửi bản cập nhật.",
        "The portal refused the data; read its words, correct the dossier and let an update follow.",
        "S1, S2: 3 and -3 are business messages; -1 is failure",
    ),
)


def read(reply: Reply) -> Meaning:
    """The first line that fits. Code 0 without the word of success, and codes nobody has described, are unclear."""
    said = reply.message.casefold()
    for line in FAULTS:
        if line.codes and reply.error_code not in line.codes:
            continue
        if not line.codes and reply.error_code == "0":
            continue
        if not line.words or any(word in said for word in line.words):
            return line.meaning
    return Meaning.UNCLEAR
