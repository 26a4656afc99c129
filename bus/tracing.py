"""One trace from intake through each attempt to the partner's reply, across restarts: the context is stored with the event.

Only OpenTelemetry's API is used here; ops/telemetry.py decides what becomes of the spans. Names and attributes hold no personal
data: partner, operation, state, counts (reliability G15, S13). A trace id from outside is linked, never trusted.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

from bus.adapter import Job
from bus.outcome import Delivered, Outcome

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")
_TRACER = trace.get_tracer("lienthong")
_CHANCE = random.Random()
_CURRENT: ContextVar[str] = ContextVar("traceparent", default="")
_share = 1.0


def context_of(traceparent: str) -> SpanContext | None:
    """The span context a W3C traceparent names, None for an empty or malformed one."""
    match = _TRACEPARENT.match(traceparent)
    if match is None:
        return None
    context = SpanContext(
        int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16))
    )
    return context if context.is_valid else None


def traceparent_of(span: Span) -> str:
    """The W3C traceparent of a span; empty where no provider is installed."""
    context = span.get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def trace_id(traceparent: str) -> str:
    """The trace id inside a traceparent, as it stands in logs and stories."""
    return traceparent[3:35]


def sample(share: float) -> None:
    """Record this share (0 to 1) of the traces that begin here; the others keep their ids, in logs and stories, and no spans."""
    global _share
    _share = share


def begin(event_type: str, outside: str) -> str:
    """Begin an event's trace at its root, linked to a context that came with it; our traceparent."""
    if _share < 1 and _CHANCE.random() >= _share:
        return _unrecorded(_CHANCE.getrandbits(128))
    context = context_of(outside)
    span = _TRACER.start_span(
        f"accept {event_type}",
        context=Context(),  # a root, whatever span this task was born in
        kind=SpanKind.CONSUMER,
        links=[Link(context)] if context is not None else None,
    )
    span.end()
    return traceparent_of(span)


def join(event_type: str, traceparent: str, own: str) -> None:
    """Show in a trace that goes on with this event that it was accepted, linked to the trace its acceptance had begun."""
    context, accepted = context_of(traceparent), context_of(own)
    if context is None or not _recorded(traceparent):
        return
    _TRACER.start_span(
        f"accept {event_type}",
        context=trace.set_span_in_context(NonRecordingSpan(context), Context()),
        kind=SpanKind.CONSUMER,
        links=[Link(accepted)] if accepted is not None else None,
    ).end()


class CallTrace:
    """The trace of one call: its W3C traceparent, and its span where one is recorded."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, traceparent: str, span: Span | None) -> None:
        self.traceparent = traceparent
        self._span = span

    def note(self, name: str, value: str | bool) -> None:
        """One more harmless fact on the span."""
        if self._span is not None:
            self._span.set_attribute(f"lienthong.{name}", value)

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """Say on the span how the call ended, and end it."""
        if self._span is None:
            return
        bad = [outcome for outcome in outcomes if not isinstance(outcome, Delivered)]
        self._span.set_attribute("lienthong.delivered", len(outcomes) - len(bad))
        if bad:
            self._span.set_attribute("lienthong.cause", str(bad[0].cause))
        self._span.end()


def begin_call(partner: str, jobs: Sequence[Job]) -> CallTrace:
    """One call: a child of its event's trace, or, for many dossiers, a span linked to each of their recorded traces.

    It is current for the rest of this task. Where none of the traces is recorded, the call has an id and costs no span.
    """
    first, alone = jobs[0], len(jobs) == 1
    recorded = [context for job in jobs if _recorded(job.traceparent) and (context := context_of(job.traceparent))]
    if not recorded:
        kept = alone and first.traceparent
        call = CallTrace(_unrecorded(int(trace_id(kept), 16) if kept else _CHANCE.getrandbits(128)), None)
    else:
        span = _TRACER.start_span(
            f"{first.step} {partner} {first.operation}",
            context=trace.set_span_in_context(NonRecordingSpan(recorded[0]), Context()) if alone else Context(),
            kind=SpanKind.CLIENT,
            links=None if alone else [Link(context) for context in recorded],
            attributes={
                "lienthong.partner": partner,
                "lienthong.operation": first.operation,
                "lienthong.rows": len(jobs),
            },
        )
        call = CallTrace(traceparent_of(span), span)
    _CURRENT.set(call.traceparent)
    return call


def begin_lookup(partner: str, lookup: str, outside: str) -> CallTrace:
    """One look-up: a trace of its own, linked to the context its caller came with."""
    if _share < 1 and _CHANCE.random() >= _share:
        call = CallTrace(_unrecorded(_CHANCE.getrandbits(128)), None)
    else:
        context = context_of(outside)
        span = _TRACER.start_span(
            f"lookup {partner} {lookup}",
            context=Context(),
            kind=SpanKind.CLIENT,
            links=[Link(context)] if context is not None else None,
            attributes={"lienthong.partner": partner, "lienthong.lookup": lookup},
        )
        call = CallTrace(traceparent_of(span) or _unrecorded(_CHANCE.getrandbits(128)), span)
    _CURRENT.set(call.traceparent)
    return call


def current() -> str:
    """The traceparent of the call this task is making; empty outside one."""
    return _CURRENT.get()


def _recorded(traceparent: str) -> bool:
    return bool(traceparent) and traceparent[-1] in "13579bdf"


def _unrecorded(trace: int) -> str:
    return f"00-{trace:032x}-{_CHANCE.getrandbits(64):016x}-00"
