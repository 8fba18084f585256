"""`GET /metrics`: what this process and its siblings have counted, in Prometheus's format.

The numbers are counted as plain integers where things happen (engine/counts.py, edge.py) and read
here, when somebody asks: a booking pays for no metric. prometheus-client only writes them down.
"""

import asyncio
import ipaddress
import os
import resource
from collections import defaultdict
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from msgspec import Struct
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from lastseat.access import Action, permit
from lastseat.engine.counts import Spread
from lastseat.engine.errors import LastseatError
from lastseat.feed.hub import Hub
from lastseat.http.auth import SERVICE, Service
from lastseat.http.edge import EDGE, Edge
from lastseat.http.health import measured
from lastseat.http.incoming import AnyRequest
from lastseat.http.live import HUB
from lastseat.http.metrics_families import FAMILIES, Kind
from lastseat.http.problems import Forbidden, Reply, unknown
from lastseat.http.settings import MetricsFor
from lastseat.http.siblings import others

PATIENCE = 2.0
"""Seconds that the database may take for its part; without it the rest is told all the same."""


class Counted(Struct, frozen=True):
    """A `Spread` at one moment."""

    bounds: list[float]
    counts: list[int]
    total: float


Value = float | Counted
Samples = dict[str, list[tuple[list[str], Value]]]
"""Of each family the values, each with those of its labels."""


def numbers(service: Service, edge: Edge, hub: Hub) -> Samples:
    """What this process has counted."""
    found: Samples = defaultdict(list)

    def tell(name: str, value: Value, *labels: str) -> None:
        found[name].append(([*labels], value))

    turnstile = service.engine.turnstile
    counts = turnstile.counts
    for outcome, count in counts.outcomes.items():
        tell("lastseat_commands", count, outcome)
    for error, count in counts.failed.items():
        tell("lastseat_commands_failed", count, error)
    tell("lastseat_commands_deferred", counts.deferred)
    tell("lastseat_commands_turned_away", counts.turned_away)
    tell("lastseat_commands_queued", turnstile.queued)
    tell("lastseat_commands_open", turnstile.open)
    tell("lastseat_batch_commands", _counted(counts.batches))
    tell("lastseat_batch_wait_seconds", _counted(counts.waited))
    tell("lastseat_batch_seconds", _counted(counts.took))
    for name, lanes in (("fast", turnstile.fast_lanes), ("slow", turnstile.slow_lanes)):
        tell("lastseat_transactions_written", sum(x.counts.written for x in lanes), name)
        tell("lastseat_transactions_retried", sum(x.counts.retried for x in lanes), name)
        tell("lastseat_connections_lost", sum(x.counts.lost for x in lanes), name)
        tell("lastseat_connections", sum(x.connected for x in lanes), name)
    for name, pool in service.engine.pools.items():
        stats = pool.get_stats()
        tell("lastseat_connections", stats.get("pool_size", 0), name)
        tell("lastseat_pool_idle", stats.get("pool_available", 0), name)
        tell("lastseat_pool_waiting", stats.get("requests_waiting", 0), name)
    if (replica := service.engine.replica) is not None:
        tell("lastseat_replica_reads", replica.answered)
        tell("lastseat_replica_missed", replica.missed)
    _of_http(found, edge)
    tell("lastseat_rate_limited", service.slowed_down)
    tell("lastseat_live_clients", hub.clients)
    tell("lastseat_live_clients_let_go", hub.let_go)
    tell("lastseat_worker_up", 1)
    used = resource.getrusage(resource.RUSAGE_SELF)
    tell("lastseat_process_cpu_seconds", used.ru_utime + used.ru_stime)
    tell("lastseat_process_resident_bytes", _resident())
    tell("lastseat_process_open_files", len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - a count
    return found


def _of_http(found: Samples, edge: Edge) -> None:
    routes: dict[tuple[str, str], list[Spread]] = defaultdict(list)
    for (method, route, status), spread in edge.requests.items():
        labels = [method, route, str(status)]
        found["lastseat_http_requests"].append((labels, sum(spread.counts)))
        routes[method, route].append(spread)
    for (method, route), spreads in routes.items():
        together = Counted(
            list(spreads[0].bounds),
            [sum(x) for x in zip(*(spread.counts for spread in spreads), strict=True)],
            sum(spread.total for spread in spreads),
        )
        found["lastseat_http_request_seconds"].append(([method, route], together))
    found["lastseat_http_requests_open"].append(([], edge.busy))


def _counted(spread: Spread) -> Counted:
    return Counted(list(spread.bounds), list(spread.counts), spread.total)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def of_the_database(service: Service) -> Samples:
    """What is the same whichever process is asked."""
    found: Samples = defaultdict(list)
    found["lastseat_build"].append(([metadata.version("lastseat")], 1))
    engine = service.engine
    try:
        async with asyncio.timeout(PATIENCE):
            lag = await measured(engine)
    except (LastseatError, TimeoutError):
        found["lastseat_database_up"].append(([], 0))
    else:
        found["lastseat_database_up"].append(([], 1))
        for what, behind in lag.each().items():
            found["lastseat_behind_seconds"].append(([what], behind.seconds))
            found["lastseat_behind_waiting"].append(([what], behind.waiting))
        found["lastseat_jobs_running"].append(([], lag.running_jobs))
        found["lastseat_jobs_failed"].append(([], lag.failed_jobs))
        found["lastseat_job_workers"].append(([], lag.workers))
    if engine.replica is not None:
        fit = await engine.replica.fit()
        found["lastseat_replica_up"].append(([], float(fit)))
        found["lastseat_replica_lag_seconds"].append(([], engine.replica.lag))
    return found


class _Page(Collector):
    """The numbers of all as prometheus-client wants them."""

    def __init__(self, shared: Samples, workers: dict[int, Samples]) -> None:
        self._shared = shared
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES.values():
            labels = family.labels if family.shared else (*family.labels, "worker")
            metric: Any = _KINDS[family.kind](family.name, family.means, labels=labels)
            if family.shared:
                told = self._shared.get(family.name, [])
            else:
                told = [
                    ([*values, str(worker)], value)
                    for worker, samples in self._workers.items()
                    for values, value in samples.get(family.name, [])
                ]
            for values, value in told:
                if isinstance(value, Counted):
                    metric.add_metric(values, _cumulative(value), sum_value=value.total)
                else:
                    metric.add_metric(values, value)
            if told:
                yield metric


_KINDS = {
    Kind.COUNTER: CounterMetricFamily,
    Kind.GAUGE: GaugeMetricFamily,
    Kind.HISTOGRAM: HistogramMetricFamily,
}


def _cumulative(value: Counted) -> list[tuple[str, float]]:
    sums, total = [], 0
    for bound, count in zip([*map(str, value.bounds), "+Inf"], value.counts, strict=True):
        total += count
        sums.append((bound, float(total)))
    return sums


_read = msgspec.json.Decoder(Samples).decode


def told(app: Any) -> bytes:
    """The numbers of this process for its siblings."""
    return msgspec.json.encode(numbers(app.opt[SERVICE], app.opt[EDGE], app.opt[HUB]))


@get("/metrics", include_in_schema=False)
async def metrics(request: AnyRequest) -> Response[Any]:
    """All numbers of all workers."""
    opt = request.app.opt
    service: Service = opt[SERVICE]
    await _check_allowed(request, service)
    settings = service.settings
    mine = numbers(service, opt[EDGE], opt[HUB])
    shared, rest = await asyncio.gather(
        of_the_database(service), others(settings.siblings, settings.workers, settings.worker)
    )
    workers = {settings.worker: mine}
    for worker, text in rest.items():
        workers[worker] = {"lastseat_worker_up": [([], 0)]} if text is None else _read(text)
    accept = next((v.decode("latin-1") for n, v in request.scope["headers"] if n == b"accept"), "")
    encode, media = choose_encoder(accept)
    body = encode(_Page(shared, dict(sorted(workers.items()))))
    return Reply(200, body, [(b"content-type", media.encode())])


_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})


async def _check_allowed(request: AnyRequest, service: Service) -> None:
    """Raises the problems 401, 403 and 404."""
    wanted = service.settings.metrics
    if wanted is MetricsFor.NOBODY:
        raise unknown("not_found")
    if wanted is MetricsFor.ANYBODY:
        return
    headers = request.scope["headers"]
    if wanted is MetricsFor.LOCAL and _local(request.scope, {name for name, _ in headers}):
        return
    # What is asked for is no JSON; who asks is all that matters here.
    found = await service.who([(n, v) for n, v in headers if n != b"accept"])
    if permit(found.principal, Action.TENANTS_CREATE) is None:
        raise Forbidden(
            "metrics", "The numbers are of all tenants: they are for an owner of the operator's."
        )


def _local(scope: Any, names: set[bytes]) -> bool:
    """Whether this machine itself asks, and no proxy on it for somebody else."""
    client = scope.get("client")
    if client is None or names & _FORWARDED or b"authorization" in names:
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


handlers = [metrics]
