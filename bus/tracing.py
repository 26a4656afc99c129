"""One trace from intake through each attempt to the partner's reply, across restarts: the context is stored with the event.

Only OpenTelemetry's API is used here; ops/telemetry.py decides what becomes of the spans. Names and attributes hold no personal
data: partner, operation, state, counts (reliability G15, S13). A trace id from outside is linked, never trusted.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


@contextmanager
def call_span(partner: str, jobs: Sequence[Job]) -> Iterator[str]:
    """One call: a child of its event's trace, or, for many dossiers, a span linked to each of their traces. Yields its traceparent.

    Where none of the traces is recorded, neither is the call: it has an id and costs no span.
    """
    first = jobs[0]
    if not any(_recorded(job.traceparent) for job in jobs):
        alone = first.traceparent if len(jobs) == 1 else ""
        traceparent = _unrecorded(int(trace_id(alone), 16) if alone else _CHANCE.getrandbits(128))
        token = _CURRENT.set(traceparent)
        try:
            yield traceparent
        finally:
            _CURRENT.reset(token)
        return
    contexts = [context for job in jobs if (context := context_of(job.traceparent)) is not None]
    single = len(jobs) == 1 and bool(contexts)
    parent = trace.set_span_in_context(NonRecordingSpan(contexts[0]), Context()) if single else Context()
    span = _TRACER.start_span(
        f"{first.step} {partner} {first.operation}",
        context=parent,
        kind=SpanKind.CLIENT,
        links=[Link(context) for context in contexts] if len(jobs) > 1 else None,
    )
    if span.is_recording():
        span.set_attribute("lienthong.partner", partner)
        span.set_attribute("lienthong.operation", first.operation)
        span.set_attribute("lienthong.rows", len(jobs))
    token = _CURRENT.set(traceparent_of(span))
    try:
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield _CURRENT.get()
    finally:
        _CURRENT.reset(token)


def current() -> str:
    """The traceparent of the call this task is making; empty outside one."""
    return _CURRENT.get()


def _recorded(traceparent: str) -> bool:
    return bool(traceparent) and traceparent[-1] in "13579bdf"


def _unrecorded(trace: int) -> str:
    return f"00-{trace:032x}-{_CHANCE.getrandbits(64):016x}-00"


def note_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Say on the current span how the call ended."""
    span = trace.get_current_span()
    if span.is_recording():
        bad = [outcome for outcome in outcomes if not isinstance(outcome, Delivered)]
        span.set_attribute("lienthong.delivered", len(outcomes) - len(bad))
        if bad:
            span.set_attribute("lienthong.cause", str(bad[0].cause))
