"""A dossier's orders: what its lane remembers of them, and what follows from a fee, an end, a report. Pure; nothing here calls anybody.

The memo holds a line for each order, under its reference, and whether the dossier is over. Every decision is taken in the dossier's lane,
one after the other, so a report that came before the reply to its order, twice, or late finds what was asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from contracts.canonical.dossier import Dossier
from contracts.canonical.order import Order, ReportEvent
from contracts.canonical.payment import Fee, Fine
from contracts.envelope import Envelope, make
from mappings.online_payment.reference import reference

SOURCE = "urn:lienthong:online-payment"
CURRENCY = "VND"
CLOSED = "closed"
"""The memo's word for: the dossier was withdrawn or refused."""
Memo = Mapping[str, str]
State = Literal["open", "paid", "failed", "replaced"]


class Decided(NamedTuple):
    """What follows: events, and what the lane's memo gains."""

    events: tuple[Envelope, ...]
    memo: dict[str, str]


class Known(NamedTuple):
    """An order as the lane remembers it; `transaction` is the one that paid it."""

    order: Order
    state: State
    transaction: str = ""

    def line(self) -> str:
        return json.dumps([self.order.model_dump(mode="json"), self.state, self.transaction], ensure_ascii=False)


def fees_due(dossier: Dossier) -> list[Fee]:
    """What is still to be paid."""
    return [fee for fee in dossier.fees if fee.amount_vnd and not fee.collected]


def ask(dossier: Dossier, memo: Memo, at: datetime) -> Decided:
    """An order for each agency money is due to, and for each fine, unless just this is asked for (or paid) already.

    What a new order replaces wants no money.
    """
    known = _known(memo)
    replaced = {name: one for name, one in known.items() if one.state == "open"}
    orders: list[tuple[str, list[Fee]]] = []
    for (payee, _fine), fees in _by_order(dossier).items():
        if (same := _same(known.values(), payee, fees)) is not None:
            replaced.pop(same.order.reference, None)
        else:
            orders.append((payee, fees))
    asked = _asked(dossier, known, orders, at)
    return Decided(asked.events, {CLOSED: ""} | asked.memo | _replaced(replaced))


def collected(dossier: Dossier, memo: Memo, at: datetime) -> Decided:
    """Fees were collected at the counter: an open order that asks for them wants no money; what it asked for besides is asked anew.

    Nothing is asked for here that no open order asks for: that is the desk's to say.
    """
    known, due = _known(memo), _by_order(dossier)
    replaced, orders = {}, []
    for name, one in known.items():
        left = Counter(due.get((one.order.payee, one.order.fees[0].fine), ()))
        still = list((Counter(one.order.fees) & left).elements())
        if one.state == "open" and len(still) < len(one.order.fees):
            replaced[name] = one
            if still:
                orders.append((one.order.payee, still))
    asked = _asked(dossier, known, orders, at)
    return Decided(asked.events, asked.memo | _replaced(replaced))


def still_open(memo: Memo) -> list[Order]:
    """The orders that may be paid, oldest first; none once the dossier is over."""
    return [] if memo.get(CLOSED) else [one.order for one in _known(memo).values() if one.state == "open"]


def close() -> Decided:
    """The dossier is over: money that still comes is to be given back."""
    return Decided((), {CLOSED: "1"})


def record(report: ReportEvent, memo: Memo) -> Decided:
    """What a report comes to. A payment is applied once, and only when it is what was asked for; an older word changes nothing."""
    known = _known(memo).get(report.reference)
    if known is None:
        return Decided((_disputed(report, None, "unknown"),), {})
    if report.state != "paid":
        if known.state != "open":
            return Decided((), {})
        data = _common(report, known) | {"state": report.state, "code": report.code, "at": _iso(report.at)}
        return Decided((_told("failed", report, data),), {report.reference: known._replace(state="failed").line()})
    if report.currency != CURRENCY:
        return Decided((_disputed(report, known, "currency"),), {})
    if report.amount_vnd != known.order.amount_vnd:
        return Decided((_disputed(report, known, "amount"),), {})
    if known.state == "paid":
        if known.transaction == report.transaction:
            return Decided((), {})
        return Decided((_refund(report, known, "paid_before"),), {})
    paid = {report.reference: known._replace(state="paid", transaction=report.transaction).line()}
    if memo.get(CLOSED):
        return Decided((_refund(report, known, "closed"),), paid)
    if known.state == "replaced":
        return Decided((_refund(report, known, "replaced"),), paid)
    return Decided((_told("confirmed", report, _payment(report, known)),), paid)


def event(name: str, event_id: str, subject: str, at: datetime, data: dict[str, Any]) -> Envelope:
    """The event `payment.<name>`. Raises Refusal."""
    return make(f"vn.lienthong.payment.{name}.v1", event_id, SOURCE, subject, at, data)


def digest(*parts: object) -> str:
    """A short name for these parts together."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def _by_order(dossier: Dossier) -> dict[tuple[str, Fine | None], list[Fee]]:
    """What is due, by whom it goes to; a fine by itself, as the receipt names one decision."""
    wanted: dict[tuple[str, Fine | None], list[Fee]] = {}
    for fee in fees_due(dossier):
        wanted.setdefault((fee.payee or dossier.agency.id, fee.fine), []).append(fee)
    return wanted


def _asked(
    dossier: Dossier, known: Mapping[str, Known], orders: Sequence[tuple[str, list[Fee]]], at: datetime
) -> Decided:
    """New orders, numbered on from those the dossier has had."""
    events: list[Envelope] = []
    memo: dict[str, str] = {}
    for number, (payee, fees) in enumerate(orders, len(known) + 1):
        name = reference(dossier.code, number)
        amount = sum(fee.amount_vnd for fee in fees)
        order = Order(reference=name, payee=payee, fees=tuple(fees), amount_vnd=amount, requested_at=at)
        memo[name] = Known(order, "open").line()
        data = {"dossier": dossier.model_dump(mode="json"), "order": order.model_dump(mode="json")}
        events.append(event("requested", f"order-{name}", dossier.code, at, data))
    return Decided(tuple(events), memo)


def _replaced(orders: Mapping[str, Known]) -> dict[str, str]:
    return {name: one._replace(state="replaced").line() for name, one in orders.items()}


def _known(memo: Memo) -> dict[str, Known]:
    """The orders of the memo, by reference, oldest first."""
    found = {}
    for name, line in memo.items():
        if name != CLOSED:
            order, state, transaction = json.loads(line)
            found[name] = Known(Order.model_validate(order), state, transaction)
    return found


def _same(known: Iterable[Known], payee: str, fees: Sequence[Fee]) -> Known | None:
    """The order that asks for just these fees, or was paid for them."""
    for one in known:
        if one.state in ("open", "paid") and one.order.payee == payee and one.order.fees == tuple(fees):
            return one
    return None


def _common(report: ReportEvent, known: Known) -> dict[str, Any]:
    return {"dossier_code": report.dossier_code, "order": known.order.model_dump(mode="json")}


def _payment(report: ReportEvent, known: Known) -> dict[str, Any]:
    facts = {"transaction": report.transaction, "bank": report.bank, "paid_at": _iso(report.at)}
    return _common(report, known) | facts


def _refund(report: ReportEvent, known: Known, reason: str) -> Envelope:
    return _told("refund_due", report, _payment(report, known) | {"reason": reason})


def _disputed(report: ReportEvent, known: Known | None, reason: str) -> Envelope:
    data = {
        "dossier_code": report.dossier_code,
        "reference": report.reference,
        "transaction": report.transaction,
        "amount_vnd": report.amount_vnd,
        "currency": report.currency,
        "reason": reason,
        "order": known.order.model_dump(mode="json") if known else None,
        "at": _iso(report.at),
    }
    return _told("disputed", report, data, report.state, report.amount_vnd, report.currency)


def _told(name: str, report: ReportEvent, data: dict[str, Any], *parts: object) -> Envelope:
    """An event about one transaction of an order: its id comes from the two, whoever told us first."""
    event_id = f"{name}-{digest(report.reference, report.transaction, *parts)}"
    return event(name, event_id, report.dossier_code or report.reference, report.at, data)


def _iso(at: datetime) -> str:
    return at.isoformat()
