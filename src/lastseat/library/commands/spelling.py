"""How callers spell what a command says: a text or a datetime, seconds or a timedelta.

Nothing is refused here: what is nothing of the kind is left as it is, for validation to refuse.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from lastseat.core import commands as c
from lastseat.engine.ids import new_id

Claims = str | c.Claim | Sequence[str | c.Claim]
"""What a booking takes: an occurrence's id, a `Claim`, or several of them, all or nothing.

The argument `units` beside it is the party's size on each occurrence named by its id."""

Seconds = int | timedelta

Named = TypeVar("Named", bound=StrEnum)


def claims_of(claims: Claims, units: int) -> tuple[c.Claim, ...]:
    """`units` goes to each id. Beside a `Claim`, which has its own, it must not get lost."""
    if isinstance(claims, str):
        return (c.Claim(bookable=claims, units=units),)
    if isinstance(claims, c.Claim):
        claims = (claims,)
    if units != 1 and any(isinstance(x, c.Claim) for x in claims):
        raise ValueError("units go with an occurrence's id; a Claim has units of its own")
    return tuple(
        c.Claim(bookable=x, units=units) if isinstance(x, str) else _normal(x) for x in claims
    )


def choices_of(choices: Sequence[c.Choice]) -> tuple[c.Choice, ...]:
    """The choices in UTC, each remembering the wall clock it was asked for in."""
    return tuple(_normal(_in_a_tuple(x)) for x in choices)


def _in_a_tuple(choice: c.Choice) -> c.Choice:
    """Whoever lists the candidates in a list means the same."""
    candidates: object = getattr(choice, "of", None)
    if not isinstance(candidates, list):
        return choice
    return msgspec.structs.replace(choice, of=tuple(candidates))


def date_of(asked: Claims | c.SeriesDate) -> c.SeriesDate:
    """A date with an id of its own."""
    if not isinstance(asked, c.SeriesDate):
        return c.SeriesDate(booking_id=new_id(), claims=claims_of(asked, 1))
    return msgspec.structs.replace(
        asked,
        booking_id=asked.booking_id or new_id(),
        claims=claims_of(asked.claims, 1),
        choices=choices_of(asked.choices),
    )


_Timed = TypeVar("_Timed", c.Claim, c.Choice)


def _normal(claim: _Timed) -> _Timed:
    """The claim or choice in UTC, remembering the wall clock it was asked for in."""
    # A caller may have passed anything: what is no claim is left for validation to refuse.
    start: object = getattr(claim, "start", None)
    if not isinstance(start, datetime):
        return claim
    end: object = claim.end
    zone = zone_of(start)
    local = start.replace(tzinfo=None).isoformat() if zone else claim.local_start
    return msgspec.structs.replace(
        claim,
        start=utc_of(start),
        end=utc_of(end) if isinstance(end, datetime) else end,
        local_start=local,
        time_zone=zone or claim.time_zone,
    )


def local_text(time: datetime | str) -> str:
    """To the minute. What is more than that, or has a zone, is left for validation to refuse."""
    if not isinstance(time, datetime):
        return time
    return time.isoformat(timespec="auto" if time.second or time.microsecond else "minutes")


def zone_of(time: object) -> str | None:
    """The IANA name of the zone that a datetime is in, if it has one."""
    tzinfo = time.tzinfo if isinstance(time, datetime) else None
    return tzinfo.key if isinstance(tzinfo, ZoneInfo) else None


def utc_of(time: datetime) -> datetime:
    """The instant in UTC. What is no aware datetime is left for validation to refuse."""
    try:
        return time.astimezone(UTC) if time.tzinfo is not None else time
    except (AttributeError, OverflowError):
        return time


def seconds_of(length: Seconds) -> int:
    """Whole seconds."""
    return int(length.total_seconds()) if isinstance(length, timedelta) else length


def named(kind: type[Named], name: Named | str) -> Named:
    """A member of an enumeration by its name."""
    try:
        return kind(name)
    except ValueError:
        # Left for validation, which refuses it by name.
        return name  # type: ignore[return-value]


def target_of(booking: str, actor: str | None) -> c.Target:
    """A booking by its id, or, with an actor, by whose it is on that occurrence."""
    return c.BookingId(booking) if actor is None else c.Seat(booking, actor)
