"""Where sample dossiers belong: real wards as they stood on the day, invented agencies (ids in the form of QCVN 102:2016)."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

from contracts import codes
from contracts.codes import REFORM_ON

COMMUNES = 8
"""So many communes take part; their agency ids are 000.01.31.H59 and following."""


class Ward(NamedTuple):
    """A commune or ward on a day; `district` is empty after the reform. `office` is its people's committee's invented id."""

    code: str
    name: str
    district: str
    province: str
    office: str


class Office(NamedTuple):
    """An agency that settles dossiers, with the invented department its officers sit in."""

    id: str
    name: str
    department: str


OFFICES = {
    "land": Office("000.00.17.H59", "Văn phòng Đăng ký đất đai", "Phòng Đăng ký và cấp giấy chứng nhận"),
    "building": Office("000.00.19.H59", "Sở Xây dựng", "Phòng Quản lý xây dựng"),
    "finance": Office("000.00.12.H59", "Sở Tài chính", "Phòng Đăng ký kinh doanh"),
}


def office(kind: str, ward: Ward) -> Office:
    """The agency of that kind; `commune` is the people's committee of the ward."""
    if kind != "commune":
        return OFFICES[kind]
    return Office(ward.office, f"Ủy ban nhân dân {ward.name[0].lower()}{ward.name[1:]}", "Bộ phận Tư pháp - Hộ tịch")


def wards(on: date) -> tuple[Ward, ...]:
    """The communes that take part, as named and coded on the day `on`: of Trà Vinh (84) before the reform, of Vĩnh Long (86) since."""
    return _wards("86" if on >= REFORM_ON else "84", on)


@cache
def _wards(province: str, on: date) -> tuple[Ward, ...]:
    rows = sorted(
        (row for row in codes.every("ward") if row.extra[1:] == (province,) and row.holds(on)), key=lambda row: row.code
    )
    chosen = rows[:: len(rows) // COMMUNES][:COMMUNES]
    return tuple(
        Ward(row.code, row.name_vi, row.extra[0], province, f"000.{number:02}.31.H59")
        for number, row in enumerate(chosen, start=1)
    )
