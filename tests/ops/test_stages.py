"""An exchange field by field: differences are seen and nobody's data is, whatever stands in the messages."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from adapters import discover
from contracts import codes
from contracts.canonical.events import EVENTS
from contracts.fault import mask
from contracts.marks import PERSONAL, redact
from mappings.check import cells, tables
from mappings.convert import text
from mappings.table import many, row, table
from ops import edition, stages
from ops.console.fields import contract, rule
from ops.console.text import Speech
from ops.sample import generate

RECEIVED = next(e for e in generate(60, 10, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3),
    max_leaves=12,
)


class Paper(BaseModel):
    Ten: Annotated[str, PERSONAL]
    Loai: str


class Message(BaseModel):
    Ma: str
    Ngay: str = ""
    Giay: list[Paper] = []


PAPERS = table(row("title", "Ten", text(), source="t"), row("kind", "Loai", text(), source="t"), to=Paper)
SENT = table(
    row("dossier.code", "Ma", text(), source="t"),
    row("dossier.filed_at", "Ngay", text(), source="t"),
    many("dossier.papers", "Giay", PAPERS, source="t"),
    to=Message,
)
MESSAGE: dict[str, Any] = {
    "dossier": {
        "code": "H59-1",
        "filed_at": "2026-01-05T01:00:00Z",
        "papers": [{"title": "Đơn của ông Bình", "kind": "goc"}, {"title": "Bản sao", "kind": "sao"}],
    }
}
BODY = {
    "Ma": "H59-1",
    "Ngay": "20260105080000",
    "Giay": [{"Ten": "Đơn của ông Bình", "Loai": "1"}, {"Ten": "Bản sao", "Loai": "sao"}],
}


def lines_of(body: Any) -> dict[str, stages.Line]:
    lines = {path: stages.Line(path) for path, _ in stages.leaves(MESSAGE, MESSAGE)}
    stages.sent(lines, body, Message, [SENT], MESSAGE)
    return lines


def test_a_partner_s_field_stands_beside_the_field_it_was_made_from_in_lists_too() -> None:
    lines = lines_of(BODY)
    assert lines["dossier.code"].cells["request"].name == "Ma"
    assert lines["dossier.papers[1].kind"].cells["request"].name == "Giay[1].Loai"
    changed = {path for path, line in lines.items() if line.differs}
    assert changed == {"dossier.filed_at", "dossier.papers[0].kind"}


def test_a_masked_field_that_changed_is_seen_to_change_and_is_not_shown() -> None:
    cell = lines_of(BODY | {"Giay": [{"Ten": "Đơn của bà Hoa", "Loai": "goc"}]})["dossier.papers[0].title"].cells[
        "request"
    ]
    assert cell.differs
    assert cell.masked
    assert cell.value == mask("Đơn của bà Hoa")


def test_the_same_moment_with_another_offset_is_no_difference() -> None:
    lines: dict[str, stages.Line] = {}
    stages.received(lines, RECEIVED.data, EVENTS[RECEIVED.type].model)
    times = [line for path, line in lines.items() if path.endswith("_at")]
    assert times
    assert not any(line.differs for line in times)
    assert not stages.same("2026-01-05T08:00:00+07:00", "2026-01-05T08:00:00Z")


def test_what_the_model_refuses_today_is_marked_at_its_field() -> None:
    lines: dict[str, stages.Line] = {}
    data = json.loads(json.dumps(RECEIVED.data))
    data["dossier"]["status"] = "xong"
    stages.received(lines, data, EVENTS[RECEIVED.type].model)
    assert lines["dossier.status"].cells["canonical"].fault
    assert lines["dossier.code"].cells["received"].value == RECEIVED.subject


def test_a_refusal_is_laid_at_the_field_it_names_and_at_none_when_it_names_none() -> None:
    lines = lines_of(BODY)
    assert stages.blame(lines, "3", "Ngay không hợp lệ", by_partner=True)
    assert lines["dossier.filed_at"].cells["answer"].fault == "Ngay không hợp lệ"
    assert not stages.blame(lines_of(BODY), "500", "máy chủ lỗi", by_partner=True)


def test_what_our_mapping_cannot_say_is_laid_at_its_path() -> None:
    lines = lines_of(BODY)
    assert stages.blame(lines, "", "Ma (from dossier.code): required, and there is nothing to say", by_partner=False)
    assert lines["dossier.code"].cells["request"].fault == "required, and there is nothing to say"


def test_a_missing_code_is_laid_at_every_field_that_says_it() -> None:
    lines = lines_of(BODY)
    assert stages.gap(lines, MESSAGE, "goc", "paper")
    assert lines["dossier.papers[0].kind"].cells["request"].fault == "code_gap paper"


@given(JSON)
def test_of_what_no_model_describes_nothing_is_shown(value: Any) -> None:
    for _path, leaf in stages.leaves(value, redact(value, None)):
        assert isinstance(leaf.value, bool | None) or leaf.value == "" or leaf.masked or set(str(leaf.value)) <= {"*"}


@given(JSON, JSON)
def test_any_two_messages_can_be_laid_side_by_side(data: Any, body: Any) -> None:
    lines: dict[str, stages.Line] = {}
    stages.received(lines, {"dossier": data}, EVENTS[RECEIVED.type].model)
    stages.sent(lines, body, Message, [SENT], data)
    stages.answered(lines, body, None)
    stages.applied(lines, data, None)
    assert all(line.cells for line in lines.values())


def test_every_contract_and_every_code_list_has_vietnamese_words() -> None:
    say = Speech("vi", 0.0)
    documents = [contract(edition.document(name), say) for name in discover()]
    assert [one for one in documents if re.search(r"\b(and|as|of|over|proposed|with)\b", one)] == []
    assert [name for name in codes.LISTS if say.list_title(name) == name] == []
    assert rule("code of list procedure on the day of x", say) == "mã danh mục Thủ tục hành chính theo ngày của x"


def test_every_rule_of_every_mapping_has_vietnamese_words() -> None:
    say = Speech("vi", 0.0)
    rules = {cells(line)[2] for name in discover() for named in tables(name) for line in named.table}
    assert [says for says in sorted(rules) if "→" not in says and rule(says, say) == says] == []
