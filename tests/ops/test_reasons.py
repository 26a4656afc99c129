"""What our own mappings and adapters say when something does not work is said in Vietnamese; a partner's words stay as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from contracts.codes import CodeGap
from contracts.working_time import YearMissing
from mappings.table import Unmappable
from ops.reasons import reason

HOUSE = Path(__file__).parents[2]
ROOMS = ("mappings", "adapters", "bus")
"""Where deliveries fail. What a simulator says is a partner's, what sign-in says is told on its own page."""
ELSEWHERE = ("simulator", "single_sign_on", "openid")
WHOLE = "mappings/online_payment/"
"""Where a ValueError is said as it is; elsewhere it is told by its type."""
SAYS = {
    "BadXml": 0, "Failure": 2, "LedgerBusy": 0, "Unfetched": 1, "Unmappable": 2, "Unparsable": 0, "Unreadable": 0, "Unsayable": 0,
    "_Bad": 1, "_InnerAddress": 0,
}  # fmt: skip
"""By whom something is said, the place of the sentence among the arguments; an outcome says it as `words=`."""
BEFORE = dict.fromkeys(("Unmappable", "Unsayable"), "a (from b): ")
BEHIND = {"Unreadable": "; {}"}
"""What stands beside a sentence when it is kept: the field, a piece of the answer."""
RETOLD = {"{}; {}", "{}: {}", "{}{}"}
"""Told by their parts."""


def sources() -> Iterator[Path]:
    paths = [path for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py"))]
    yield from (path for path in paths if not any(word in str(path.relative_to(HOUSE)) for word in ELSEWHERE))
    yield HOUSE / "ops" / "attachments.py"


def literals(node: ast.expr, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The sentences an expression may be, `{}` for a value; none for what comes from elsewhere."""
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.Subscript(value=inner):
            yield from literals(inner, named)
        case ast.IfExp(body=one, orelse=other):
            yield from [*literals(one, named), *literals(other, named)]
        case ast.Name(id=name):
            for one in named.get(name, []):
                yield from literals(one, {})


def said(path: Path) -> Iterator[str]:
    """Every sentence of ours in a file that may come to a reader."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        place = 0 if WHOLE in str(path) and name == "ValueError" else SAYS.get(name)
        given = call.args[place : place + 1] if place is not None else []
        for node in [*given, *(word.value for word in call.keywords if word.arg == "words")]:
            for text in literals(node, named):
                yield f"{BEFORE.get(name, '')}{text}{BEHIND.get(name, '')}"


def test_every_sentence_of_ours_about_what_does_not_work_has_vietnamese_words() -> None:
    found = {text for path in sources() for text in said(path)} - RETOLD
    assert len(found) > 100
    assert sorted(text for text in found if reason(text, "vi") == text) == []


@pytest.mark.parametrize(
    ("says", "vi"),
    [
        (
            str(Unmappable("DiaChi", "dossier.applicant", "the applicant has no address; the post needs one")),
            "DiaChi (từ dossier.applicant): người nộp không có địa chỉ; bưu điện cần có",
        ),
        (str(Unmappable("a", "", "KeyError")), "a (từ nhiều trường): lỗi KeyError khi đổi giá trị"),
        (str(Unmappable("a", "b", "41 characters, 40 allowed")), "a (từ b): có 41 ký tự, chỉ được 40"),
        (
            str(CodeGap("ward", "29999", date(2026, 11, 27))),
            "danh mục Xã, phường chưa có dòng cho 29999 vào ngày 27/11/2026",
        ),
        (
            str(Unmappable("a", "b", str(YearMissing(2031)))),
            "a (từ b): chưa có ngày nghỉ lễ năm 2031; thiếu nó thì không tính được hạn sang năm đó",
        ),
        ("token: no connection (ConnectError)", "xin mã truy cập: không kết nối được (ConnectError)"),
        ("giay-1: the host says 404", "giay-1: máy chứa tệp trả lời 404"),
        ("result files: not checked, unsigned", "tệp kết quả: chưa kiểm tra, không có chữ ký số"),
        ("not JSON (JSONDecodeError); <p>Bảo trì</p>", "không phải JSON (JSONDecodeError); <p>Bảo trì</p>"),
    ],
)
def test_a_reason_is_told_with_its_values(says: str, vi: str) -> None:
    assert reason(says, "vi") == vi
    assert reason(says, "en") == says


@pytest.mark.parametrize(
    "says",
    [
        "",
        "Hồ sơ đã tồn tại",
        "Invalid MaHoSo (from request): bad value",
        "token: expired",
        "unknown word x",
        "malformed",
    ],
)
def test_what_a_partner_said_stays_as_it_is(says: str) -> None:
    assert reason(says, "vi") == says
