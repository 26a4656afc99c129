"""One trace per event, whatever task it was received in; one call's trace is its event's."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bus import tracing
from bus.outcome import Delivered, Unknown
from tests.builders import a_job


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """What was exported."""
    return InMemorySpanExporter()


@pytest.fixture(autouse=True)
def tracer(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> trace.Tracer:
    """A provider of our own in place of the process's."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    own = provider.get_tracer("test")
    monkeypatch.setattr(tracing, "_TRACER", own)
    monkeypatch.setattr(tracing, "_share", 1.0)
    return own


def test_each_event_begins_a_trace_of_its_own_even_inside_another_span(tracer: trace.Tracer) -> None:
    with tracer.start_as_current_span("a request"):
        one, other = tracing.begin("x", ""), tracing.begin("x", "")
        assert tracing.trace_id(one) != tracing.trace_id(other)


def test_a_call_goes_on_in_the_trace_of_its_event(tracer: trace.Tracer) -> None:
    accepted = tracing.begin("x", "")
    with tracer.start_as_current_span("something else"):
        sent = tracing.begin_call("plain", [a_job(traceparent=accepted)]).traceparent
        assert tracing.trace_id(sent) == tracing.trace_id(accepted)
        assert sent != accepted


def test_a_call_for_many_has_a_trace_of_its_own_linked_to_each(spans: InMemorySpanExporter) -> None:
    events = [tracing.begin("x", "") for _ in range(2)]
    call = tracing.begin_call("plain", [a_job(n, traceparent=t) for n, t in enumerate(events, 1)])
    assert tracing.trace_id(call.traceparent) not in {tracing.trace_id(t) for t in events}
    call.end([Delivered(), Unknown()])
    (span,) = spans.get_finished_spans()[2:]
    assert [link.context.trace_id for link in span.links] == [int(tracing.trace_id(t), 16) for t in events]
    assert span.attributes is not None
    assert span.attributes["lienthong.delivered"] == 1


@pytest.mark.parametrize(
    "text", ["", "rubbish", "00-" + "0" * 32 + "-" + "b" * 16 + "-01", "00-" + "A" * 32 + "-" + "b" * 16 + "-01"]
)
def test_a_malformed_context_from_outside_is_no_context(text: str) -> None:
    assert tracing.context_of(text) is None


def test_what_is_not_sampled_keeps_one_trace_id_and_makes_no_span(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_share", 0.0)
    accepted = tracing.begin("x", "")
    call = tracing.begin_call("plain", [a_job(traceparent=accepted)])
    call.end([Delivered()])
    assert tracing.current() == call.traceparent != accepted
    assert tracing.trace_id(call.traceparent) == tracing.trace_id(accepted)
    assert call.traceparent.endswith("-00")
    assert not spans.get_finished_spans()


def test_a_call_for_many_is_recorded_when_one_of_their_traces_is(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = tracing.begin("x", "")
    monkeypatch.setattr(tracing, "_share", 0.0)
    jobs = [a_job(1, traceparent=tracing.begin("x", "")), a_job(2, traceparent=recorded)]
    assert tracing.begin_call("plain", jobs).traceparent[-1] in "13"


def test_an_event_that_goes_on_in_a_trace_is_shown_there_linked_to_its_own(spans: InMemorySpanExporter) -> None:
    order, callback = tracing.begin("x", ""), tracing.begin("y", "")
    tracing.join("y", order, callback)
    span = spans.get_finished_spans()[-1]
    assert span.name == "accept y"
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == tracing.trace_id(order)
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [tracing.trace_id(callback)]
    tracing.join("y", order[:-2] + "00", callback)
    assert spans.get_finished_spans()[-1] is span
