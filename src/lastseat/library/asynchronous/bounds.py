"""What the arguments of reads may be. Those of commands are checked in the core."""

from datetime import datetime
from uuid import UUID

from lastseat.reads import listing, views


def page(limit: int) -> int:
    """The rows of one page of a roster or journal. Raises `ValueError`."""
    if not 1 <= limit <= views.MOST_ROWS:
        raise ValueError(f"limit must be from 1 to {views.MOST_ROWS}")
    return limit


def listed(limit: int) -> int:
    """The same of a list. Raises `ValueError`."""
    if not 1 <= limit <= listing.MOST_LISTED:
        raise ValueError(f"limit must be from 1 to {listing.MOST_LISTED}")
    return limit


def aware(name: str, time: datetime | None) -> datetime | None:
    """A time that says its zone, if there is one. Raises `ValueError`."""
    if time is not None and time.utcoffset() is None:
        raise ValueError(f"{name} must have a time zone")
    return time


def sequence(name: str, value: int) -> int:
    """A place in a stream to go on from. Raises `ValueError`."""
    if not 0 <= value < 2**63:
        raise ValueError(f"{name} must be from 0 to {2**63 - 1}")
    return value


def is_id(booking_id: str) -> bool:
    """Whether it is the id of a booking that may be there."""
    try:
        return str(UUID(booking_id)) == booking_id.lower()
    except ValueError:
        return False
