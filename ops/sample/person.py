"""Invented applicants: names as people in the Mekong delta bear them, ids of a valid shape, domains that belong to nobody."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from contracts.identifier import folded
from ops.sample.place import Ward

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi", "Phan", "Trương", "Thạch", "Kim", "Sơn", "Lâm")
MIDDLE = {"male": ("Văn", "Hữu", "Minh", "Quốc", "Thanh"), "female": ("Thị", "Ngọc", "Thu", "Kim", "Hồng")}
GIVEN = {
    "male": ("An", "Bình", "Đức", "Hải", "Khôi", "Long", "Nghĩa", "Phúc", "Tâm", "Tuấn"),
    "female": ("Anh", "Bích", "Dung", "Hạnh", "Lan", "Mỹ", "Nga", "Phượng", "Thảo", "Yến"),
}
REGISTERED_IN = ("084", "086", "083")
"""Trà Vinh, Vĩnh Long, Bến Tre: the place of birth registration stays in the id after a merger."""
TRADE = ("Vật liệu xây dựng", "Thủy sản", "Dừa sáp", "Vận tải", "Nông sản sạch", "Cơ khí")
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def full_name(rng: Random, sex: str | None = None) -> str:
    """A Vietnamese name: family, middle, given."""
    sex = sex or rng.choice(("male", "female"))
    return " ".join((rng.choice(FAMILY), rng.choice(MIDDLE[sex]), rng.choice(GIVEN[sex])))


def citizen(rng: Random, ward: Ward, on: date, *, online: bool) -> dict[str, Any]:
    """A grown-up citizen of `ward`. Of the old sometimes the year of birth alone is known."""
    sex = rng.choice(("male", "female"))
    name = full_name(rng, sex)
    year = rng.randrange(on.year - 80, on.year - 18)
    century = 2 * (year // 100 - 19) + (sex == "female")
    born_on = (
        f"{year}" if year < 1960 and rng.random() < 0.5 else f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    )
    found: dict[str, Any] = {
        "kind": "citizen",
        "name": name,
        "citizen_id": f"{rng.choice(REGISTERED_IN)}{century}{year % 100:02}{rng.randrange(10**6):06}",
        "born_on": born_on,
        "phone": _phone(rng),
        "address": _address(rng, ward, on),
    }
    return found | _account(rng, name) if online else found


def enterprise(rng: Random, ward: Ward, on: date, *, online: bool) -> dict[str, Any]:
    """A small private firm with a tax code whose check digit is right."""
    owner = full_name(rng)
    name = f"Doanh nghiệp tư nhân {rng.choice(TRADE)} {owner.split()[-1]}"
    found: dict[str, Any] = {
        "kind": "enterprise",
        "name": name,
        "tax_code": tax_code(rng),
        "phone": _phone(rng),
        "address": _address(rng, ward, on),
    }
    return found | _account(rng, owner) if online else found


def household(owner: dict[str, Any]) -> dict[str, Any]:
    """The household business its owner applies for."""
    return {
        "name": f"Hộ kinh doanh {owner['name']}",
        "owner_id": owner["citizen_id"],
        "activities": [{"code": "4711", "name": "Bán lẻ lương thực, thực phẩm, đồ uống", "main": True}],
        "place": owner["address"],
        "capital_vnd": 50_000_000,
    }


def tax_code(rng: Random) -> str:
    """Ten digits, the last a check digit (General Department of Taxation); numbers without a valid one are passed over."""
    while True:
        body = f"21{rng.randrange(10**7):07}"
        check = 10 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11
        if check != 10:
            return f"{body}{check}"


def _phone(rng: Random) -> str:
    return f"0{rng.choice('35789')}{rng.randrange(10**8):08}"


def _address(rng: Random, ward: Ward, on: date) -> dict[str, Any]:
    found = {
        "province": ward.province,
        "ward": ward.code,
        "as_of": on.isoformat(),
        "detail": f"Số {rng.randint(1, 480)}",
    }
    return found | {"district": ward.district} if ward.district else found


def _account(rng: Random, name: str) -> dict[str, Any]:
    """An account of the national portal with VNeID behind it, and the address its owner gave."""
    return {
        "account": f"{rng.getrandbits(128):032x}",
        "verified": True,
        "email": f"{folded(name)}{rng.randint(1, 99)}@example.com",
    }
