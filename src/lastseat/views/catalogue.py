"""What has a name and no capacity of its own: locations, and services with their terms."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from lastseat.core import limits
from lastseat.core.events import WaitPolicy
from lastseat.core.state import SERVICE_PREFIX

NO_SHOW_AFTER_SECONDS = 15 * 60
"""How long after its start a booking is a no-show, unless its location says otherwise."""


class Location(Struct, frozen=True, kw_only=True):
    """A place. `version` counts its changes.

    `no_show_after_seconds` after its start a booking that nobody checked in becomes NO_SHOW by
    itself; not where `no_show` is false (MISSION C4).
    """

    location_id: str
    name: str
    time_zone: str
    attributes: dict[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime
    no_show: bool = True
    no_show_after_seconds: int = NO_SHOW_AFTER_SECONDS


class Need(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Bookables that a booking of the service takes: all of `of`, or `any` of them.

    `adjacent` are any that follow each other in the order of `of`: lanes as they lie. `units` are
    taken of each, "party" as many as are booked for.
    """

    of: tuple[str, ...]
    any: int | None = None
    adjacent: bool = False
    units: int | Literal["party"] = 1


class Terms(Struct, frozen=True, kw_only=True):
    """How a service is sold; lengths are in seconds.

    `duration_seconds` None: as long as who books says. Capacity is taken for `before_seconds` and
    `after_seconds` around what the customer sees. A reservation holds for `hold_seconds` and can be
    extended to `hold_limit_seconds` after it was made. `needs` are the resources it takes.
    """

    name: str
    location_id: str | None = None
    duration_seconds: int | None = None
    before_seconds: int = 0
    after_seconds: int = 0
    hold_seconds: int = limits.HOLD_SECONDS
    hold_limit_seconds: int = limits.HOLD_LIMIT_SECONDS
    attributes: dict[str, Any] | None = None
    needs: tuple[Need, ...] = ()


class Service(Terms, frozen=True, kw_only=True):
    """A service, with how many at once, and who is offered what comes free (MISSION C7).

    `time_zone` is its location's.
    """

    service_id: str
    max_simultaneous_bookings: int
    waitlist: WaitPolicy = WaitPolicy.FIFO
    time_zone: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def bookable(self) -> str:
        """The id of what is booked."""
        return SERVICE_PREFIX + self.service_id
