"""The platform calls us when a payment ended (domain notes 3.4, callback): `/callbacks/online_payment/ketqua`.

What it says is written down before it is believed: the dossier's lane compares it with what was asked for. So a notice that comes before
the reply to its order, twice, or late is taken all the same, and the same notice gets the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from adapters.online_payment.checksum import checksum, is_right
from adapters.online_payment.client import PaymentSettings
from adapters.online_payment.payable import PAYABLE
from adapters.receiver import Answer, Incoming, Received, Receiver
from contracts.envelope import parse
from contracts.fault import Refusal, faults_of
from contracts.online_payment import SUCCESS
from contracts.online_payment.messages import ThongBao, TraLoiThongBao
from mappings.online_payment.inbound import notified

PATH = "ketqua"
WRONG_PARTNER, WRONG_CHECKSUM, BAD_DATA, BUSY = "01", "02", "03", "99"
"""What we answer when we do not take a notice. Assumed: the platform's own codes mean the same in both directions."""


async def receive(incoming: Incoming) -> Received | Answer:
    """One notice. Without a right checksum nothing of it is read on, and the answer carries no checksum of ours."""
    settings = incoming.settings
    assert isinstance(settings, PaymentSettings)
    try:
        value = parse(incoming.body)
        notice = ThongBao.model_validate(value)
    except ValidationError as error:
        return _refused(400, BAD_DATA, "; ".join(f"{fault.path}: {fault.rule}" for fault in faults_of(error)))
    except Refusal as refusal:
        return _refused(400, BAD_DATA, str(refusal))
    if not is_right(notice.model_dump(), notice.SIGNED, settings.secrets):
        return _refused(401, WRONG_CHECKSUM, "Sai mã xác thực")
    if notice.MaDoiTac != settings.partner_code:
        return _refused(401, WRONG_PARTNER, "Sai mã đối tác")
    try:
        event = notified(notice)
    except (Refusal, ValueError) as error:
        return _refused(400, BAD_DATA, str(error))

    def worded(verdicts: Sequence[Mapping[str, Any]]) -> Answer:
        if verdicts[0]["status"] == "refused":
            return _refused(400, BAD_DATA, "Không tiếp nhận")
        return _taken(notice, settings.secrets[0])

    return Received((event,), worded)


def _taken(notice: ThongBao, secret: str) -> Answer:
    """Taken, now or before; the notice's own time stands in it, so that a repeat is answered in the same words."""
    told = TraLoiThongBao(MaLoi=SUCCESS, MoTaLoi="Thành công", MaDoiTac=notice.MaDoiTac, ThoiGianGD=notice.ThoiGianGD)
    return _say(200, told.model_copy(update={"MaXacThuc": checksum(told.model_dump(), told.SIGNED, secret)}))


def _refused(status: int, code: str, why: str) -> Answer:
    return _say(status, TraLoiThongBao(MaLoi=code, MoTaLoi=why[:500], MaDoiTac="", ThoiGianGD=""))


def _say(status: int, told: TraLoiThongBao) -> Answer:
    return Answer(status, "application/json", json.dumps(told.model_dump(), ensure_ascii=False).encode())


RECEIVERS = (Receiver(PATH, receive, busy=_refused(503, BUSY, "Hệ thống bận, thử lại sau")), PAYABLE)
