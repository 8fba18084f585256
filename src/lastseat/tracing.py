"""Spans by OpenTelemetry where `opentelemetry-api` is installed; else nothing, at no cost.

Lastseat configures no exporter: an SDK that somebody has set up (`opentelemetry-instrument`, say)
gets the spans of requests, batches and round trips to the database.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

try:
    from opentelemetry import propagate, trace  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    TRACED = False
else:
    TRACED = True
    _tracer = trace.get_tracer("lastseat")

_NOTHING: AbstractContextManager[Any] = nullcontext()

Span = AbstractContextManager[Any]


def span(name: str, **attributes: str | int) -> Span:
    """What is done inside it is a span of the current trace. Never give it names of people."""
    if not TRACED:
        return _NOTHING
    made: Span = _tracer.start_as_current_span(name, attributes=attributes)
    return made


def request_span(method: str, headers: Iterable[tuple[bytes, bytes]]) -> Span:
    """The span of a request, of the caller's trace if its headers name one. Only when `TRACED`."""
    carrier: Mapping[str, str] = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name in (b"traceparent", b"tracestate", b"baggage")
    }
    made: Span = _tracer.start_as_current_span(
        method, context=propagate.extract(carrier), kind=trace.SpanKind.SERVER
    )
    return made


def routed(made: Any, method: str, template: str, status: int) -> None:
    """Name a request's span when it is known which route it was: never by its path."""
    made.update_name(f"{method} {template}")
    made.set_attributes(
        {
            "http.request.method": method,
            "http.route": template,
            "http.response.status_code": status,
        }
    )
