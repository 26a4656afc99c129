"""Papers of a dossier: what was handed in, what was asked for, what came out. Files are URLs at the province."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from contracts.canonical.base import Instant, Shape
from contracts.fault import refuse
from contracts.identifier import Name, Text, Title


def _web(value: str) -> str:
    if not value.lower().startswith(("https://", "http://")) or any(
        ord(letter) < 33 for letter in value.replace(" ", "")
    ):
        refuse("file_url", "a file is given as an http(s) URL", "RFC 3986", personal=True)
    return value


FileUrl = Annotated[str, StringConstraints(min_length=10, max_length=2000), AfterValidator(_web)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Paper(Shape):
    """A paper handed in (thành phần hồ sơ)."""

    id: Id
    title: Title
    component: str = Field(default="", max_length=100)
    url: FileUrl
    withdrawn: bool = False
    digitised: bool = False
    reused: Literal["no", "yes", "from_result"] = "no"
    from_portal_store: bool = False
    replaces_result: str = Field(default="", max_length=100)


class OtherPaper(Shape):
    """A paper that is counted but not uploaded."""

    title: Title
    copies: int = Field(default=1, ge=1, le=1000)
    kind: str = Field(default="", max_length=100)


class Supplement(Shape):
    """One request for supplements (yêu cầu bổ sung) and its answer. More than one counts as late (QĐ 766/QĐ-TTg)."""

    id: Id
    asked_by: Name
    content: Text
    asked_at: Instant
    deadline_at: Instant | None = None
    papers: tuple[Title, ...] = ()
    received_by: Name | None = None
    received_at: Instant | None = None
    answer: Text = ""
    due_before_at: Instant | None = None
    due_after_at: Instant | None = None


class ResultPaper(Shape):
    """A result (giấy tờ kết quả); with code and link it counts as an electronic result (indicator 4.1)."""

    id: Id
    title: Title
    component: str = Field(default="", max_length=100)
    url: FileUrl | None = None
    result_code: str = Field(default="", max_length=60, description="such as KQ.G15.000031")
    number: str = Field(default="", max_length=100)
