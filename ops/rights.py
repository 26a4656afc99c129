"""What people may do: six roles, what each is for, and the rights that follow. Every page of the console asks for one right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Role = Literal["viewer", "data_reader", "operator", "approver", "administrator", "auditor"]
Right = Literal["look", "find", "reveal", "act", "approve", "people", "audit", "targets", "settings"]
"""`look`: everything, personal data masked. `find`: which dossiers belong to a citizen. `reveal`: one masked field, with a purpose.
`act`: the operator's verbs, pausing and resuming partners. `approve`: what somebody else has asked for. `people`: who may sign in.
`audit`: who did what and who looked. `targets`: the whole province's indicators. `settings`: how the bus is set up, without secrets."""

ROLES: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"look", "targets"}),
    "data_reader": frozenset({"look", "find", "reveal", "targets"}),
    "operator": frozenset({"look", "find", "act", "targets", "settings"}),
    "approver": frozenset({"look", "find", "approve", "targets"}),
    "administrator": frozenset({"look", "people", "audit", "targets", "settings"}),
    "auditor": frozenset({"look", "audit", "targets", "settings"}),
}
ALL: frozenset[Right] = frozenset(get_args(Right))
EVERYWHERE: frozenset[Right] = frozenset({"people", "audit", "targets", "settings"})
"""Rights that reach over all partners, so that nobody has them who is bound to one."""


def rights_of(roles: Iterable[str], partner: str = "") -> frozenset[Right]:
    """What somebody with these roles may; bound to a `partner`, nothing that reaches over all of them.

    >>> sorted(rights_of({"viewer", "auditor"}))
    ['audit', 'look', 'settings', 'targets']
    >>> sorted(rights_of({"administrator"}, "national_portal"))
    ['look']
    """
    found: frozenset[Right] = frozenset().union(*(ROLES[role] for role in ROLES if role in roles))
    return found - EVERYWHERE if partner else found
