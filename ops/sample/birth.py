"""Births as the sample's communes register them (đăng ký khai sinh): what the desk asks the civil registry for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from ops.sample.person import full_name
from ops.sample.place import Ward

PDF = "JVBERi0xLjQKJSVFT0YK"
"""The shortest thing that begins like a PDF, for the notice of birth (giấy chứng sinh)."""
KINH = {"ethnic_group": "Kinh", "nationality": "Việt Nam"}


def registration(rng: Random, ward: Ward, on: date, applicant: Mapping[str, Any]) -> dict[str, Any]:
    """A child of the last month, registered in `ward` on the applicant's request; one mother in five is alone."""
    sex = rng.choice(("male", "female"))
    child = {
        "name": full_name(rng, sex).upper(),
        "sex": sex,
        "born_on": f"{on - timedelta(days=rng.randint(3, 30))}",
        **KINH,
    }
    form = {"child": child, "mother": _parent(rng, "female", applicant["address"])}
    if rng.random() < 0.8:
        form["father"] = _parent(rng, "male", applicant["address"])
    requester = {"name": applicant["name"], "relation": "Người thân", "paper_number": applicant["citizen_id"]}
    return asked(ward.code, ward.province, requester, form, applicant["address"])


def asked(
    unit: str, province: str, requester: Mapping[str, Any], form: Mapping[str, Any], place: Mapping[str, Any]
) -> dict[str, Any]:
    """The canonical registration of a birth in the commune `unit`, with the notice of birth as its paper."""
    return {
        "unit": unit,
        "province": province,
        "copies": 1,
        "requester": {"paper_kind": "CCCD", **requester},
        "birth": {"place": {**place, "detail": "Bệnh viện Đa khoa"}, **form},
        "attachments": [{"id": 1, "kind": 1, "title": "Giấy chứng sinh", "file_name": "gcs.pdf", "content": PDF}],
    }


def _parent(rng: Random, sex: str, home: Mapping[str, Any]) -> dict[str, Any]:
    born_in = rng.randint(1982, 2004)
    century = 2 * (born_in // 100 - 19) + (sex == "female")
    return {
        "name": full_name(rng, sex),
        "born_on": f"{born_in}",
        "residence_kind": "permanent",
        "residence": dict(home),
        "citizen_id": f"086{century}{born_in % 100:02}{rng.randrange(10**6):06}",
        "verified": True,
        **KINH,
    }
