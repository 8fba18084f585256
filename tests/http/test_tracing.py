"""Where OpenTelemetry's API is installed a booking is a trace; where it is not, nothing is lost.

The API is no dependency, so a stand-in with its names is put where Python finds it: it writes down
which spans were opened inside which.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from lastseat import tracing

TRACE = """
import contextvars, json, sys
from contextlib import contextmanager
_open = contextvars.ContextVar("open", default=())
class SpanKind:
    SERVER = "server"
class Span:
    def __init__(self, name, attributes): self.name, self.attributes = name, dict(attributes or {})
    def update_name(self, name): self.name = name
    def set_attributes(self, more): self.attributes.update(more)
class Tracer:
    @contextmanager
    def start_as_current_span(self, name, context=None, kind=None, attributes=None):
        span = Span(name, attributes)
        above = _open.get()
        token = _open.set((*above, span))
        try:
            yield span
        finally:
            _open.reset(token)
            line = {"name": span.name, "in": [x.name for x in above], "context": context,
                    "attributes": span.attributes}
            print(json.dumps(line), file=sys.stderr)
def get_tracer(name): return Tracer()
"""
PROPAGATE = "def extract(carrier): return dict(carrier)\n"
STORY = """
import sys
from tests.http.inside import Inside
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings
inside = Inside(make_app(ServeSettings(url=sys.argv[1], auth=False)))
header = [("traceparent", "00-abc-def-01"), ("Lastseat-Tenant", sys.argv[2])]
inside.ask("POST", "/v1/resources", {"bookable": "secret-lane"}, headers=header)
inside.ask("GET", "/v1/bookables/secret-lane", headers=header)
inside.close()
"""


def test_a_request_is_a_span_by_its_route_and_a_batch_has_its_round_trips(
    conninfo: str, tenant_id: str, tmp_path: Path
) -> None:
    package = tmp_path / "opentelemetry"
    package.mkdir()
    for name, text in (("__init__", ""), ("trace", TRACE), ("propagate", PROPAGATE)):
        (package / f"{name}.py").write_text(text)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", STORY, conninfo, tenant_id],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    spans = [json.loads(x) for x in done.stderr.splitlines() if x.startswith("{")]
    (made,) = [x for x in spans if x["name"] == "POST /v1/resources"]
    assert made["context"] == {"traceparent": "00-abc-def-01"}
    assert made["attributes"]["http.response.status_code"] == 201
    assert any(x["name"] == "GET /v1/bookables/{bookable}" for x in spans)
    trips = [x for x in spans if x["name"] == "lastseat.round_trip"]
    assert len(trips) >= 3
    assert all("lastseat.batch" in x["in"] for x in trips)
    batch = next(x for x in spans if x["name"] == "lastseat.batch")
    assert batch["attributes"] == {"commands": 1}
    assert "secret-lane" not in done.stderr


def test_without_it_a_span_is_nothing() -> None:
    assert not tracing.TRACED
    with tracing.span("anything", commands=1) as span:
        assert span is None
    assert tracing.span("one") is tracing.span("other")
