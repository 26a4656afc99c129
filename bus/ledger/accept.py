"""Accept: events once per source and id, in their source's sequence, each with the deliveries it owes, numbered in their lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bus.ledger import keys
from bus.ledger.book import CLAIMABLE, HOLDING, Book, event_record, idempotency_key
from bus.ledger.database import Row
from bus.ledger.expected import FIRST_LOOK_S
from bus.ledger.figures import UNOWED
from bus.ledger.matter import stand
from bus.ledger.supersede import Holder, superseded
from bus.ledger.words import Arrival, Matter, State, Status, Verdict
from bus.outcome import Cause

NONE, OWN = 0, -1
"""The lane of what came early: none yet, and one of its own later."""


@dataclass(slots=True)
class Thread:
    """The sequence of one source and dossier, locked: its next number and how many events wait behind a gap."""

    next: int
    early: int
    moved: bool = False
    early_at: float | None = None


@dataclass(slots=True)
class Pending:
    """A delivery on its way into a lane. `id` is None until it is known whether it is new."""

    id: int
    event: int
    partner: str
    dossier: str
    operation: str
    full_state: bool
    priority: int
    key: str
    aside: bool = False
    was_early: bool = False

    @property
    def lane(self) -> str:
        """What the lane is called: as its dossier, or by a name nobody else has."""
        return f"{self.dossier}#{self.id}" if self.aside else self.dossier


@dataclass(slots=True)
class Fresh:
    """An event on its way into the book. `entered`: it does not wait behind a gap."""

    number: int
    arrival: Arrival
    digest: bytes
    flags: tuple[str, ...]
    entered: bool


@dataclass(slots=True)
class Intake:
    """What one group brings together before it is written; `ids` are those its deliveries get."""

    ids: Iterator[int]
    events: list[Fresh] = field(default_factory=list)
    entering: list[Pending] = field(default_factory=list)
    early: list[Pending] = field(default_factory=list)
    entered_events: list[int] = field(default_factory=list)
    finders: set[tuple[bytes, str]] = field(default_factory=set)
    matters: list[Matter] = field(default_factory=list)


def lock_threads(book: Book, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], Thread]:
    """Lock the sequences of all arrivals, in one order everywhere; new ones are made."""
    keys = sorted({(a.source, a.subject) for a in arrivals if a.sequence is not None})
    firsts = {source: 0 if book.rules(source).first == "any" else 1 for source in {a.source for a in arrivals}}
    rows = book.db.many_rows("lock_thread", [(source, dossier, firsts[source]) for source, dossier in keys])
    return {(source, dossier): Thread(next_, early) for source, dossier, next_, early in rows}


def accept(
    book: Book, arrivals: Sequence[Arrival], threads: dict[tuple[str, str], Thread] | None = None
) -> list[Verdict]:
    """Take arrivals in; a verdict for each, in their order."""
    threads = lock_threads(book, arrivals) if threads is None else threads
    known = _known(book, arrivals)
    verdicts: list[Verdict | None] = [None] * len(arrivals)
    work = Intake(iter(book.db.ids("delivery", sum(len(arrival.debts) for arrival in arrivals))))
    order = sorted(
        range(len(arrivals)), key=lambda i: (arrivals[i].source, arrivals[i].subject, arrivals[i].sequence or 0)
    )
    ids = iter(book.db.ids("event", len(arrivals)))
    for index in order:
        arrival = arrivals[index]
        digest = book.keys.content_digest(arrival.content)
        if (earlier := known.get((arrival.source, arrival.id))) is not None:
            verdicts[index] = _again(book, arrival, earlier, digest)
            continue
        thread = threads[arrival.source, arrival.subject] if arrival.sequence is not None else None
        verdict = _enter(book, arrival, thread, next(ids), digest, work)
        verdicts[index] = verdict
        if verdict.event is not None:
            known[arrival.source, arrival.id] = (verdict.event, digest)
    _write(book, work)
    _move_threads(book, threads)
    return [verdict if verdict is not None else Verdict(Status.REFUSED) for verdict in verdicts]


def _known(book: Book, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], tuple[int, bytes]]:
    rows = book.db.rows("known_events", {"ids": sorted({a.id for a in arrivals})})
    return {(source, event_id): (number, bytes(digest)) for source, event_id, number, digest in rows}


def _again(book: Book, arrival: Arrival, earlier: tuple[int, bytes], digest: bytes) -> Verdict:
    """The same source and id once more: a duplicate, or a conflict when the content differs (which the journal keeps)."""
    number, known_digest = earlier
    if known_digest == digest:
        return Verdict(Status.DUPLICATE, number)
    book.moves.append([number, "conflict", arrival.client])
    return Verdict(
        Status.CONFLICT, number, reason="an event with this source and id but another content is in the ledger"
    )


def _told_by_itself(arrival: Arrival) -> bool:
    """What a partner tells without being asked: it belongs to its dossier's thread, and names none of its own."""
    named = arrival.envelope is not None and arrival.envelope.correlationid
    return arrival.sequence is None and not arrival.causation_id and not named


def _enter(book: Book, arrival: Arrival, thread: Thread | None, number: int, digest: bytes, work: Intake) -> Verdict:
    """One new event: it enters, waits behind a gap, comes late, or is refused because its number is taken."""
    flags, early = arrival.flags, False
    opens = not arrival.causation_id if thread is None else thread.next <= 1
    if thread is not None and arrival.sequence is not None:
        if thread.next == 0:  # the source's first event sets the beginning
            thread.next = arrival.sequence
        if arrival.sequence != thread.next:
            at = {"dossier": arrival.subject, "source": arrival.source, "sequence": arrival.sequence}
            taken = [row[0] for row in book.db.rows("event_at", at)]
            taken += [
                e.arrival.id
                for e in work.events
                if (e.arrival.subject, e.arrival.source, e.arrival.sequence) == tuple(at.values())
            ]
            if taken:
                return Verdict(
                    Status.REFUSED, reason=f"sequence {arrival.sequence} of this dossier is taken by event {taken[0]}"
                )
            early = arrival.sequence > thread.next
            flags = flags if early else (*flags, "late")
    if _told_by_itself(arrival) and (begun := book.db.rows("thread_of", {"dossier": arrival.subject})):
        arrival.correlation_id = begun[0][0]
        for (traceparent,) in book.db.rows("trace_of", {"dossier": arrival.subject, "source": arrival.source}):
            arrival.traceparent = traceparent
    if arrival.envelope is not None:
        book.accepted.append((number, arrival.envelope))
    work.events.append(Fresh(number, arrival, digest, flags, not early))
    deliveries = _deliveries(arrival, number, work.ids)
    for kind, value in arrival.finders:
        work.finders.add((book.keys.digest(kind, value), arrival.subject))
    work.matters += arrival.matters
    if opens:
        book.search.update(keys.of_code(arrival.subject))
    if arrival.references:
        book.search.update(keys.of_references(arrival.references, arrival.subject))
    book.counts[arrival.source, "event", ""] += 1
    if not deliveries:  # no move of a delivery tells of it
        book.moves.append([number, UNOWED])
    if early:
        assert thread is not None
        thread.early, thread.moved, thread.early_at = thread.early + 1, True, thread.early_at or book.now
        work.early += deliveries
    else:
        work.entering += deliveries
        if thread is not None and arrival.sequence == thread.next:
            thread.next, thread.moved = thread.next + 1, True
            _fill(book, arrival.source, arrival.subject, thread, work)
    owed = tuple((debt.partner, debt.operation) for debt in arrival.debts)
    ready = () if early else tuple(dict.fromkeys(debt.partner for debt in arrival.debts))
    return Verdict(Status.ACCEPTED, number, owed, ready, gap=early)


def _event_row(book: Book, fresh: Fresh) -> Row:
    """The values of `insert_event`."""
    arrival = fresh.arrival
    return (
        fresh.number,
        arrival.source,
        arrival.id,
        arrival.type,
        arrival.subject,
        arrival.sequence,
        int(fresh.entered),
        arrival.occurred_at,
        book.now,
        arrival.client,
        " ".join(fresh.flags),
        arrival.correlation_id,
        arrival.causation_id,
        arrival.traceparent,
        fresh.digest,
        book.keys.seal(arrival.body, event_record(arrival.source, arrival.id)),
    )


def _deliveries(arrival: Arrival, event: int, ids: Iterator[int]) -> list[Pending]:
    return [
        Pending(
            next(ids),
            event,
            debt.partner,
            arrival.subject,
            debt.operation,
            debt.full_state,
            debt.priority,
            idempotency_key(arrival.source, arrival.id, debt.partner, debt.operation),
            debt.aside,
        )
        for debt in arrival.debts
    ]


def _fill(book: Book, source: str, dossier: str, thread: Thread, work: Intake) -> None:
    """A number was reached: what waited directly behind it enters now, from the ledger and from this very group."""
    if not thread.early:
        return
    waiting = {
        sequence: event for event, sequence in book.db.rows("early_events", {"source": source, "dossier": dossier})
    }
    here = {
        e.arrival.sequence: e
        for e in work.events
        if not e.entered and (e.arrival.source, e.arrival.subject) == (source, dossier)
    }
    stored: list[int] = []
    while (sequence := thread.next) in waiting or sequence in here:
        if sequence in here:
            here[sequence].entered = True
            event = here[sequence].number
            work.entering += [d for d in work.early if d.event == event]
            work.early = [d for d in work.early if d.event != event]
        elif waiting[sequence] not in work.entered_events:
            stored.append(waiting[sequence])
            work.entering += _stored_deliveries(book, waiting[sequence], dossier)
        thread.next += 1
        thread.early -= 1
    thread.early_at = book.now if thread.early else None
    work.entered_events += stored


def _stored_deliveries(book: Book, event: int, dossier: str) -> list[Pending]:
    return [
        Pending(number, owner, partner, of, operation, bool(full), priority, "", aside=lane == OWN, was_early=True)
        for number, owner, partner, of, operation, full, priority, lane in book.db.rows(
            "early_deliveries", {"ids": [event], "dossier": dossier}
        )
    ]


def close_gap(book: Book, source: str, dossier: str) -> int:
    """Give up waiting for the missing numbers before the first early event; how many events enter."""
    thread = Thread(*book.db.many_rows("lock_thread", [(source, dossier, 1)])[0][2:])
    early = book.db.rows("early_events", {"source": source, "dossier": dossier})
    if not early:
        return 0
    before = thread.early
    thread.next, thread.moved = min(sequence for _, sequence in early), True
    work = Intake(iter(()))
    _fill(book, source, dossier, thread, work)
    _write(book, work)
    _move_threads(book, {(source, dossier): thread})
    return before - thread.early


def _move_threads(book: Book, threads: dict[tuple[str, str], Thread]) -> None:
    moved = [
        (source, dossier, t.next, t.early, t.early_at) for (source, dossier), t in sorted(threads.items()) if t.moved
    ]
    if moved:
        book.db.many("move_thread", moved)


def _write(book: Book, work: Intake) -> None:
    if work.events:
        book.db.many("insert_event", [_event_row(book, fresh) for fresh in work.events])
    if work.entered_events:
        book.db.run("enter_events", {"ids": work.entered_events})
    if work.finders:
        book.db.many("insert_finder", sorted(work.finders))
    stand(book, work.matters)
    if work.early:
        book.db.many("insert_delivery", [_early_row(book, d) for d in work.early])
        for delivery in work.early:
            book.moved(delivery.id, delivery.partner, None, (State.WAITING, Cause.GAP))
    if work.entering:
        _number(book, work.entering)
    if work.events:  # after the lanes, whose locks a record takes before its replies come here
        subjects = sorted({fresh.arrival.subject for fresh in work.events})
        book.db.many("look_at", [(subject, book.now + FIRST_LOOK_S) for subject in subjects])


def _number(book: Book, entering: Sequence[Pending]) -> None:
    """Give deliveries their numbers under the lanes' locks, supersede what they make needless, write them."""
    lanes: dict[tuple[str, str], list[Pending]] = {}
    for delivery in entering:
        lanes.setdefault((delivery.partner, delivery.lane), []).append(delivery)
    ordered = sorted(lanes.items())
    params = [
        (fresh, partner, lane, len(members), members[0].id, members[0].priority, book.now)
        for fresh, ((partner, lane), members) in zip(book.db.ids("lane", len(ordered)), ordered, strict=True)
    ]
    placed_in = {(partner, lane): row for partner, lane, *row in book.db.many_rows("upsert_lane", params)}
    fresh_rows: list[Row] = []
    numbered: list[Row] = []
    replaced: list[int] = []
    for (partner, name), members in ordered:
        lane, last, head, has_full = placed_in[partner, name]
        first = last - len(members) + 1
        placed = [(number, member) for number, member in enumerate(members, start=first)]
        gone = set[int]()
        if any(member.full_state for member in members):
            fresh = [Holder(m.id, number, m.operation, m.full_state, State.PENDING, "") for number, m in placed]
            gone = supersede(book, lane, partner, fresh, has_full=bool(has_full))
        if head in gone or (head == members[0].id and gone):
            replaced.append(lane)
        book.ready.add(partner)
        for number, member in placed:
            state = State.SUPERSEDED if member.id in gone else State.PENDING
            before = (State.WAITING, Cause.GAP) if member.was_early else None
            book.moved(member.id, partner, before, (state, Cause.NONE))
            if member.was_early:
                numbered.append((member.id, lane, number, state.value, "", int(state in HOLDING), book.now))
            else:
                fresh_rows.append(_row(book, member, lane, number, state))
    if fresh_rows:
        book.db.many("insert_delivery", fresh_rows)
    if numbered:
        book.db.many("number_delivery", numbered)
    book.set_heads(replaced)


def supersede(book: Book, lane: int, partner: str, fresh: Sequence[Holder] = (), *, has_full: bool) -> set[int]:
    """Ids of this lane, the `fresh` ones among them, that a newer full state replaces; the stored ones are moved here."""
    stored = []
    if not fresh or fresh[0].number > 1:
        stored = [
            Holder(row[0], row[1], row[2], bool(row[3]), row[4], row[5])
            for row in book.db.rows("holding", {"lane": lane})
        ]
    gone = superseded([*stored, *fresh], has_full=has_full)
    for holder in stored:
        if holder.id in gone:
            book.db.run("supersede", {"id": holder.id, "now": book.now})
            book.moved(holder.id, partner, (holder.state, holder.cause), (State.SUPERSEDED, Cause.NONE))
    return gone


def _row(book: Book, delivery: Pending, lane: int, number: int, state: State) -> Row:
    """The values of `insert_delivery` for one that is in its lane."""
    due_at = book.now if state in CLAIMABLE else None
    return (
        delivery.id,
        lane,
        number,
        *_facts(delivery),
        state.value,
        "",
        int(state in HOLDING),
        due_at,
        book.now,
        book.now,
    )


def _early_row(book: Book, delivery: Pending) -> Row:
    """The values of `insert_delivery` for one that waits behind a gap, outside any lane."""
    lane = OWN if delivery.aside else NONE
    stands = (State.WAITING.value, Cause.GAP.value, 0, None)
    return (delivery.id, lane, None, *_facts(delivery), *stands, book.now, book.now)


def _facts(delivery: Pending) -> Row:
    return (
        delivery.event,
        delivery.partner,
        delivery.dossier,
        delivery.operation,
        int(delivery.full_state),
        delivery.priority,
        delivery.key,
    )
