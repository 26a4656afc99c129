"""A filed paper that came as a path: the dossier system fetches it at the bus, which asks the portal (domain notes 3.1, Intake)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.ops.conftest import Served
from tests.partners.national_portal.test_portal import FILED


async def filed(served: Served, path: str) -> dict[str, Any]:
    """The one file of a dossier filed on the portal, as the dossier system is told of it."""
    filing = FILED | {"DanhSachTep": [{"TenTepDinhKem": "Đơn.pdf", "DuongDan": path}]}
    answer = await served.http.post("/callbacks/national_portal/hoso", json=filing, headers={"X-Portal-Secret": "push"})
    assert answer.json()["error_code"] == 0
    await served.settled()
    notices = [one for one in served.simulator("dossier_system").book.of("notice") if "dossier_filed" in one["type"]]
    (file,) = notices[0]["data"]["filing"]["files"]
    return dict(file)


@pytest.mark.parametrize("path", ["tep/9001", "https://portal.example.vn/tep/9001"])
async def test_the_dossier_system_fetches_what_it_was_told_of(served: Served, path: str) -> None:
    file = await filed(served, path)
    question = {"what": "file", "question": {"DuongDan": file.get("path") or file["url"]}, "purpose": "reception"}
    headers = served.auth("reception")
    told = (await served.http.post("/v1/lookups/national_portal", json=question, headers=headers)).json()
    assert told["withheld"] == ["NoiDung"]
    named = question | {"fields": ["NoiDung", "KichThuoc", "Loai", "SHA256"]}
    (found,) = (await served.http.post("/v1/lookups/national_portal", json=named, headers=headers)).json()["matches"]
    content = base64.b64decode(found["NoiDung"])
    assert (content[:5], found["KichThuoc"], found["Loai"]) == (b"%PDF-", len(content), "application/pdf")
    assert found["SHA256"] == hashlib.sha256(content).hexdigest()


async def test_a_path_the_portal_has_no_file_for_is_answered_in_its_words(served: Served) -> None:
    file = await filed(served, "tep/khong-co")
    question = {"what": "file", "question": {"DuongDan": file["path"]}, "purpose": "reception"}
    none = await served.http.post("/v1/lookups/national_portal", json=question, headers=served.auth("reception"))
    assert (none.status_code, none.json()["code"], none.json()["words"]) == (502, "-1", "Không có tệp này")
