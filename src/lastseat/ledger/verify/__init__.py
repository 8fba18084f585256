"""Is the ledger sound? The journal folded anew and compared with every projection of it.

`verify` reads, changes nothing and decides nothing. It works on one snapshot, so it runs beside
live writers, and holds no more than one stream's live claims in memory. In two passes over rows
that the database sorts: streams with their heads, claims, lines, events and rules (streams.py),
then bookings with their leads and claims (bookings.py). Whether anything was oversold is worked out
a second time from the claim rows alone, with other arithmetic than the decisions use
(overselling.py).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from lastseat.ledger.sql import QUERIES
from lastseat.ledger.verify.bookings import check_bookings
from lastseat.ledger.verify.report import (
    Difference,
    EnoughFound,
    Findings,
    Progress,
    Report,
    Tally,
)
from lastseat.ledger.verify.rows import Rows
from lastseat.ledger.verify.streams import Kept, check_streams

__all__ = ["Difference", "Progress", "Report", "verify"]


def verify(
    conninfo: str,
    *,
    tenant_id: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    limit: int = 1_000,
) -> Report:
    """Compare the journal with its projections, of one tenant or (None) of all.

    A sound ledger comes to a report without differences. After `limit` differences it stops, and
    the report's `complete` is false. `progress` is called every few thousand rows.

    Raises `psycopg.Error` when the database can't be read. On Ctrl-C the transaction is closed and
    `KeyboardInterrupt` goes on.
    """
    tally = Tally()
    findings = Findings(limit)
    with psycopg.connect(
        conninfo, row_factory=tuple_row, application_name="lastseat-verify"
    ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute(QUERIES["verify_settings"])
        try:
            _both_passes(connection, tenant_id, progress, tally, findings)
        except EnoughFound:
            complete = False
        else:
            complete = True
    return Report(
        tenants=tally.tenants,
        streams=tally.streams,
        entries=tally.entries,
        bookings=tally.bookings,
        claims=tally.claims,
        differences=tuple(findings.differences),
        complete=complete,
    )


def _both_passes(
    connection: psycopg.Connection[tuple[Any, ...]],
    tenant_id: str | None,
    progress: Callable[[Progress], None],
    tally: Tally,
    findings: Findings,
) -> None:
    size = connection.execute(QUERIES["verify_size"], {"tenant": tenant_id}).fetchone()
    assert size is not None
    entries, bookings = size

    def told(phase: str, total: int) -> Callable[[int], None]:
        return lambda done: progress(Progress(phase, done, max(done, total)))

    with _opened(connection, tenant_id) as read:
        entries_read = read("verify_entries", told("streams", entries))
        kept = Kept(
            heads=read("verify_heads"),
            claims=read("verify_claims"),
            waitlist=read("verify_waitlist"),
            events=read("verify_events"),
            rules=read("verify_rules"),
        )
        check_streams(entries_read, kept, tally, findings)
    with _opened(connection, tenant_id) as read:
        check_bookings(
            read("verify_bookings", told("bookings", bookings)),
            read("verify_leads"),
            read("verify_changes"),
            read("verify_booking_claims"),
            tally,
            findings,
        )


@contextmanager
def _opened(
    connection: psycopg.Connection[tuple[Any, ...]], tenant_id: str | None
) -> Iterator[Callable[..., Rows]]:
    """Opens queries as cursors on the server, all closed at the end."""
    with ExitStack() as stack:

        def read(name: str, told: Callable[[int], None] = lambda _: None) -> Rows:
            cursor = stack.enter_context(connection.cursor(name))
            cursor.execute(QUERIES[name], {"tenant": tenant_id}, binary=True)
            return Rows(cursor, told)

        yield read
