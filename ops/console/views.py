"""What the lists show: groups of failures, partners and their health, the work list. From the ledger's own words to a page's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bus.ledger.cause_notes import GroupNote, Standing
from bus.ledger.views import CauseGroup, PartnerView, Totals
from bus.ledger.words import State
from bus.outcome import Cause
from contracts import codes
from ops import causes, deadlines
from ops.console.text import Speech
from ops.house import House

TONES = {
    State.PENDING: "idle",
    State.SENDING: "now",
    State.WAITING: "wait",
    State.IN_DOUBT: "doubt",
    State.DELIVERED: "ok",
    State.DEAD: "bad",
    State.CANCELLED: "idle",
    State.SUPERSEDED: "idle",
}
"""The colour of a state; its symbol is `m-<state>` (shared look, "State marks")."""
USEFUL = {
    State.DEAD: ("resend", "reprocess", "edit", "resolve", "skip", "hold"),
    State.IN_DOUBT: ("ask", "resolve", "skip", "hold"),
    State.WAITING: ("resend", "ask", "edit", "hold", "cancel"),
    State.PENDING: ("hold", "cancel"),
}
"""What a person may usefully do to a delivery in this state; the desk decides what is allowed."""
BY_ITSELF = frozenset(
    {Cause.NOT_SENT, Cause.BUSY, Cause.EXPIRED, Cause.TAKEN, Cause.LATER, Cause.SPLIT, Cause.ABSENT, Cause.NONE}
)
"""What the bus settles alone, in time."""


@dataclass(frozen=True, slots=True)
class Group:
    """Failures that share partner, operation, state, cause and code, as a row: who must act, may it be resent, what to do."""

    fingerprint: str
    known: bool
    state: State
    cause: str
    code: str
    tone: str
    title: str
    under: str
    operation_title: str
    partner: str
    partner_title: str
    side: str
    resend: str
    advice: str
    count: int
    dossiers: int
    oldest_at: float
    example: int
    verb: str
    query: str
    hold_key: str
    needs_person: bool
    owner: str
    note: str
    noted_by: str
    noted_at: float


@dataclass(frozen=True, slots=True)
class Health:
    """A partner as a row."""

    name: str
    title: str
    short: str
    tone: str
    symbol: str
    words: str
    good: bool
    backlog: int
    dead: int
    doubt: int
    last_success_at: float | None
    probe_at: float | None
    paused: bool
    paused_by: str
    pause_words: str


def title_of(house: House, partner: str, say: Speech) -> str:
    return house.title(partner, say.language)


def short_of(house: House, partner: str, say: Speech) -> str:
    """A partner's name where there is little room; the whole one where we have no shorter."""
    brief = f"short.{partner}"
    return say(brief) if say.knows(brief) else title_of(house, partner, say)


def operation_of(house: House, partner: str, operation: str, say: Speech) -> str:
    """What an operation is called; its own name where the partner does not know it any more."""
    known = house.partners.get(partner)
    found = next((o for o in known.operations if o.name == operation), None) if known else None
    if found is None:
        return operation
    return found.title_vi if say.language == "vi" else found.title_en


async def within(house: House, dossier: str, only: str) -> bool:
    """Whether the dossier is known, and, for who is bound to the partner `only`, owed something to it."""
    return await house.ledger.search_keys().known(dossier, only)


def needs_person(group: CauseGroup | Standing) -> bool:
    """Whether it stays as it is until somebody does something."""
    return group.state is State.DEAD or group.cause not in BY_ITSELF


async def groups(house: House, say: Speech, only: str = "") -> list[Group]:
    """Open failures, of the partner `only` where it is given; what needs a person first, then by how many dossiers they hold."""
    failed = [group for group in await house.ledger.causes() if group.cause is not Cause.NONE]
    mine = [group for group in failed if only in ("", group.partner)]
    notes = await house.ledger.groups().of(map(causes.fingerprint_of, mine))
    found = [_group(house, group, notes, say) for group in mine]
    return sorted(found, key=lambda g: (not g.needs_person, g.state is not State.IN_DOUBT, -g.dossiers, g.oldest_at))


CHOICES = ("partner", "side", "resend")
"""What the groups may be filtered by."""


def chosen(found: Sequence[Group], asked: Mapping[str, str]) -> list[Group]:
    """The groups that are as the address asks."""
    return [group for group in found if all(asked.get(name, "") in ("", getattr(group, name)) for name in CHOICES)]


def _group(house: House, group: CauseGroup, notes: Mapping[str, GroupNote], say: Speech) -> Group:
    entry = causes.entry(group.partner, group.cause.value, group.code)
    operation = operation_of(house, group.partner, group.operation, say)
    under = " · ".join(part for part in (operation, waits_for(group.hold_key, say) or group.code) if part)
    query = f"partner={group.partner}&operation={group.operation}&state={group.state.value}&cause={group.cause.value}"
    query += f"&code={group.code}"
    again = "reprocess" if group.cause is Cause.POISON else "resend"
    verb = "ask" if entry.resend == "ask" else again if group.state is State.DEAD else ""
    fingerprint = causes.fingerprint_of(group)
    noted = notes.get(fingerprint, GroupNote("", "", "", 0.0))
    return Group(
        fingerprint=fingerprint,
        known=causes.known(group.partner, group.cause.value, group.code),
        cause=group.cause.value,
        code=group.code,
        owner=noted.owner,
        note=noted.note,
        noted_by=noted.who,
        noted_at=noted.at,
        state=group.state,
        tone=TONES[group.state],
        title=entry.title(say.language),
        under=under,
        operation_title=operation,
        partner=group.partner,
        partner_title=title_of(house, group.partner, say),
        side=entry.side,
        resend=entry.resend,
        advice=entry.advice(say.language),
        count=group.count,
        dossiers=group.dossiers,
        oldest_at=group.oldest_at,
        example=group.example,
        verb=verb,
        query=query,
        hold_key=group.hold_key,
        needs_person=needs_person(group),
    )


def waits_for(hold_key: str, say: Speech) -> str:
    """What a group waits for: `code:ward:29999:2026-11-27` in words, another key as it is."""
    gap = codes.gap_of(hold_key) if hold_key else None
    return say("causes.gap", code=gap.code, list=say.list_title(gap.code_list)) if gap else hold_key


async def partners(house: House, say: Speech, only: str = "") -> list[Health]:
    """The enabled partners, or `only` one, those in trouble first."""
    totals = await house.ledger.totals()
    views = {view.partner: view for view in await house.ledger.partners()}
    found = [_health(house, name, views.get(name), totals, say) for name in house.enabled if only in ("", name)]
    return sorted(found, key=lambda health: (health.good, -health.backlog, health.title))


def _health(house: House, name: str, view: PartnerView | None, totals: Totals, say: Speech) -> Health:
    def of(*states: State) -> int:
        return sum(n for (partner, state, _), n in totals.counts.items() if partner == name and state in states)

    paused, broken = bool(view and view.paused), bool(view and view.breaker_open)
    words = say("health.good")
    if paused:
        words = say("health.paused")
    elif view is not None and broken:
        words = say("health.breaker", time=say.clock(view.probe_at or say.now))
    return Health(
        name=name,
        title=title_of(house, name, say),
        short=short_of(house, name, say),
        tone="wait" if paused else "bad" if broken else "ok",
        symbol="m-held" if paused else "m-late" if broken else "m-delivered",
        words=words,
        good=not paused and not broken,
        backlog=of(State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT),
        dead=of(State.DEAD),
        doubt=of(State.IN_DOUBT),
        last_success_at=view.last_success_at if view else None,
        probe_at=view.probe_at if view else None,
        paused=paused,
        paused_by=view.paused_by if view else "",
        pause_words=_why_paused(view, say) if view and paused else "",
    )


def _why_paused(view: PartnerView, say: Speech) -> str:
    """The cause in words when the bus paused it, else who did and why."""
    if view.pause_cause:
        return causes.entry(view.partner, view.pause_cause).title(say.language)
    return say("paused.by", who=view.paused_by, reason=view.pause_reason)


@dataclass(frozen=True, slots=True)
class Count:
    """One number of the home page: its symbol and colour, words, what stands below it, and the list it opens."""

    symbol: str
    tone: str
    words: str
    n: int
    below: str
    href: str


def counts(found: Sequence[Group], totals: Totals, say: Speech, only: str = "") -> list[Count]:
    """Numbers that open their lists; states are counted by the ledger's tally, never by rows."""

    def oldest(*, state: State | None = None, cause: Cause | None = None) -> str:
        times = [
            g.oldest_at
            for g in found
            if (state is None or g.state is state) and (cause is None or f"cause={cause.value}" in g.query)
        ]
        return say("oldest", span=say.span(say.now - min(times))) if times else say("none")

    def number(state: State | None = None, cause: Cause | None = None) -> int:
        counted = [(s, c, n) for (partner, s, c), n in totals.counts.items() if only in ("", partner)]
        return sum(n for s, c, n in counted if state in (None, s) and cause in (None, c))

    gaps = len({g.hold_key for g in found if g.hold_key and "cause=code_gap" in g.query})
    steps = deadlines.counted(totals, only)
    gone = sum(n for (_step, stand), n in steps.items() if stand != "risk")
    list_of = "/console/deliveries?state="
    return [
        Count("m-dead", "bad", say("count.dead"), number(State.DEAD), oldest(state=State.DEAD), list_of + "dead"),
        Count(
            "m-in_doubt",
            "doubt",
            say("count.doubt"),
            number(State.IN_DOUBT),
            oldest(state=State.IN_DOUBT),
            list_of + "in_doubt",
        ),
        Count(
            "m-pending",
            "idle",
            say("count.codes"),
            number(cause=Cause.CODE_GAP),
            say("codes.missing", n=gaps),
            "/console/deliveries?cause=code_gap",
        ),
        Count(
            "m-late",
            "bad" if gone else "wait",
            say("count.deadlines"),
            sum(steps.values()),
            say("count.deadlines.below", n=say.number(gone)),
            "/console/expected",
        ),
        Count(
            "m-waiting",
            "wait",
            say("count.held"),
            number(State.WAITING),
            oldest(state=State.WAITING),
            list_of + "waiting",
        ),
    ]
