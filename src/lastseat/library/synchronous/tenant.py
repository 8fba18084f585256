"""A tenant: all its operations together."""

from typing import TypeVar

from lastseat.library.synchronous.availability import Availability
from lastseat.library.synchronous.booking import Booking
from lastseat.library.synchronous.calendars import Calendars
from lastseat.library.synchronous.catalogue import Catalogue, Reservations
from lastseat.library.synchronous.defining import Defining
from lastseat.library.synchronous.events import Events
from lastseat.library.synchronous.listing import Listing
from lastseat.library.synchronous.looking import Looking
from lastseat.library.synchronous.observing import Observing
from lastseat.library.synchronous.waiting import Waiting
from lastseat.library.synchronous.webhooks import Webhooks

T = TypeVar("T")


class Tenant(Defining, Events, Booking, Observing, Looking, Waiting, Listing, Availability):
    """One tenant's operations; `AsyncTenant` says what each comes to."""

    @property
    def catalogue(self) -> Catalogue:
        """The tenant's locations and services."""
        return Catalogue(self.engine, self._tenant.catalogue)

    @property
    def reservations(self) -> Reservations:
        """Reservations and appointments of services (MISSION part D)."""
        return Reservations(self.engine, self._tenant.reservations)

    @property
    def calendars(self) -> Calendars:
        """Calendars imported and shown, and feeds (MISSION B7)."""
        return Calendars(self.engine, self._tenant.calendars)

    @property
    def webhooks(self) -> Webhooks:
        """Who else is told of changes (MISSION H4)."""
        return Webhooks(self.engine, self._tenant.webhooks)
