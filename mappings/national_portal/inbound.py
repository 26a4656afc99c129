"""A dossier filed on the portal becomes an event for the dossier system (domain notes 3.1, Intake)."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from contracts.envelope import Envelope, judge
from contracts.national_portal.messages import HoSoNop
from mappings.convert import stamp

TIME = stamp("%Y%m%d%H%M%S")
SOURCE = "urn:lienthong:national-portal"


def filed(message: HoSoNop, file_base: str) -> Envelope:
    """The event `portal.dossier_filed`. Its id comes from the portal's code alone, so a dossier pushed twice is a duplicate.

    `file_base` is where `getfile` paths are reached. Raises Refusal when the portal's data breaks our rules.
    """
    filed_at = _moment(message.NgayNop)
    data: dict[str, Any] = {
        "filing": {
            "portal_code": message.MaHoSo,
            "procedure_code": message.MaTTHC,
            "owner_name": message.TenChuHoSo,
            "owner_id": message.SoDinhDanh or message.MaSoThue,
            "account": message.TechID,
            "province": message.DiaChi.MaTinh,
            "district": message.DiaChi.MaHuyen,
            "ward": message.DiaChi.MaXa,
            "address": message.DiaChi.DiaChiChiTiet,
            "email": message.Email,
            "phone": message.SoDienThoai,
            "form": message.DuLieu,
            "files": [
                {
                    "id": file.TepDinhKemId or str(place),
                    "title": file.TenTepDinhKem,
                    "url": _address(file.DuongDan, file_base),
                }
                for place, file in enumerate(message.DanhSachTep, start=1)
                if file.DuongDan
            ],
            "filed_at": filed_at,
        }
    }
    return judge(
        {
            "specversion": "1.0",
            "id": hashlib.sha256(f"filed|{message.MaHoSo}".encode()).hexdigest()[:32],
            "source": SOURCE,
            "type": "vn.lienthong.portal.dossier_filed.v1",
            "subject": message.MaHoSo.replace(" ", "-"),
            "time": filed_at,
            "data": data,
        }
    )


def _moment(text: str) -> str:
    """The portal's time as an event writes it, empty where it is none: the door then refuses it by its own rule."""
    assert TIME.back is not None
    try:
        return str(TIME.back(text).isoformat())
    except ValueError:
        return ""


def _address(path: str, file_base: str) -> str:
    """A file's address for the dossier system; a relative path is one for `getfile`."""
    return path if path.startswith(("http://", "https://")) else f"{file_base}?DuongDan={quote(path, safe='/')}"
