"""Look-ups for callers: what may be asked, the question read and checked, the answer cut to what was asked for, as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from bus.adapter import Lookup
from bus.clock import when
from bus.ledger.ledger import Ledger
from bus.lookup import NEED_A_REASON, PURPOSES, Answer, Ask, Purpose
from contracts.fault import Fault, faults_of
from contracts.identifier import TIDY, DossierCode
from contracts.marks import PERSONAL, cut, fields_of
from ops.house import House


def _split(value: Any) -> Any:
    """Names separated by commas, as they stand in an address."""
    members = value if isinstance(value, list | tuple) else [value]
    return [name for member in members for name in (member.split(",") if isinstance(member, str) else [member]) if name]


Short = Annotated[str, StringConstraints(max_length=200), TIDY]


class Terms(BaseModel):
    """What goes with every question: what for, for whom, what is wanted, how long the caller waits."""

    model_config = ConfigDict(extra="forbid")

    what: str = ""
    purpose: Purpose
    reason: Annotated[str, StringConstraints(max_length=500), TIDY, PERSONAL] = ""
    officer: Annotated[Short, PERSONAL] = ""
    dossier: DossierCode | None = None
    fields: Annotated[tuple[Short, ...], BeforeValidator(_split), Field(max_length=100)] = ()
    timeout_s: float | None = Field(default=None, gt=0, le=300)
    at_least: int | None = Field(default=None, ge=0)


class Question(Terms):
    """A look-up as it is posted: by the one key, or by several fields."""

    key: str = Field(default="", max_length=200)
    question: dict[str, Any] = Field(default_factory=dict)


class Whose(BaseModel):
    """Which part of the record: of a client, of a partner, about one person or firm (`kind` citizen, tax, social with its `value`)."""

    model_config = ConfigDict(extra="forbid")

    who: str = ""
    system: str = ""
    kind: Literal["", "citizen", "tax", "social"] = ""
    value: Annotated[str, TIDY, PERSONAL] = ""
    cursor: str = Field(default="", pattern=r"^\d{0,18}$")
    limit: int = Field(default=100, ge=1, le=1000)


class Refused(Exception):
    """The question may not be asked so; the faults say what to mend."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.rule}" for fault in faults))
        self.faults = faults


def offered(house: House) -> list[dict[str, Any]]:
    """Every look-up there is: what it is asked by, what it can tell, which of it is personal."""
    told = []
    for name, partner in house.partners.items():
        for lookup in partner.lookups:
            told.append(
                {
                    "system": name,
                    "what": lookup.name,
                    "title_vi": lookup.title_vi,
                    "title_en": lookup.title_en,
                    "enabled": name in house.lookups,
                    "key": lookup.key,
                    "question": _shown(lookup.question),
                    "fields": _shown(lookup.answer),
                    "cache_s": _cache_s(house, name, lookup),
                }
            )
    return told


def purposes() -> list[dict[str, Any]]:
    """The purposes a caller may name."""
    return [
        {"purpose": name, "title_vi": vi, "title_en": en, "needs_reason": name in NEED_A_REASON}
        for name, (vi, en) in PURPOSES.items()
    ]


def _shown(model: type[BaseModel]) -> dict[str, str]:
    return {name: "personal" if personal else "plain" for name, personal in fields_of(model).items()}


def _cache_s(house: House, name: str, lookup: Lookup) -> float:
    own = house.partner_settings[name].lookups.cache_s
    return lookup.cache_s if own is None else own


def question_of(lookup: Lookup, values: Mapping[str, Any]) -> BaseModel:
    """The question in the look-up's shape. Raises Refused."""
    try:
        return lookup.question.model_validate(dict(values))
    except ValidationError as error:
        raise Refused(faults_of(error, "$.question")) from None


def by_key(lookup: Lookup, key: str) -> dict[str, str]:
    """A bare key as the question's one field. Raises Refused where the look-up takes several."""
    if not lookup.key:
        fields = ", ".join(lookup.question.model_fields)
        raise Refused([Fault("$.key", f"{lookup.name} is asked by several fields: say `question` with {fields}")])
    return {lookup.key: key}


def check(lookup: Lookup, terms: Terms) -> None:
    """Whether it may be asked for this purpose and for these fields. Raises Refused."""
    faults = []
    if terms.purpose in NEED_A_REASON and len(terms.reason) < 3:
        faults.append(Fault("$.reason", f"a look-up for {terms.purpose} says why in a few words"))
    known = fields_of(lookup.answer)
    faults += [
        Fault("$.fields", f"{lookup.name} tells no such field; it tells {', '.join(known)}", value=name[:80])
        for name in terms.fields
        if name not in known
    ]
    if faults:
        raise Refused(faults)


def ask_of(terms: Terms, question: BaseModel, who: str, traceparent: str) -> Ask:
    """The terms in the bus's words."""
    return Ask(
        question=question,
        who=who,
        purpose=terms.purpose,
        reason=terms.reason,
        officer=terms.officer,
        dossier=terms.dossier or "",
        fields=terms.fields,
        timeout_s=terms.timeout_s,
        at_least=terms.at_least,
        traceparent=traceparent,
    )


def told(system: str, lookup: Lookup, answer: Answer, fields: tuple[str, ...], now: float) -> dict[str, Any]:
    """The answer as JSON, each match cut to `fields`; `withheld` names what was not asked for by name and so not told."""
    known = fields_of(lookup.answer)
    return {
        "system": system,
        "what": lookup.name,
        "count": len(answer.found.matches),
        "matches": [cut(match.model_dump(mode="json"), lookup.answer, fields) for match in answer.found.matches],
        "withheld": []
        if fields
        else [name for name in known if known[name] and not known.get(name.rpartition(".")[0])],
        "version": answer.found.version,
        "cached": answer.cached,
        "asked_at": when(answer.asked_at),
        "age_s": round(max(0.0, now - answer.asked_at), 3),
        "reference": answer.found.reference,
        "trace_id": answer.trace_id,
    }


async def recorded(ledger: Ledger, asked: Whose) -> dict[str, Any]:
    """A page of the record of look-ups, newest first."""
    about = (asked.kind, asked.value) if asked.kind else None
    views, following = await ledger.lookups().page(
        who=asked.who, partner=asked.system, about=about, cursor=asked.cursor, limit=asked.limit
    )
    items = [
        {
            "id": view.id,
            "at": when(view.at),
            "who": view.who,
            "officer": view.officer,
            "system": view.partner,
            "what": view.name,
            "purpose": view.purpose,
            "reason": view.reason,
            "dossier": view.dossier,
            "fields": list(view.fields),
            "outcome": view.outcome,
            "cause": view.cause,
            "code": view.code,
            "matches": view.matches,
            "cached": view.cached,
            "took_s": round(view.took_s, 3),
            "trace_id": view.trace_id,
        }
        for view in views
    ]
    return {"items": items, "next": following}
