"""An administrative procedure as the national catalogue publishes it: one version, by its decision and effective date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.canonical.base import Count, Day, Flag, Instant, Shape
from contracts.identifier import Key, Label, ProcedureCode, Text, Title

Channel = Literal["counter", "online", "post", "other"]
Unit = Literal["HOUR", "DAY", "WORKING_DAY", "MONTH", "OTHER"]
State = Literal["public", "hidden", "withdrawn"]
Number = Annotated[str, Field(max_length=100)]
"""A legal document's number, tidied where it can be read and as given where it cannot."""


class NamedCode(Shape):
    """An agency or a field of work: its code in the catalogue and its name."""

    code: Label = ""
    name: Text = ""


class TimeLimit(Shape):
    """How long a case may take on one channel. Without `amount` the catalogue says it in words alone."""

    channel: Channel
    amount: float | None = Field(default=None, ge=0, le=10_000)
    unit: Unit = "OTHER"
    words: Text = ""


class Tariff(Shape):
    """What a case costs on one channel. Without `amount_vnd` the catalogue says it in words alone."""

    channel: Channel
    code: Label = ""
    amount_vnd: Count | None = None
    unit: Label = ""
    words: Text = ""


class Component(Shape):
    """A paper that must be handed in (thành phần hồ sơ), in one case."""

    case: Text = ""
    code: Label = ""
    title: Text
    form: Text = ""
    originals: Label = ""
    copies: Label = ""
    replaced_by: Label = ""


class Product(Shape):
    """What comes out (kết quả thực hiện)."""

    code: Label = ""
    title: Text = ""


class LegalBasis(Shape):
    """A legal document the procedure rests on (căn cứ pháp lý)."""

    number: Number = ""
    title: Text = ""


class Decision(Shape):
    """The decision that published the version (quyết định công bố). Provinces publish within 5 working days of its date."""

    id: Key
    number: Label = ""
    title: Text = ""
    agency: Text = ""
    signed_on: Day | None = None
    effective_on: Day | None = None
    published_on: Day | None = None
    publish_by: Day | None = None
    late: Flag = False


class PublishedProcedure(Shape):
    """One version of a procedure. `quirks` names what was wrong with the catalogue's row and mended, or kept, on entry."""

    code: ProcedureCode
    code_as_given: Label
    name: Title
    state: State
    ended_on: Day | None = None
    kind: Label = ""
    published_by: Label = ""
    decision: Decision | None = None
    levels: tuple[Text, ...] = ()
    fields: tuple[NamedCode, ...] = ()
    agencies: tuple[NamedCode, ...] = ()
    channels: tuple[Channel, ...] = ()
    applicants: tuple[Text, ...] = ()
    limits: tuple[TimeLimit, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    components: tuple[Component, ...] = ()
    products: tuple[Product, ...] = ()
    bases: tuple[LegalBasis, ...] = ()
    related: tuple[Label, ...] = ()
    quirks: tuple[Label, ...] = ()

    @property
    def online(self) -> bool:
        return "online" in self.channels

    @property
    def takes_effect_on(self) -> date:
        """The day from which this version holds; ever, where the catalogue names none."""
        by = self.decision
        return (by.effective_on or by.signed_on if by else None) or date.min


def standing(versions: Iterable[PublishedProcedure], on: date | None = None) -> PublishedProcedure | None:
    """Of a procedure's versions the one that stands: on a day, or (without one) the last, whether or not its day has come.

    Of two rows of one day the one that was not ended stands.
    """
    begun = (one for one in versions if on is None or one.takes_effect_on <= on)
    return max(begun, key=lambda one: (one.takes_effect_on, one.state == "public"), default=None)


class ProcedureEvent(Shape):
    """A procedure was published, changed, hidden or withdrawn in the national catalogue."""

    procedure: PublishedProcedure
    changed_at: Instant
