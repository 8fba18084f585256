"""What there is to be measured: each family's name, kind, labels and meaning; and docs/metrics.md.

No label has a value that users make up: neither tenants nor bookables nor addresses, only routes.
So the number of series is bounded by the code.

python -c "from lastseat.http.metrics_families import page; print(page(), end='')" > docs/metrics.md
"""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Prometheus's words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Family(NamedTuple):
    """One metric. `shared`: the same whichever worker is asked, so it has no label `worker`."""

    name: str
    kind: Kind
    means: str
    labels: tuple[str, ...] = ()
    shared: bool = False


_C, _G, _H = Kind

FAMILIES = {
    family.name: family
    for family in (
        Family("lastseat_commands", _C, "Commands answered, by what they came to.", ("outcome",)),
        Family("lastseat_commands_failed", _C, "Commands that raised: infrastructure or a bug.",
               ("error",)),
        Family("lastseat_commands_deferred", _C, "Times a command had to wait for its locks."),
        Family("lastseat_commands_turned_away", _C,
               "Commands answered `overloaded`: no place in the queues came free in time."),
        Family("lastseat_commands_queued", _G, "Commands that wait for their batch."),
        Family("lastseat_commands_open", _G, "Commands that are not answered yet, queued or not."),
        Family("lastseat_batch_commands", _H, "Commands in a batch, which is one transaction."),
        Family("lastseat_batch_wait_seconds", _H,
               "How long the oldest command of a batch had waited for it."),
        Family("lastseat_batch_seconds", _H, "How long a batch took, retries and all."),
        Family("lastseat_transactions_written", _C, "Writes sent with their COMMIT.", ("lanes",)),
        Family("lastseat_transactions_retried", _C, "Batches tried again after a lost race.",
               ("lanes",)),
        Family("lastseat_connections_lost", _C, "Connections that broke under a batch.",
               ("lanes",)),
        Family("lastseat_connections", _G,
               "Connections to the database that are open: the lanes', and the pools'.", ("pool",)),
        Family("lastseat_pool_idle", _G, "Connections of a pool that nobody uses now.", ("pool",)),
        Family("lastseat_pool_waiting", _G, "Reads that wait for a connection.", ("pool",)),
        Family("lastseat_http_requests", _C, "Requests answered, by route.",
               ("method", "route", "status")),
        Family("lastseat_http_request_seconds", _H, "From a request to the head of its answer.",
               ("method", "route")),
        Family("lastseat_http_requests_open", _G, "Requests that are being answered, streams too."),
        Family("lastseat_rate_limited", _C, "Requests answered 429."),
        Family("lastseat_live_clients", _G, "Live streams."),
        Family("lastseat_live_clients_let_go", _C, "Live clients that did not keep up."),
        Family("lastseat_replica_reads", _C, "Reads that the replica answered."),
        Family("lastseat_replica_missed", _C,
               "Reads for the replica that the primary had to answer."),
        Family("lastseat_process_cpu_seconds", _C, "CPU time of the process."),
        Family("lastseat_process_resident_bytes", _G, "Memory of the process."),
        Family("lastseat_process_open_files", _G, "Open files and sockets of the process."),
        Family("lastseat_worker_up", _G, "Whether the worker told its numbers."),
        Family("lastseat_database_up", _G, "Whether the database answered.", shared=True),
        Family("lastseat_behind_seconds", _G,
               "How long the oldest has waited: of holds, no_shows, feed, webhooks, jobs.",
               ("what",), shared=True),
        Family("lastseat_behind_waiting", _G, "How many wait, counted up to a thousand.",
               ("what",), shared=True),
        Family("lastseat_jobs_running", _G, "Periodic jobs under way.", shared=True),
        Family("lastseat_jobs_failed", _G, "Jobs that failed within a day.", shared=True),
        Family("lastseat_job_workers", _G, "Processes at work on the jobs.", shared=True),
        Family("lastseat_replica_up", _G, "Whether the replica is there and fit to answer.",
               shared=True),
        Family("lastseat_replica_lag_seconds", _G, "How far the replica is behind.", shared=True),
        Family("lastseat_build", _G, "Always 1; the label has the version.", ("version",),
               shared=True),
    )
}  # fmt: skip
"""By name. Counters are shown with `_total` at the end."""

_INTRODUCTION = """\
# Metrics

What `GET /metrics` tells, in Prometheus's format. Drawn from the table in
`src/lastseat/http/metrics_families.py`; a test fails when this page differs. Who may read it, and
how several workers are told apart: [operate.md](operate.md#monitoring).

Every metric but those marked *database* has the label `worker`, too, counted from 0. A histogram
has `_bucket`, `_sum` and `_count`. One with further labels has no series before its first count,
and those of the replica are there where one is configured.
"""


def shown(family: Family) -> str:
    """The name as Prometheus has it."""
    return f"{family.name}_total" if family.kind is Kind.COUNTER else family.name


def page() -> str:
    """The page as it has to be."""
    lines = ["| metric | kind | labels | what |", "|---|---|---|---|"]
    for family in FAMILIES.values():
        labels = ", ".join(f"`{label}`" for label in family.labels)
        labels = ", ".join(x for x in (labels, "*database*" if family.shared else "") if x)
        lines.append(f"| `{shown(family)}` | {family.kind} | {labels} | {family.means} |")
    return _INTRODUCTION + "\n" + "\n".join(lines) + "\n"
