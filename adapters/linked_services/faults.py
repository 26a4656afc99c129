"""What the linked-services software's prose means: done, retry or dead (domain notes 3.5; S2). The first words found decide."""

from __future__ import annotations

from typing import Literal, NamedTuple

Meaning = Literal["done", "retry", "dead"]


class Line(NamedTuple):
    """These words mean this."""

    words: str
    meaning: Meaning


FAULTS: tuple[Line, ...] = (
    Line("chưa cập nhật trạng thái", "retry"),
    Line("chưa được gửi không thể cập nhật trạng thái", "retry"),
    Line("có lỗi trong quá trình thêm mới", "retry"),
    Line("client received soap fault", "retry"),
    Line("server error", "retry"),
    Line("logic xử lý không hợp lệ", "dead"),
    Line("bị từ chối. không thể cập nhật trạng thái", "done"),
    Line("đã tồn tại trong một cửa điện tử", "done"),
    Line("đã có kết quả xử lý", "done"),
    Line("đã hoàn thành đăng ký", "done"),
    Line("đã trả kết quả", "done"),
    Line("thành công", "done"),
)
"""What asks for another try stands first, so that a long answer that also names a status is never taken for success."""
DENIED = ("không thành công", "chưa thành công")
"""Success denied is no success, whatever word it contains."""


def read(said: str) -> Meaning | None:
    """What the words mean, None when the table has none of them."""
    folded = said.casefold()
    for word in DENIED:
        folded = folded.replace(word, "")
    return next((line.meaning for line in FAULTS if line.words in folded), None)
