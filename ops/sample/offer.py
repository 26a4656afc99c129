"""The procedures of the sample: codes and names from the national catalogue, papers, fees and results as such dossiers have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts import codes


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee of a procedure; `kind` charge is lệ phí, fee is phí. `payee` is the agency it goes to, where not the settling one."""

    title: str
    amount_vnd: int
    kind: str = "charge"
    payee: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One procedure as an office offers it. `days` are working days; `result` is the title of the paper that comes out."""

    code: str
    field_code: str
    office: str
    days: int
    summary: str
    papers: tuple[str, ...]
    result: str
    result_code: str
    charges: tuple[Charge, ...] = ()
    firm: bool = False

    def procedure(self, on: date) -> dict[str, Any]:
        """The canonical procedure, its names as the catalogue has them on the day. Raises CodeGap."""
        row = codes.lookup("procedure", self.code, on)
        return {"code": self.code, "name": row.name_vi, "field_code": self.field_code, "field_name": row.extra[0]}


LAND, CIVIL, BUILDING, BUSINESS = "G13-DD01", "G15-TP07", "G17-XD11", "G05-KD01"
"""Fields of work. G15-TP07 and G17-XD11 stand in the catalogue; the other two are invented in the same pattern."""

APPRAISAL = Charge("Phí thẩm định hồ sơ cấp giấy chứng nhận", 500_000, "fee")
TAX_OFFICE = "000.00.86.H59"
"""An invented id: the tax office collects the registration tax, the land office its own fee."""
REGISTRATION_TAX = Charge("Lệ phí trước bạ nhà, đất", 3_250_000, payee=TAX_OFFICE)

LAND_TRANSFER = Offer(
    "1.012787",
    LAND,
    "land",
    10,
    "Cấp giấy chứng nhận cho người nhận chuyển nhượng thửa {a} tờ {b}",
    ("Đơn đăng ký biến động", "Hợp đồng chuyển nhượng", "Giấy chứng nhận đã cấp"),
    "Giấy chứng nhận quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất",
    "KQ.G13.000012",
    (REGISTRATION_TAX, APPRAISAL),
)
LAND_RENEWAL = Offer(
    "1.012783",
    LAND,
    "land",
    7,
    "Cấp đổi giấy chứng nhận thửa {a} tờ {b}",
    ("Đơn đề nghị cấp đổi", "Giấy chứng nhận đã cấp"),
    "Giấy chứng nhận quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất",
    "KQ.G13.000012",
    (APPRAISAL,),
)
BIRTH = Offer(
    "1.001193",
    CIVIL,
    "commune",
    1,
    "Đăng ký khai sinh",
    ("Tờ khai đăng ký khai sinh", "Giấy chứng sinh"),
    "Giấy khai sinh",
    "KQ.G15.000031",
)
LINKED_BIRTH = Offer(
    "2.000986",
    CIVIL,
    "commune",
    3,
    "Liên thông khai sinh, thường trú, BHYT",
    (),
    BIRTH.result,
    BIRTH.result_code,
)
MARITAL_STATUS = Offer(
    "1.004873",
    CIVIL,
    "commune",
    3,
    "Cấp giấy xác nhận tình trạng hôn nhân",
    ("Tờ khai cấp giấy xác nhận tình trạng hôn nhân",),
    "Giấy xác nhận tình trạng hôn nhân",
    "KQ.G15.000033",
)
REGISTER_COPY = Offer(
    "2.000635",
    CIVIL,
    "commune",
    1,
    "Cấp bản sao trích lục hộ tịch",
    ("Tờ khai cấp bản sao trích lục",),
    "Bản sao trích lục hộ tịch",
    "KQ.G15.000035",
    (Charge("Lệ phí cấp bản sao trích lục hộ tịch", 8_000),),
)
HOUSEHOLD_BUSINESS = Offer(
    "1.001612",
    BUSINESS,
    "commune",
    3,
    "Đăng ký thành lập hộ kinh doanh",
    ("Giấy đề nghị đăng ký hộ kinh doanh", "Hợp đồng thuê địa điểm"),
    "Giấy chứng nhận đăng ký hộ kinh doanh",
    "KQ.G05.000021",
)
PRIVATE_FIRM = Offer(
    "2.001610",
    BUSINESS,
    "finance",
    3,
    "Đăng ký thành lập doanh nghiệp tư nhân",
    ("Giấy đề nghị đăng ký doanh nghiệp tư nhân", "Bản sao giấy tờ pháp lý của chủ doanh nghiệp"),
    "Giấy chứng nhận đăng ký doanh nghiệp - Doanh nghiệp tư nhân",
    "KQ.G05.000001",
    firm=True,
)
BUILDING_PERMIT = Offer(
    "1.013225",
    BUILDING,
    "building",
    15,
    "Cấp giấy phép xây dựng nhà ở riêng lẻ, thửa {a} tờ {b}",
    ("Đơn đề nghị cấp giấy phép xây dựng", "Bản vẽ thiết kế", "Giấy tờ về quyền sử dụng đất"),
    "Giấy phép xây dựng",
    "KQ.G17.000008",
)
