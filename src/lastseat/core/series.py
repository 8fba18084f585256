"""A series: the same booking on many dates, decided date by date in one step (MISSION H1).

Each date is decided as a booking of its own would be, on a copy of the world on which those before
it are made already. What the policy then thinks of the report decides whether any of it is done.
"""

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.booking import decide_book
from lastseat.core.state import Entry
from lastseat.core.world import Decision, World


def decide_book_series(world: World, command: c.BookSeries) -> Decision:
    """Book the dates that can be had, or none when the policy wants more of them."""
    scratch = world.scratch()
    report: list[o.DateOutcome | None] = []
    entries: list[Entry] = []
    booked = 0
    for date in command.dates:
        if booked == command.most:
            report.append(None)
            continue
        outcome, made = decide_book(scratch, _book(command, date), command.series_id)
        report.append(outcome)
        if made:
            scratch.apply(made, command.actor)
            entries += made
            booked += 1
    if booked < _least(command):
        refused = o.SeriesRefused(actor=command.actor, policy=command.policy, report=tuple(report))
        return refused, []
    outcome_of_all = o.SeriesBooked(
        series_id=command.series_id, actor=command.actor, booked=booked, report=tuple(report)
    )
    return outcome_of_all, entries


def _least(command: c.BookSeries) -> int:
    """How many dates the policy wants at the least."""
    match command.policy:
        case c.SeriesPolicy.ALL_OR_NOTHING:
            return len(command.dates)
        case c.SeriesPolicy.SKIP_CONFLICTS:
            return 1
        case c.SeriesPolicy.FIRST_N:
            return command.most or 1


def _book(command: c.BookSeries, date: c.SeriesDate) -> c.Book:
    """The booking that one date comes to."""
    return c.Book(
        tenant_id=command.tenant_id,
        command_id=command.command_id,
        booking_id=date.booking_id,
        actor=command.actor,
        claims=date.claims,
        choices=date.choices,
        hold_seconds=command.hold_seconds,
        limit_seconds=command.limit_seconds,
        confirmed=command.confirmed,
        override=command.override,
    )
