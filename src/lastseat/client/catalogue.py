"""The calls about what has no capacity of its own: locations, and services as they are sold.

To the library these are `tenant.catalogue`. What is saved comes as it is now; a refusal as a value.
"""

from typing import Any

import msgspec

from lastseat.client.call import Call, read, write
from lastseat.client.looking import PAGE_SIZE
from lastseat.core.events import WaitPolicy
from lastseat.core.outcomes import Refusal
from lastseat.views.catalogue import Location, Service, Terms
from lastseat.views.page import Page


class Catalogue:
    """Locations and services."""

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
    ) -> Call[Location | Refusal]:
        """Make a location; the same again changes nothing, another is `already_defined`."""
        body = {
            "location_id": location_id,
            "name": name,
            "time_zone": time_zone,
            "attributes": attributes,
            "no_show": no_show,
            "no_show_after_seconds": no_show_after_seconds,
        }
        return write("POST", Location, "v1", "locations", body=body, key=key)

    def location(self, location_id: str) -> Call[Location]:
        """The location. Raises `NotFound`."""
        return read(Location, "v1", "locations", location_id)

    def locations(self, *, page_size: int = PAGE_SIZE) -> Call[Page[Location]]:
        """The locations by id."""
        return read(Page[Location], "v1", "locations", query={"limit": page_size})

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
    ) -> Call[Location | Refusal]:
        """Change what is given; empty attributes clear. A stale `version` is a `conflict`."""
        body = {
            "name": name,
            "time_zone": time_zone,
            "attributes": attributes,
            "no_show": no_show,
            "no_show_after_seconds": no_show_after_seconds,
            "expected_version": version,
        }
        return write("PATCH", Location, "v1", "locations", location_id, body=body, key=key)

    def create_service(
        self,
        service_id: str,
        terms: Terms,
        *,
        max_simultaneous_bookings: int,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> Call[Service | Refusal]:
        """Make a service and its bookable `service:<service_id>` of that capacity."""
        body = {
            "service_id": service_id,
            "max_simultaneous_bookings": max_simultaneous_bookings,
            "waitlist": waitlist,
            **_fields(terms),
        }
        return write("POST", Service, "v1", "services", body=body, key=key)

    def service(self, service_id: str) -> Call[Service]:
        """The service with its capacity now. Raises `NotFound`."""
        return read(Service, "v1", "services", service_id)

    def services(self, *, page_size: int = PAGE_SIZE) -> Call[Page[Service]]:
        """The services by id."""
        return read(Page[Service], "v1", "services", query={"limit": page_size})

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
    ) -> Call[Service | Refusal]:
        """Change terms by name, None to take one away, and how many at once.

        A capacity below what is taken at the peak is `below_taken`, or an override with a reason.
        """
        body = {
            "max_simultaneous_bookings": max_simultaneous_bookings,
            "expected_version": version,
            "override": override,
            "reason": reason,
        }
        return write(
            "PATCH",
            Service,
            "v1",
            "services",
            service_id,
            body=body,
            nulls=_changes(changes),
            key=key,
        )


def _fields(terms: object) -> dict[str, Any]:
    # What is no terms is no field of a service, and refused as such.
    return msgspec.structs.asdict(terms) if isinstance(terms, Terms) else {"terms": terms}


def _changes(changes: object) -> dict[str, Any]:
    return changes if isinstance(changes, dict) else {"changes": changes}
