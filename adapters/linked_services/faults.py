"""What the linked-services software's prose means: done, later or refused (domain notes 3.5; S2). The first words found decide."""

from __future__ import annotations

from adapters.transport.faults import Fault, Meaning, find

SOURCE = "domain notes 3.5, S2"


def _again(*words: str) -> Fault:
    return Fault(
        words=words,
        means="later",
        advice_vi="Trục tự gửi lại; các trạng thái sau chờ theo thứ tự.",
        advice_en="The bus tries again by itself; later statuses wait behind.",
        source=SOURCE,
    )


FAULTS = (
    _again("chưa cập nhật trạng thái"),
    _again("chưa được gửi không thể cập nhật trạng thái"),
    _again("có lỗi trong quá trình thêm mới"),
    _again("client received soap fault"),
    _again("server error"),
    Fault(
        words=("logic xử lý không hợp lệ",),
        means="refused",
        advice_vi="Xem hồ sơ trên phần mềm liên thông, sửa dữ liệu rồi gửi lại.",
        advice_en="Look at the dossier in the linked-services software, correct the data, then resend.",
        source=SOURCE,
    ),
    *(
        Fault(words=(words,), means="done", source=SOURCE)
        for words in (
            "bị từ chối. không thể cập nhật trạng thái",
            "đã tồn tại trong một cửa điện tử",
            "đã có kết quả xử lý",
            "đã hoàn thành đăng ký",
            "đã trả kết quả",
            "thành công",
        )
    ),
)
"""What asks for another try stands first, so that a long answer that also names a status is never taken for success."""
DENIED = ("không thành công", "chưa thành công")
"""Success denied is no success, whatever word it contains."""


def read(said: str) -> Meaning | None:
    """What the words mean, None when the table has none of them."""
    folded = said.casefold()
    for word in DENIED:
        folded = folded.replace(word, "")
    line = find(FAULTS, words=folded)
    return line.means if line else None
