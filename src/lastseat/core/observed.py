"""Deciding on a picture: what a caller saw of an occurrence, and the sequence it saw it at (A3).

The decision on the picture is pure. What would be written is then asked for with the observed
sequence as the expected one, so of two callers with one picture exactly one is `booked`.
"""

from msgspec import Struct

from lastseat.core import outcomes as o
from lastseat.core.interval import Interval
from lastseat.core.status import Status


class ObservedPlace(Struct, frozen=True):
    """One booking seen on a roster, from its first seat on."""

    booking_id: str
    actor: str
    units: int
    seat: int
    status: Status


class Observed(Struct, frozen=True):
    """An occurrence as seen at sequence `seq`: its capacity and its roster, oldest first."""

    bookable: str
    seq: int
    capacity: int
    during: Interval
    roster: tuple[ObservedPlace, ...]

    @property
    def taken(self) -> int:
        """Units of all bookings seen."""
        return sum(place.units for place in self.roster)


def book_observed(observed: Observed, actor: str, units: int = 1) -> o.Already | o.Full | None:
    """The refusal that the picture itself gives, in the order of A3, or None to go on."""
    for place in observed.roster:
        if place.actor == actor:
            return o.Already(
                booking_id=place.booking_id,
                actor=actor,
                bookable=observed.bookable,
                seat=place.seat,
                status=place.status,
            )
    left = observed.capacity - observed.taken
    if units > left:
        return o.Full(
            actor=actor,
            bookable=observed.bookable,
            capacity=observed.capacity,
            left=max(0, left),
            during=observed.during,
        )
    return None


def cancel_observed(observed: Observed, actor: str) -> o.NotBooked | None:
    """`not_booked` when the picture does not show the actor, or None to go on."""
    if any(place.actor == actor for place in observed.roster):
        return None
    return o.NotBooked(actor=actor, bookable=observed.bookable)
