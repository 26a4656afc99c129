"""A partner's failure table: what it says, what that means, what a person does. One shape for every room: it is printed and tried.

A room offers `FAULTS` in its `faults` module; the first line that fits decides. What no line knows is in doubt (reliability, section 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bus.outcome import Absent, Cause, Contract, Delivered, Held, Outcome, Permanent, Transient, Unknown

Meaning = Literal["done", "exists", "later", "busy", "expired", "forbidden", "refused", "contract", "unknown"]

MEANS: dict[Meaning, tuple[tuple[type[Outcome], Cause | None], ...]] = {
    "done": ((Delivered, None),),
    "exists": ((Delivered, None), (Absent, None), (Permanent, Cause.REFUSED)),
    "later": ((Transient, Cause.LATER),),
    "busy": ((Transient, Cause.BUSY),),
    "expired": ((Transient, Cause.EXPIRED), (Held, Cause.FORBIDDEN)),
    "forbidden": ((Held, Cause.FORBIDDEN),),
    "refused": ((Permanent, Cause.REFUSED),),
    "contract": ((Contract, Cause.CONTRACT),),
    "unknown": ((Unknown, None),),
}
"""What each meaning comes to. `exists`: it has it already, which is checked; `expired`: one new session, one repeat, then this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One line: one of these codes (empty: any) with one of these words in it, whatever their case (empty: any), means this."""

    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    means: Meaning
    advice_vi: str = ""
    advice_en: str = ""
    source: str

    def fits(self, code: str, said: str) -> bool:
        """Whether the line speaks of this code and these words (`said` is case-folded)."""
        if self.codes and code not in self.codes:
            return False
        return not self.words or any(word in said for word in self.words)


def find(faults: Iterable[Fault], code: str = "", words: str = "") -> Fault | None:
    """The first line that fits, None when the table knows nothing of it."""
    said = words.casefold()
    return next((line for line in faults if line.fits(code, said)), None)
