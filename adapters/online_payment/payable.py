"""The portal asks us what is to be paid for a dossier (domain notes 3.4, older variant): `/callbacks/online_payment/tracuu`.

It is told the oldest order that may still be paid; paid, the next question brings the next one. Nothing is owed and nothing changes here:
the payment is told by a notice, as any other.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import ValidationError

from adapters.online_payment.checksum import is_right
from adapters.online_payment.client import PaymentSettings
from adapters.receiver import Answer, Incoming, Receiver
from contracts.canonical.dossier import Dossier
from contracts.canonical.order import Order
from contracts.codes import CodeGap
from contracts.envelope import parse
from contracts.fault import Refusal
from contracts.online_payment.messages import HoiPhaiNop, KhoanPhaiNop, TraLoiPhaiNop
from mappings.online_payment.orders import still_open
from mappings.online_payment.outbound import TIME, Asked, dossier_of, lookup_code, payable
from mappings.table import Unmappable

PATH = "tracuu"
TO_PAY: Final = 1
NOTHING: Final = 0
FAILED: Final = -1
FRESH_S = 300.0
REQUESTED = "vn.lienthong.payment.requested.v1"


async def receive(incoming: Incoming) -> Answer:
    """One question. Who does not know the secret, or repeats what was asked five minutes ago, learns nothing."""
    settings = incoming.settings
    assert isinstance(settings, PaymentSettings)
    try:
        asked = HoiPhaiNop.model_validate(parse(incoming.body))
        assert TIME.back is not None
        age = incoming.clock.now() - TIME.back(asked.ThoiGianGD).timestamp()
    except (ValidationError, Refusal, ValueError):
        return _say(400, FAILED)
    genuine = is_right(asked.model_dump(), asked.SIGNED, settings.secrets) and asked.MaDoiTac == settings.partner_code
    if not genuine or abs(age) > FRESH_S:
        return _say(401, FAILED)
    dossier = asked.MaHoSo or dossier_of(asked.MaTraCuuTT)
    memo = await incoming.known.memo(dossier)
    orders = [order for order in still_open(memo) if asked.MaTraCuuTT in ("", lookup_code(dossier, order))]
    if not orders:
        return _say(200, NOTHING if memo else FAILED)
    made: list[Any] = [event.message for event in await incoming.known.about(dossier, REQUESTED)]
    told = next(one for one in made if one.order.reference == orders[0].reference)
    return _payable(told.dossier, told.order, settings)


def _payable(dossier: Dossier, order: Order, settings: PaymentSettings) -> Answer:
    """An order nobody can pay yet (its agency has no account, a code has no row) is no answer, and no "nothing"."""
    account = settings.accounts.get(order.payee)
    if account is None:
        return _say(200, FAILED)
    try:
        found = payable(Asked(dossier, order, account, settings.partner_code, settings.ip))
    except (CodeGap, Unmappable):
        return _say(200, FAILED)
    return _say(200, TO_PAY, KhoanPhaiNop.model_validate(found))


def _say(status: int, code: Literal[-1, 0, 1], found: KhoanPhaiNop | None = None) -> Answer:
    told = TraLoiPhaiNop(error_code=code, message=found or [])
    return Answer(status, "application/json", told.model_dump_json().encode())


PAYABLE = Receiver(PATH, receive, busy=_say(503, FAILED))
