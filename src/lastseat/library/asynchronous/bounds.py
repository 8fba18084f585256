"""What the arguments of reads may be. Those of commands are checked in the core."""

from datetime import UTC, date, datetime
from uuid import UUID

from lastseat.core import fields, limits
from lastseat.core.interval import Interval
from lastseat.reads import listing, rows


def whole(name: str, value: object, least: int, most: int) -> int:
    """A whole number in a range. Raises `ValueError`."""
    try:
        fields.integer(name, value, least, most)
    except fields.Bad as bad:
        raise ValueError(f"{name} {bad.invalid.reason}") from None
    assert isinstance(value, int)
    return value


def page(limit: int) -> int:
    """The rows of one page of a roster or journal. Raises `ValueError`."""
    return whole("limit", limit, 1, rows.MOST_ROWS)


def listed(limit: int, name: str = "limit") -> int:
    """The same of a list. Raises `ValueError`."""
    return whole(name, limit, 1, listing.MOST_LISTED)


def aware(name: str, time: datetime | None) -> datetime | None:
    """A time that says its zone, if there is one. Raises `ValueError`."""
    return None if time is None else moment(name, time)


def moment(name: str, time: object) -> datetime:
    """A time that says its zone. Raises `ValueError`."""
    if not isinstance(time, datetime):
        raise ValueError(f"{name} must be a datetime")  # noqa: TRY004 - as all bad input is
    if time.utcoffset() is None:
        raise ValueError(f"{name} must have a time zone")
    return time


def window(start: datetime, end: datetime, first: str = "start", last: str = "end") -> Interval:
    """A time to look at, in UTC: 400 days at most. Raises `ValueError`."""
    for name, time in ((first, start), (last, end)):
        if not limits.EARLIEST <= moment(name, time) < limits.LATEST:
            raise ValueError(f"{name} must be from {limits.EARLIEST:%Y} to {limits.LATEST:%Y}")
    # Two times of one zone compare by the wall, which errs in the hour that comes twice.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        raise ValueError(f"{last} must come after {first}")
    if end - start > limits.LONGEST:
        raise ValueError(f"{last} must be at most {limits.LONGEST.days} days after {first}")
    return Interval(start, end)


def days(first: date, last: date) -> None:
    """Dates to look at, both included: 401 at most. Raises `ValueError`."""
    dates: tuple[tuple[str, object], ...] = (("first", first), ("last", last))
    for name, day in dates:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ValueError(f"{name} must be a date")  # noqa: TRY004 - as all bad input is
        if not limits.EARLIEST.date() <= day < limits.LATEST.date():
            raise ValueError(f"{name} must be from {limits.EARLIEST:%Y} to {limits.LATEST:%Y}")
    if not 0 <= (last - first).days <= limits.LONGEST.days:
        raise ValueError(f"last must be first or up to {limits.LONGEST.days} days after it")


def sequence(name: str, value: int) -> int:
    """A place in a stream to go on from. Raises `ValueError`."""
    return whole(name, value, 0, 2**63 - 1)


def is_id(booking_id: str) -> bool:
    """Whether it is the id of a booking that may be there."""
    try:
        return str(UUID(booking_id)) == booking_id.lower()
    except ValueError:
        return False
