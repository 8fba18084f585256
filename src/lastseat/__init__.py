"""Lastseat: the booking engine that never sells the last seat twice.

    import lastseat

    with lastseat.open() as engine:
        studio = engine.tenant("studio")
        outcome = studio.book("yoga@2026-11-23T18:00", actor="ann@example.org")

`open` is for threads, `open_async` for asyncio, `execute_in` for a transaction of your own.
`lastseat.outcomes` has what commands come to: values, refusals too.
"""

from lastseat.core import outcomes
from lastseat.core.commands import Choice, Claim, Contact, SeriesDate, SeriesPolicy
from lastseat.core.events import ActorTime, Fact, Kind
from lastseat.core.interval import Interval
from lastseat.core.observed import Observed
from lastseat.core.outcomes import AnyOutcome, Code
from lastseat.core.rules import Hours, RecurringBlock, Rules, Season, Span, SpecialDay
from lastseat.core.schedule import Override
from lastseat.core.status import Status
from lastseat.embedded import EmbeddedError
from lastseat.engine.errors import (
    CommandFailed,
    DatabaseUnavailable,
    EngineClosed,
    ForkedEngine,
    LastseatError,
    OutcomeUnknown,
    RetryTransaction,
)
from lastseat.ledger.migrate import MigrationError
from lastseat.library.asynchronous.engine import AsyncEngine, NotFound
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.library.commands import Commands
from lastseat.library.forgetting import Forgotten
from lastseat.library.hours import OutsideRules
from lastseat.library.occupied import BusyInterval, Clash
from lastseat.library.opening import open, open_async  # noqa: A004 - used as lastseat.open
from lastseat.library.seeking import Opening, OpenSlot
from lastseat.library.suggesting import Suggestion
from lastseat.library.synchronous.engine import Engine
from lastseat.library.synchronous.tenant import Tenant
from lastseat.library.transaction import execute_in
from lastseat.reads.agenda import AgendaItem
from lastseat.reads.audit import AuditClaim, AuditEntry, AuditState, BookingRow
from lastseat.reads.listing import Page

__all__ = [
    "ActorTime",
    "AgendaItem",
    "AnyOutcome",
    "AsyncEngine",
    "AsyncTenant",
    "AuditClaim",
    "AuditEntry",
    "AuditState",
    "BookingRow",
    "BusyInterval",
    "Choice",
    "Claim",
    "Clash",
    "Code",
    "CommandFailed",
    "Commands",
    "Contact",
    "DatabaseUnavailable",
    "EmbeddedError",
    "Engine",
    "EngineClosed",
    "Fact",
    "Forgotten",
    "ForkedEngine",
    "Hours",
    "Interval",
    "Kind",
    "LastseatError",
    "MigrationError",
    "NotFound",
    "Observed",
    "OpenSlot",
    "Opening",
    "OutcomeUnknown",
    "OutsideRules",
    "Override",
    "Page",
    "RecurringBlock",
    "RetryTransaction",
    "Rules",
    "Season",
    "SeriesDate",
    "SeriesPolicy",
    "Span",
    "SpecialDay",
    "Status",
    "Suggestion",
    "Tenant",
    "execute_in",
    "open",
    "open_async",
    "outcomes",
]
