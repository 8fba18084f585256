"""`tenant.catalogue` and `tenant.reservations` for threads: the same operations, waited for."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lastseat.catalogue.answers import Refused, Saved
from lastseat.catalogue.holds import Metrics
from lastseat.catalogue.locations import Location
from lastseat.catalogue.services import Service, Terms
from lastseat.catalogue.slots import Capacity, ConfirmedSlot
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import WaitPolicy
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.catalogue import AsyncCatalogue
from lastseat.library.asynchronous.reservations import AsyncReservations, Whose
from lastseat.library.reserving import Appointment, Cancellation, Reservation, Reserved
from lastseat.library.taking import Asked

if TYPE_CHECKING:
    from lastseat.library.synchronous.engine import Engine


class Catalogue:
    """A tenant's locations and services; `AsyncCatalogue` says what each comes to."""

    def __init__(self, engine: "Engine", catalogue: AsyncCatalogue) -> None:
        self._engine = engine
        self._catalogue = catalogue

    def create_location(
        self,
        location_id: str,
        *,
        name: str,
        time_zone: str,
        attributes: dict[str, Any] | None = None,
        no_show: bool | None = None,
        no_show_after_seconds: int | None = None,
        key: str | None = None,
    ) -> Saved[Location] | Refused:
        """See `AsyncCatalogue.create_location`."""
        return self._engine.call(
            self._catalogue.create_location,
            location_id,
            name=name,
            time_zone=time_zone,
            attributes=attributes,
            no_show=no_show,
            no_show_after_seconds=no_show_after_seconds,
            key=key,
        )

    def location(self, location_id: str) -> Location | None:
        """See `AsyncCatalogue.location`."""
        return self._engine.call(self._catalogue.location, location_id)

    def locations(self, *, after: str = "", limit: int = 100) -> list[Location]:
        """See `AsyncCatalogue.locations`."""
        return self._engine.call(self._catalogue.locations, after=after, limit=limit)

    def update_location(
        self,
        location_id: str,
        *,
        name: str | None = None,
        time_zone: str | None = None,
        attributes: dict[str, Any] | None = None,
        no_show: bool | None = None,
        no_show_after_seconds: int | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> Saved[Location] | Refused:
        """See `AsyncCatalogue.update_location`."""
        return self._engine.call(
            self._catalogue.update_location,
            location_id,
            name=name,
            time_zone=time_zone,
            attributes=attributes,
            no_show=no_show,
            no_show_after_seconds=no_show_after_seconds,
            version=version,
            key=key,
        )

    def create_service(
        self,
        service_id: str,
        terms: Terms,
        *,
        max_simultaneous_bookings: int,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> Saved[Service] | Refused:
        """See `AsyncCatalogue.create_service`."""
        return self._engine.call(
            self._catalogue.create_service,
            service_id,
            terms,
            max_simultaneous_bookings=max_simultaneous_bookings,
            waitlist=waitlist,
            key=key,
        )

    def service(self, service_id: str) -> Service | None:
        """See `AsyncCatalogue.service`."""
        return self._engine.call(self._catalogue.service, service_id)

    def services(self, *, after: str = "", limit: int = 100) -> list[Service]:
        """See `AsyncCatalogue.services`."""
        return self._engine.call(self._catalogue.services, after=after, limit=limit)

    def update_service(
        self,
        service_id: str,
        changes: dict[str, Any],
        *,
        max_simultaneous_bookings: int | None = None,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Saved[Service] | Refused:
        """See `AsyncCatalogue.update_service`."""
        return self._engine.call(
            self._catalogue.update_service,
            service_id,
            changes,
            max_simultaneous_bookings=max_simultaneous_bookings,
            version=version,
            override=override,
            reason=reason,
            key=key,
        )


class Reservations:
    """A tenant's reservations; `AsyncReservations` says what each comes to."""

    def __init__(self, engine: "Engine", reservations: AsyncReservations) -> None:
        self._engine = engine
        self._reservations = reservations

    def reserve(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        seconds: int | None = None,
        actor: str | None = None,
        key: str | None = None,
    ) -> Reserved | o.AnyOutcome:
        """See `AsyncReservations.reserve`."""
        return self._engine.call(
            self._reservations.reserve,
            service_id,
            start=start,
            end=end,
            party=party,
            seconds=seconds,
            actor=actor,
            key=key,
        )

    def validate(self, reservation_id: str, *, whose: Whose = None) -> Reservation | None:
        """See `AsyncReservations.validate`."""
        return self._engine.call(self._reservations.validate, reservation_id, whose=whose)

    def extend(
        self,
        reservation_id: str,
        *,
        seconds: int | None = None,
        version: int | None = None,
        key: str | None = None,
        whose: Whose = None,
    ) -> Answer:
        """See `AsyncReservations.extend`."""
        return self._engine.call(
            self._reservations.extend,
            reservation_id,
            seconds=seconds,
            version=version,
            key=key,
            whose=whose,
        )

    def commit(
        self,
        reservation_id: str,
        *,
        contact: c.Contact,
        key: str | None = None,
        whose: Whose = None,
    ) -> Appointment | o.AnyOutcome:
        """See `AsyncReservations.commit`."""
        return self._engine.call(
            self._reservations.commit, reservation_id, contact=contact, key=key, whose=whose
        )

    def book(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        contact: c.Contact | None = None,
        actor: str | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Appointment | o.AnyOutcome:
        """See `AsyncReservations.book`."""
        return self._engine.call(
            self._reservations.book,
            service_id,
            start=start,
            end=end,
            party=party,
            contact=contact,
            actor=actor,
            override=override,
            reason=reason,
            key=key,
        )

    def reschedule(
        self,
        booking_id: str,
        *,
        start: datetime,
        end: datetime,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
        whose: Whose = None,
    ) -> Reservation | o.AnyOutcome:
        """See `AsyncReservations.reschedule`."""
        return self._engine.call(
            self._reservations.reschedule,
            booking_id,
            start=start,
            end=end,
            version=version,
            override=override,
            reason=reason,
            key=key,
            whose=whose,
        )

    def join_waitlist(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        offer_seconds: int | None = None,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> o.AnyOutcome:
        """See `AsyncReservations.join_waitlist`."""
        return self._engine.call(
            self._reservations.join_waitlist,
            service_id,
            start=start,
            end=end,
            party=party,
            offer_seconds=offer_seconds,
            actor=actor,
            metadata=metadata,
            contact=contact,
            key=key,
        )

    def joining(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        offer_seconds: int | None = None,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> c.Join | o.AnyOutcome:
        """See `AsyncReservations.joining`."""
        return self._engine.call(
            self._reservations.joining,
            service_id,
            start=start,
            end=end,
            party=party,
            offer_seconds=offer_seconds,
            actor=actor,
            metadata=metadata,
            contact=contact,
            key=key,
        )

    def cancel(self, token: str) -> Cancellation | None:
        """See `AsyncReservations.cancel`."""
        return self._engine.call(self._reservations.cancel, token)

    def capacity(
        self, service_id: str, *, start: datetime, end: datetime
    ) -> Capacity | o.Invalid | None:
        """See `AsyncReservations.capacity`."""
        return self._engine.call(self._reservations.capacity, service_id, start=start, end=end)

    def taking(
        self, service_id: str, *, start: datetime, end: datetime, party: int = 1
    ) -> Asked | None:
        """See `AsyncReservations.taking`."""
        return self._engine.call(
            self._reservations.taking, service_id, start=start, end=end, party=party
        )

    def confirmed(
        self, service_id: str, *, start: datetime, end: datetime, limit: int = 100
    ) -> list[ConfirmedSlot]:
        """See `AsyncReservations.confirmed`."""
        return self._engine.call(
            self._reservations.confirmed, service_id, start=start, end=end, limit=limit
        )

    def metrics(self, *, window_seconds: int = 86_400) -> Metrics:
        """See `AsyncReservations.metrics`."""
        return self._engine.call(self._reservations.metrics, window_seconds=window_seconds)
