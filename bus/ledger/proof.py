"""The accounts: totals from the counters, and the proof that every counter says what a full count finds."""

from __future__ import annotations

from bus.ledger.database import Connection, Rows
from bus.ledger.expected import TALLY
from bus.ledger.views import Proof, Totals
from bus.ledger.words import State
from bus.outcome import Cause


def totals(rows: Rows) -> Totals:
    """The rows of the tally as counts."""
    counts: dict[tuple[str, State, Cause], int] = {}
    owed: dict[str, int] = {}
    overdue: dict[tuple[str, str], int] = {}
    events = 0
    for partner, state, cause, n in rows:
        if state == "event":
            events += int(n)
        elif state == "owed":
            owed[partner] = owed.get(partner, 0) + int(n)
        elif n and state == TALLY:
            overdue[partner, cause] = int(n)
        elif n:
            counts[partner, State(state), Cause(cause)] = int(n)
    return Totals(counts, owed, events, overdue)


def proof(connection: Connection) -> Proof:
    """Tally and counters of trouble against a full count, all in one snapshot, and owed against the sum of states."""
    connection.snapshot(True)
    try:
        told = totals(connection.rows("totals", {}))
        counted = {(p, State(s), Cause(c)): int(n) for p, s, c, n in connection.rows("full_count", {})}
        causes_told, causes_counted = (
            _by_cause(connection.rows(query, {})) for query in ("trouble_told", "trouble_counted")
        )
        events = connection.rows("count_events", {})[0][0]
        raised = {(p, f"{step}.{state}"): int(n) for p, step, state, n in connection.rows("full_count_raised", {})}
    finally:
        connection.snapshot(False)
    differences = [
        f"{p} {s} {c}: tally {told.counts.get((p, s, c), 0)}, counted {counted.get((p, s, c), 0)}"
        for p, s, c in sorted(told.counts.keys() | counted.keys())
        if told.counts.get((p, s, c), 0) != counted.get((p, s, c), 0)
    ]
    for partner in sorted(told.owed.keys() | {key[0] for key in counted}):
        sum_of_states = sum(n for key, n in counted.items() if key[0] == partner)
        if told.owed.get(partner, 0) != sum_of_states:
            differences.append(f"{partner}: owed {told.owed.get(partner, 0)}, in all states {sum_of_states}")
    if events != told.events:
        differences.append(f"events: tally {told.events}, counted {events}")
    if raised != told.overdue:
        differences.append(f"raised steps: tally {dict(told.overdue)}, counted {raised}")
    differences += [
        f"{' '.join(filter(None, group))}: (deliveries, dossiers) told {causes_told.get(group)}, counted {causes_counted.get(group)}"
        for group in sorted(causes_told.keys() | causes_counted.keys())
        if causes_told.get(group) != causes_counted.get(group)
    ]
    return Proof(not differences, tuple(differences))


def _by_cause(rows: Rows) -> dict[tuple[str, ...], tuple[int, int]]:
    """How many deliveries of how many dossiers by partner, operation, state, cause, code and hold key."""
    return {tuple(group): (int(n), int(dossiers)) for *group, n, dossiers in rows}
