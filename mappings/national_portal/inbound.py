"""A dossier filed on the portal becomes an event for the dossier system (domain notes 3.1, Intake)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from pydantic_core import PydanticCustomError

from contracts.canonical.document import file_facts
from contracts.envelope import Envelope, make
from contracts.national_portal.messages import CauHoi, HoSoNop, TepTin
from mappings.convert import stamp

TIME = stamp("%Y%m%d%H%M%S")
SOURCE = "urn:lienthong:national-portal"


def filed(message: HoSoNop) -> Envelope:
    """The event `portal.dossier_filed`. Its id comes from the portal's code and the time of filing: pushed twice it is a duplicate,
    filed again after a refusal or with a supplement it is another event.

    Raises Refusal when the portal's data breaks our rules.
    """
    filed_at = _moment(message.NgayNop)
    data: dict[str, Any] = {
        "filing": {
            "portal_code": message.MaHoSo,
            "procedure_code": message.MaTTHC,
            "owner_name": message.TenChuHoSo,
            "owner_id": message.SoDinhDanh or message.MaSoThue,
            "account": message.TechID,
            "agency_id": message.MaDonVi or None,
            "province": message.DiaChi.MaTinh,
            "district": message.DiaChi.MaHuyen,
            "ward": message.DiaChi.MaXa,
            "address": message.DiaChi.DiaChiChiTiet,
            "email": message.Email,
            "phone": message.SoDienThoai,
            "form": message.DuLieu,
            "files": [_file(file, place) for place, file in enumerate(message.DanhSachTep, start=1)],
            "filed_at": filed_at,
        }
    }
    number = hashlib.sha256(f"filed|{message.MaHoSo}|{message.NgayNop}".encode()).hexdigest()[:32]
    return _event("portal.dossier_filed.v1", number, message.MaHoSo, filed_at, data)


def asked(row: CauHoi) -> Envelope:
    """A question of the portal as `question.asked`; told twice it is a duplicate by its number. Raises Refusal."""
    at = _moment(row.NgayHoi)
    question = {
        "id": row.MaHoiDap,
        "origin": "portal",
        "title": row.TieuDe,
        "content": row.NoiDung,
        "asker": row.NguoiHoi,
        "email": row.Email,
        "phone": row.SoDienThoai,
        "procedure_code": row.MaTTHC,
        "dossier": row.MaHoSo,
        "agency_id": row.MaDonVi,
        "asked_at": at,
    }
    number = hashlib.sha256(f"question|{row.MaHoiDap}".encode()).hexdigest()[:32]
    return _event("question.asked.v1", number, row.MaHoiDap, at, {"question": question})


def owner_identified(portal_code: str, account: str, key: str, at: datetime) -> Envelope:
    """The account the portal named for the owner of a filed dossier. Raises Refusal."""
    data = {"portal_code": portal_code, "account": account, "at": at.isoformat()}
    return _event("portal.owner_identified.v1", f"owner-{key}", portal_code, at.isoformat(), data)


def synced(dossier: str, key: str, at: datetime) -> Envelope:
    """The portal holds the dossier."""
    told = {"dossier_code": dossier, "partner": "national_portal", "operation": "DongBoHoSoMC", "at": at.isoformat()}
    return _event("portal.dossier_synced.v1", f"synced-{key}", dossier, at.isoformat(), told)


def _event(name: str, number: str, subject: str, at: str, data: dict[str, Any]) -> Envelope:
    return make(f"vn.lienthong.{name}", number, SOURCE, subject.replace(" ", "-"), at, data)


def _moment(text: str) -> str:
    """The portal's time as an event writes it, empty where it is none: the door then refuses it by its own rule."""
    assert TIME.back is not None
    try:
        return str(TIME.back(text).isoformat())
    except ValueError:
        return ""


def _file(file: TepTin, place: int) -> dict[str, Any]:
    """A file as it came: its bytes, an address, or a path for `getfile`. An address is passed on and never fetched here."""
    named = {"id": file.TepDinhKemId or str(place), "title": file.TenTepDinhKem}
    if file.NoiDung:
        size, kind, digest = facts(file.NoiDung)
        return named | {"content": file.NoiDung, "bytes": size, "kind": kind, "sha256": digest}
    outside = file.DuongDan.startswith(("http://", "https://"))
    return named | {"url" if outside else "path": file.DuongDan}


def facts(content: str) -> tuple[int, str, str]:
    """Size, kind and digest of a file; nothing for what is no file of ours, which the door then refuses by its own rule."""
    try:
        return file_facts(content)
    except PydanticCustomError:
        return 0, "", ""
