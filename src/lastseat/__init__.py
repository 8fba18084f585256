"""Lastseat: the booking engine that never sells the last seat twice.

    import lastseat

    with lastseat.open() as engine:
        studio = engine.tenant("studio")
        outcome = studio.book("yoga@2026-11-23T18:00", actor="ann@example.org")

`open` is for threads, `open_async` for asyncio, `execute_in` for a transaction of your own.
`lastseat.outcomes` has what commands come to: values, refusals too.

Each name is loaded when it is first used (PEP 562), since all of them take half a second: the
command's `--version` needs none, the client few.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from lastseat.library.opening import open, open_async  # noqa: A004 - used as lastseat.open
    from lastseat.library.synchronous.engine import Engine
    from lastseat.library.synchronous.tenant import Tenant
    from lastseat.library.transaction import execute_in
    from lastseat.views.bookings import Forgotten
    from lastseat.views.catalogue import Need, Terms
    from lastseat.views.history import AuditClaim, AuditEntry, AuditState, BookingRow
    from lastseat.views.page import Page
    from lastseat.views.times import (
        AgendaItem,
        BusyInterval,
        Clash,
        Opening,
        OpenSlot,
        OutsideRules,
        Suggestion,
    )

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
    "Need",
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
    "Terms",
    "execute_in",
    "open",
    "open_async",
    "outcomes",
]

# The same once more, for when it runs.
_HOMES = {
    name: home
    for home, names in {
        "lastseat.core": "outcomes",
        "lastseat.core.commands": "Choice Claim Contact SeriesDate SeriesPolicy",
        "lastseat.core.events": "ActorTime Fact Kind",
        "lastseat.core.interval": "Interval",
        "lastseat.core.observed": "Observed",
        "lastseat.core.outcomes": "AnyOutcome Code",
        "lastseat.core.rules": "Hours RecurringBlock Rules Season Span SpecialDay",
        "lastseat.core.schedule": "Override",
        "lastseat.core.status": "Status",
        "lastseat.embedded": "EmbeddedError",
        "lastseat.engine.errors": (
            "CommandFailed DatabaseUnavailable EngineClosed ForkedEngine LastseatError"
            " OutcomeUnknown RetryTransaction"
        ),
        "lastseat.ledger.migrate": "MigrationError",
        "lastseat.library.asynchronous.engine": "AsyncEngine NotFound",
        "lastseat.library.asynchronous.tenant": "AsyncTenant",
        "lastseat.library.commands": "Commands",
        "lastseat.library.opening": "open open_async",
        "lastseat.library.synchronous.engine": "Engine",
        "lastseat.library.synchronous.tenant": "Tenant",
        "lastseat.library.transaction": "execute_in",
        "lastseat.views.bookings": "Forgotten",
        "lastseat.views.catalogue": "Need Terms",
        "lastseat.views.history": "AuditClaim AuditEntry AuditState BookingRow",
        "lastseat.views.page": "Page",
        "lastseat.views.times": (
            "AgendaItem BusyInterval Clash OpenSlot Opening OutsideRules Suggestion"
        ),
    }.items()
    for name in names.split()
}

if not TYPE_CHECKING:  # a type checker would believe any name

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'lastseat' has no attribute {name!r}")
        # `from home import name`. The next use finds it here.
        found = getattr(__import__(_HOMES[name], fromlist=[name]), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
