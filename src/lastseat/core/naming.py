"""What a command names: bookables, the claims it may come to, bookings that are there already."""

from collections.abc import Sequence

from lastseat.core import commands as c
from lastseat.core.state import Waiter


def bookables_of(command: c.AnyCommand) -> tuple[str, ...]:
    """The bookables a command names itself, without those of the bookings it names."""
    named = _named(command)
    return (*named, *command.expected) if command.expected else named


def _named(command: c.AnyCommand) -> tuple[str, ...]:
    match command:
        case c.Book(claims=(only,), choices=()):
            return (only.bookable,)
        case c.Book() | c.Join():
            return _asked(command)
        case c.BookSeries():
            return tuple(name for date in command.dates for name in _asked(date))
        case c.Define():
            return (command.bookable, *command.parts)
        case c.ChangeCapacity():
            return (command.bookable,)
        case c.SetRules():
            return (command.owner,)
        case c.Move():
            claimed = [name for move in command.moves for name in _asked(move)]
            seats = [move.target for move in command.moves if isinstance(move.target, c.Seat)]
            return (*claimed, *(seat.bookable for seat in seats))
        case c.Append():
            return tuple(command.facts)
        case c.EditEvent():
            return (command.event,)
        case _:
            return (command.target.bookable,) if isinstance(command.target, c.Seat) else ()


def _asked(booking: c.Book | c.Join | c.SeriesDate | c.Relocation) -> tuple[str, ...]:
    claimed = tuple(claim.bookable for claim in booking.claims)
    if not booking.choices:
        return claimed
    return (*claimed, *(name for choice in booking.choices for name in choice.of))


def targets_of(command: c.AnyCommand) -> tuple[c.Target, ...]:
    """The existing bookings a command names."""
    match command:
        case c.Book() | c.BookSeries() | c.Join() | c.Define() | c.ChangeCapacity() | c.SetRules():
            return ()
        case c.EditEvent() | c.Append():
            return ()
        case c.Move():
            return tuple(move.target for move in command.moves)
        case _:
            return (command.target,)


def claims_of(
    asked: c.Book | c.Join | c.SeriesDate | c.Relocation | c.Awaited,
) -> Sequence[c.Claim]:
    """All claims that it may come to: one for each candidate of its choices."""
    if not asked.choices:
        return asked.claims
    return [*asked.claims, *(choice.claim(name) for choice in asked.choices for name in choice.of)]


def awaited_by(waiter: Waiter) -> tuple[str, ...]:
    """What a waiting booking's offer may be on, and the composites that it is asked for as."""
    assert waiter.awaited is not None
    return (*waiter.awaited.on, *(claim.bookable for claim in claims_of(waiter.awaited)))
