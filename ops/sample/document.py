"""Legal documents an invented province issues, one after the other: the part of the demo that posts them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from contracts.envelope import Envelope, judge
from mappings.convert import VIETNAM
from ops.sample.person import full_name

SOURCE = "urn:lienthong:document-system"
FIRST_DAY = date(2026, 7, 1)
KINDS = (
    ("Quyết định", "QĐ-UBND", "Ủy ban nhân dân tỉnh Vĩnh Long"),
    ("Nghị quyết", "NQ-HĐND", "Hội đồng nhân dân tỉnh Vĩnh Long"),
)
SUBJECTS = (
    "Quy định mức thu phí, lệ phí khi thực hiện thủ tục hành chính qua dịch vụ công trực tuyến",
    "Ban hành quy chế phối hợp giải quyết thủ tục hành chính liên thông",
    "Quy định hạn mức giao đất và công nhận đất ở trên địa bàn tỉnh",
    "Quy định thời hạn giải quyết thủ tục hành chính trong lĩnh vực xây dựng",
)


def documents(index: int = 0, seed: int = 84) -> Iterator[Envelope]:
    """Documents without end, from the `index`-th on, a few days apart. The same arguments give the same events, byte for byte."""
    while True:
        rng = Random(f"{seed}/document/{index}")
        kind, mark, agency = rng.choice(KINDS)
        day = FIRST_DAY + timedelta(days=3 * index)
        code = f"VB-{day.year}-{index + 1:06}"
        yield judge(
            {
                "specversion": "1.0",
                "id": f"{code}-1",
                "source": SOURCE,
                "type": "vn.lienthong.legal.document_issued.v1",
                "subject": code,
                "time": datetime.combine(day + timedelta(days=1), time(9), VIETNAM).isoformat(),
                "datacontenttype": "application/json",
                "data": {
                    "document": {
                        "id": code,
                        "number": f"{index + 1}/{day.year}/{mark}",
                        "title": rng.choice(SUBJECTS),
                        "kind": kind,
                        "agency": {"id": "000.00.00.H61", "name": agency},
                        "signer": full_name(rng),
                        "promulgated_on": day.isoformat(),
                        "effective_on": (day + timedelta(days=10)).isoformat(),
                        "related": [{"item_id": "VB000003", "relation": "based_on"}],
                        "url": f"https://vanban.example.com/{code.lower()}.pdf",
                    }
                },
            }
        )
        index += 1
