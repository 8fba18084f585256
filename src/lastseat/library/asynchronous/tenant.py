"""A tenant: all its operations together."""

from lastseat.library.asynchronous.acting import AsyncActing
from lastseat.library.asynchronous.availability import AsyncAvailability
from lastseat.library.asynchronous.booking import AsyncBooking
from lastseat.library.asynchronous.calendars import AsyncCalendars
from lastseat.library.asynchronous.catalogue import AsyncCatalogue
from lastseat.library.asynchronous.defining import AsyncDefining
from lastseat.library.asynchronous.events import AsyncEvents
from lastseat.library.asynchronous.listing import AsyncListing
from lastseat.library.asynchronous.observing import AsyncObserving
from lastseat.library.asynchronous.reservations import AsyncReservations
from lastseat.library.asynchronous.waiting import AsyncWaiting
from lastseat.library.asynchronous.webhooks import AsyncWebhooks


class AsyncTenant(
    AsyncDefining,
    AsyncEvents,
    AsyncBooking,
    AsyncActing,
    AsyncObserving,
    AsyncWaiting,
    AsyncListing,
    AsyncAvailability,
):
    """One tenant's operations. Cheap to make; keep no state but ids."""

    @property
    def catalogue(self) -> AsyncCatalogue:
        """The tenant's locations and services."""
        return AsyncCatalogue(self)

    @property
    def reservations(self) -> AsyncReservations:
        """Reservations and appointments of services (MISSION part D)."""
        return AsyncReservations(self)

    @property
    def calendars(self) -> AsyncCalendars:
        """Calendars imported and shown, and feeds (MISSION B7)."""
        return AsyncCalendars(self)

    @property
    def webhooks(self) -> AsyncWebhooks:
        """Who else is told of changes (MISSION H4)."""
        return AsyncWebhooks(self)
