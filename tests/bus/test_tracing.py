"""One trace per event, whatever task it was received in; one call's trace is its event's."""

from __future__ import annotations

from typing import cast

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from bus import tracing
from tests.builders import a_job


@pytest.fixture(autouse=True)
def tracer(monkeypatch: pytest.MonkeyPatch) -> trace.Tracer:
    """A provider of our own in place of the process's."""
    own = TracerProvider().get_tracer("test")
    monkeypatch.setattr(tracing, "_TRACER", own)
    return own


def test_each_event_begins_a_trace_of_its_own_even_inside_another_span(tracer: trace.Tracer) -> None:
    with (
        tracer.start_as_current_span("a request"),
        tracing.intake_span("x", "") as one,
        tracing.intake_span("x", "") as other,
    ):
        assert tracing.trace_id(one) != tracing.trace_id(other)


def test_a_call_goes_on_in_the_trace_of_its_event(tracer: trace.Tracer) -> None:
    with tracing.intake_span("x", "") as accepted:
        pass
    with (
        tracer.start_as_current_span("something else"),
        tracing.call_span("plain", [a_job(traceparent=accepted)]) as sent,
    ):
        assert tracing.trace_id(sent) == tracing.trace_id(accepted)
        assert sent != accepted


def test_a_call_for_many_has_a_trace_of_its_own_linked_to_each() -> None:
    events = []
    for _ in range(2):
        with tracing.intake_span("x", "") as accepted:
            events.append(accepted)
    with tracing.call_span("plain", [a_job(n, traceparent=t) for n, t in enumerate(events, 1)]) as sent:
        assert tracing.trace_id(sent) not in {tracing.trace_id(t) for t in events}
        links = cast(ReadableSpan, trace.get_current_span()).links
        assert [link.context.trace_id for link in links] == [int(tracing.trace_id(t), 16) for t in events]


@pytest.mark.parametrize(
    "text", ["", "rubbish", "00-" + "0" * 32 + "-" + "b" * 16 + "-01", "00-" + "A" * 32 + "-" + "b" * 16 + "-01"]
)
def test_a_malformed_context_from_outside_is_no_context(text: str) -> None:
    assert tracing.context_of(text) is None
