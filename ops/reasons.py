"""Why something of ours did not work, in the reader's language: the sentences of our mappings and adapters, by two tables.

What a partner said is kept in the same place as our own words. It stays as it is: a sentence is told anew only where it is ours as a
whole, and what a mapping says only behind the field it speaks of.
"""

from __future__ import annotations

import re

from ops.sentences import vietnamese
from ops.stages import UNMAPPABLE
from ops.words import Language, knows, list_title, say

RESULTS = "result files: "
"""Before the verdicts for which a result may not be sent."""
_GAP = re.compile(r"list (\S+) has no row for (.+) on (\d{4})-(\d\d)-(\d\d)", re.DOTALL)
"""How `contracts.codes.CodeGap` says what is missing."""
STEPS = {"token": "xin mã truy cập", "login": "đăng nhập"}
"""The call that failed before the one that was to be made (`before_sending`)."""


def reason(says: str, language: Language) -> str:
    """Our own sentence in `language`; a partner's, and one we have no words for, as it is."""
    if language == "en":
        return says
    if named := UNMAPPABLE.fullmatch(says):
        return _of_field(named["field"], named["path"], named["reason"]) or says
    if gap := _GAP.fullmatch(says):
        return f"danh mục {list_title(gap[1], language)} chưa có dòng cho {gap[2]} vào ngày {gap[5]}/{gap[4]}/{gap[3]}"
    if says.startswith(RESULTS):
        return f"tệp kết quả: {', '.join(map(_verdict, says.removeprefix(RESULTS).split(', ')))}"
    return _told("reasons.csv", says) or _after_step(says) or says


def reason_of_mapping(says: str, language: Language) -> str:
    """What a mapping could not say, where the field stands elsewhere."""
    return says if language == "en" else _told("reasons_mapping.csv", says) or says


def _told(table: str, says: str) -> str:
    found = vietnamese("ops", table, says)
    return "" if found is None else found.vi.format(*found.values)


def _of_field(field: str, path: str, says: str) -> str:
    why = _told("reasons_mapping.csv", says)
    return why and f"{field} (từ {'nhiều trường' if path == 'several fields' else path}): {why}"


def _after_step(says: str) -> str:
    """`token: no connection (...)`, `<paper>: the host says 404`: what comes before the colon is no sentence."""
    step, _, rest = says.partition(": ")
    why = _told("reasons.csv", rest)
    return why and f"{STEPS.get(step, step)}: {why}"


def _verdict(verdict: str) -> str:
    key = f"verdict.{verdict}"
    return say(key, "vi") if knows(key) else "chưa kiểm tra"
