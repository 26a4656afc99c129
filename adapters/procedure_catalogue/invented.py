"""The simulator's catalogue: real codes, names and quirks; decisions (marked so), limits, fees and papers are invented."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from random import Random
from typing import Any

from contracts import codes
from contracts.legal_documents import texts

SEED = 59
PUBLISHED, ONLINE, DECISIONS, WITHOUT_AGENCY = 1844, 923, 183, 75
ALWAYS = (
    *("1.001193", "1.004884", "1.000656", "1.000894", "1.004873", "2.000635", "2.000986", "2.001023", "2.000815"),
    *("1.012783", "1.012784", "1.012787", "1.012796", "1.013225", "1.001612", "2.000720", "2.001610", "1.0133611"),
)
"""Procedures every province has (domain notes 9), and the malformed code that stands in the real list."""
DELETED = "1.999998-Xoa"
"""A code somebody marked as deleted, as they occur (domain notes 2.2)."""
FIRST_DECISION = date(2025, 7, 1)
UNITS = ("WORKING_DAY", "WORKING_DAY", "WORKING_DAY", "DAY", "HOUR", "MONTH", "OTHER")
PROSE = ("Theo Nghị quyết của Hội đồng nhân dân tỉnh", "Miễn phí đối với người thuộc hộ nghèo; còn lại 8.000 đồng/bản")


class Invented:
    """`codes` are the listed procedures as the catalogue writes them; `known` adds what was taken out of the list."""

    def __init__(self, seed: int = SEED) -> None:
        rng = Random(seed)
        rows = {row.code: row for row in codes.every("procedure") if row.extra}
        always = [code for code in ALWAYS if code in rows]
        rest = rng.sample(sorted(rows.keys() - set(always)), PUBLISHED - len(always) - 1)
        self._rows = rows
        self.codes = [*sorted([*always, *rest]), DELETED]
        self.known = set(self.codes)
        online = rng.sample(self.codes[:-1], ONLINE - len(always))
        self.online = {*online, *always}
        for code in self.codes[:-1]:
            if len(self.online) == ONLINE:
                break
            self.online.add(code)
        self._without_agency = set(rng.sample(sorted(set(self.codes) - set(always)), WITHOUT_AGENCY))
        names = sorted({rows[code].extra[0] for code in self.codes if code in rows})
        self._field_codes = {name: f"G{place % 30 + 1:02}-{place:03}" for place, name in enumerate(names, start=1)}
        self.fields = [
            {"MALINHVUC": code, "TENLINHVUC": name, "MANGANH": ""} for name, code in self._field_codes.items()
        ]
        self.agencies = [
            {"MADONVI": "000.00.00.H59", "TENDONVI": "UBND tỉnh", "CAPDONVI": "2"},
            *(
                {"MADONVI": f"000.00.{n:02}.H59", "TENDONVI": f"Sở số {n} (minh họa)", "CAPDONVI": "3"}
                for n in range(1, 20)
            ),
        ]
        self.groups = {"N1": "Cấp tỉnh", "N2": "Cấp xã", "N3": "Liên thông"}
        self.decisions = {row["IDQDCB"]: row for row in (_decision(rng, place) for place in range(1, DECISIONS + 1))}
        self._changes: dict[str, dict[str, Any]] = {}

    def change(self, MATTHC: str, *, remove: bool = False, **fields: Any) -> None:
        """Set fields of a procedure, or take it out of the list. A change is by a decision of its own, like any."""
        changes = self._changes.setdefault(MATTHC, {"number": 0})
        changes.update(fields, number=changes["number"] + 1)
        if remove and MATTHC in self.codes:
            self.codes.remove(MATTHC)

    def group_of(self, code: str) -> str:
        return f"N{Random(f'group/{code}').randrange(1, 4)}"

    def line(self, code: str) -> dict[str, Any]:
        """A line of the list."""
        whole = self.procedure(code)
        updated = Random(f"updated/{code}").randrange(0, 300)
        at = FIRST_DECISION + timedelta(days=updated)
        minute = self._changes.get(code, {}).get("number", 0)
        return {
            "MATTHC": code,
            "TENTTHC": whole["TENTTHC"],
            "TRANGTHAI": whole["TRANGTHAI"],
            "IDQUYETDINHCONGBO": whole["IDQUYETDINHCONGBO"],
            "NGAYCAPNHAT": f"{at:%Y%m%d}08{minute % 60:02}00",
        }

    def procedure(self, code: str) -> dict[str, Any]:
        """A procedure in full."""
        rng = Random(f"{SEED}/{code}")
        row = self._rows.get(code)
        name, field, publisher, kind = (
            (row.name_vi, *row.extra[:3]) if row else ("Thủ tục đã xóa (minh họa)", "Khác", "", "")
        )
        decision = f"QD{rng.randrange(1, DECISIONS + 1):04}"
        case = {"THOIGIAN": [self._case(rng)]}
        channels = [{"KENH": "1", **case}, {"KENH": "3", **case}]
        if code in self.online:
            channels.insert(1, {"KENH": "2", **case})
        agency = rng.choice(self.agencies)
        bases = rng.sample(texts(), rng.randrange(1, 4))
        made = {
            "ID": str(rng.randrange(10**5, 10**6)),
            "MATTHC": f" {code}" if rng.random() < 0.005 else code,
            "TENTTHC": _untidy(rng, name),
            "MACOQUANCONGBO": publisher,
            "LOAITTHC": kind,
            "QUYETDINH": self.decisions[decision]["SOQUYETDINH"],
            "IDQUYETDINHCONGBO": decision,
            "TRANGTHAI": "1",
            "CAPTHUCHIEN": [{"CAPTHUCHIEN": "2", "TENCAP": "Cấp Tỉnh"}],
            "LINHVUCTHUCHIEN": [{"MALINHVUC": self._field_codes.get(field, ""), "TENLINHVUC": field}],
            "CACHTHUCTHUCHIEN": channels,
            "DOITUONGTHUCHIEN": [{"TENDOITUONG": "Công dân Việt Nam"}],
            "THANHPHANHOSO": {
                "TRUONGHOP": "",
                "GIAYTO": [{"MAGIAYTO": "", "TENGIAYTO": "Đơn đề nghị", "SOBANCHINH": 1, "SOBANSAO": 0}],
            },
            "KETQUATHUCHIEN": [{"MAKETQUA": "", "TENKETQUA": "Giấy chứng nhận"}],
            "CANCUPHAPLY": [{"SOVANBAN": _look_alike(rng, act["number"]), "TENVANBAN": act["title"]} for act in bases],
            "COQUANTHUCHIEN": [] if code in self._without_agency else [{k: agency[k] for k in ("MADONVI", "TENDONVI")}],
            "TTHCLIENQUAN": [],
            "TTHCLIENTHONG": [],
        }
        return made | {name: value for name, value in self._changes.get(code, {}).items() if name != "number"}

    def _case(self, rng: Random) -> dict[str, Any]:
        unit = rng.choice(UNITS)
        amount: Any = "Trong ngày" if unit == "OTHER" else rng.choice((1, 3, 5, 6.5, 10, 15))
        money: Any = rng.choice(PROSE) if rng.random() < 0.2 else rng.choice(("0", "8000", "15.000", "500.000 đồng"))
        fee = {"MAPHILEPHI": "", "SOTIEN": money, "DONVI": "Đồng", "MOTA": ""}
        return {"THOIGIANGIAIQUYET": amount, "DONVITINH": unit, "MOTA": "Hồ sơ đầy đủ", "PHILEPHI": [fee]}


def _decision(rng: Random, place: int) -> dict[str, Any]:
    """One in twelve was published after its five working days, the last two not yet."""
    signed = FIRST_DECISION + timedelta(days=rng.randrange(0, 360))
    waited = 12 if place % 12 == 0 else rng.randrange(0, 5)
    return {
        "IDQDCB": f"QD{place:04}",
        "SOQUYETDINH": f"{900 + place}/QĐ-UBND",
        "TENQUYETDINH": f"Công bố danh mục thủ tục hành chính, đợt {place} (quyết định minh họa, không có thật)",
        "COQUANBANHANH": "UBND tỉnh",
        "NGAYQUYETDINH": f"{signed:%d/%m/%Y}",
        "NGAYHIEULUC": f"{signed + timedelta(days=rng.randrange(0, 10)):%d/%m/%Y}",
        "NGAYCONGKHAI": "" if place > DECISIONS - 2 else f"{signed + timedelta(days=waited):%d/%m/%Y}",
    }


def _untidy(rng: Random, name: str) -> str:
    """Of 5,670 names of the real catalogue 91 are not NFC and 187 carry stray white space (domain notes 2.2)."""
    chance = rng.random()
    if chance < 91 / 5670:
        return unicodedata.normalize("NFD", name)
    return name.replace(" ", "\n ", 1) + " " if chance < (91 + 187) / 5670 else name


def _look_alike(rng: Random, number: str) -> str:
    """Some clerks write Ð (U+00D0) for Đ (U+0110)."""
    return number.replace("Đ", "Ð") if rng.random() < 0.1 else number
