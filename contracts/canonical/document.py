"""Papers of a dossier: what was handed in, what was asked for, what came out. Files are URLs at the province."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from contracts.canonical.base import Flag, Instant, Shape
from contracts.canonical.payment import Fee
from contracts.fault import refuse
from contracts.identifier import Key, Label, Name, Remark, Title
from contracts.marks import PERSONAL

_URL = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[^\s/?#@\\:\[\]]+)(?::[0-9]{1,5})?(?:[/?#][^\x00-\x1f\x7f]*)?\Z", re.IGNORECASE
)


def _web(value: str) -> str:
    if not _URL.match(value):
        refuse("file_url", "a file is given as an http(s) URL without user name", "RFC 3986", personal=True)
    return value


FileUrl = Annotated[str, StringConstraints(min_length=10, max_length=2000), AfterValidator(_web), PERSONAL]
"""Where a file lies, letter by letter as given: another normal form would name another file (RFC 3987, 3.1)."""


class Paper(Shape):
    """A paper handed in (thành phần hồ sơ)."""

    id: Key
    title: Title
    component: Label = ""
    url: FileUrl
    withdrawn: Flag = False
    digitised: Flag = False
    reused: Literal["no", "yes", "from_result"] = "no"
    from_portal_store: Flag = False
    replaces_result: Label = ""


class OtherPaper(Shape):
    """A paper that is counted but not uploaded."""

    title: Title
    copies: int = Field(default=1, strict=True, ge=1, le=1000)
    kind: Label = ""


class Supplement(Shape):
    """One request for supplements (yêu cầu bổ sung) and its answer. More than one counts as late (QĐ 766/QĐ-TTg)."""

    id: Key
    asked_by: Name
    content: Remark
    asked_at: Instant
    deadline_at: Instant | None = None
    papers: tuple[Title, ...] = ()
    fees: tuple[Fee, ...] = ()
    received_by: Name | None = None
    received_at: Instant | None = None
    answer: Remark = ""
    due_before_at: Instant | None = None
    due_after_at: Instant | None = None


class ResultPaper(Shape):
    """A result (giấy tờ kết quả); with code and link it counts as an electronic result (indicator 4.1)."""

    id: Key
    title: Title
    component: Label = ""
    url: FileUrl | None = None
    result_code: Label = Field(default="", description="such as KQ.G15.000031")
    number: Label = ""
