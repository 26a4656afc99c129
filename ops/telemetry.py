"""Traces and logs leave here: OpenTelemetry's SDK with an optional OTLP exporter, structlog as one JSON line per record.

A collector that is down, slow or full changes nothing for deliveries: spans are dropped. Control and bidi characters are escaped, so that
one record is one line.
"""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from bus import tracing
from ops.settings import TelemetrySettings

LOG_BYTES = 50 * 2**20
LOG_FILES = 5
QUIET = (
    "zeep",
    "httpx",
    "aiohttp",
    "amqp",
    "kombu",
    "pika",
    "urllib3",
    "opentelemetry",
    "asyncio",
    "alembic",
    "uvicorn.access",
)
"""Libraries that speak of payloads or too much."""


def start(settings: TelemetrySettings) -> None:
    """Set up tracing and logging for this process, once."""
    _start_tracing(settings)
    _start_logging(settings)


def _start_tracing(settings: TelemetrySettings) -> None:
    provider = TracerProvider(
        sampler=ParentBased(ALWAYS_ON),  # bus.tracing begins spans for sampled traces alone
        resource=Resource.create({"service.name": "lienthong"}),
    )
    if settings.otlp_url:
        exporter = OTLPSpanExporter(endpoint=settings.otlp_url, timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=4096, schedule_delay_millis=2000))
    trace.set_tracer_provider(provider)
    tracing.sample(settings.sample_ratio if settings.otlp_url else 0.0)


def _start_logging(settings: TelemetrySettings) -> None:
    level = getattr(logging, settings.log_level.upper())
    handler: logging.Handler
    if settings.log_file:
        handler = RotatingFileHandler(settings.log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    else:
        handler = logging.StreamHandler(sys.stderr)
    logging.raiseExceptions = False  # a full disk under the log does not stop a delivery
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        add_trace_id,
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=True)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL if name in ("zeep", "aiohttp") else logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def add_trace_id(_logger: Any, _method: str, record: dict[str, Any]) -> dict[str, Any]:
    """The trace and span a record belongs to."""
    if traceparent := tracing.current():
        _, record["trace_id"], record["span_id"], _ = traceparent.split("-")
    return record
