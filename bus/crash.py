"""The points at which a process may die, named in one place, so that each can be tried (reliability F05).

`LIENTHONG_CRASH_AT="record.before_commit:3"` kills this process with SIGKILL the third time it gets there.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "accept.before_commit",
    "accept.after_commit",
    "ring.before",
    "ring.after",
    "claim.before_commit",
    "claim.after_commit",
    "call.before",
    "call.after",
    "record.before_commit",
    "record.after_commit",
)

_name, _, _count = os.environ.get("LIENTHONG_CRASH_AT", "").partition(":")
_left = int(_count or 1)


def reach(point: str) -> None:
    """Die here, if this is the point and the time."""
    global _left
    if point != _name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
