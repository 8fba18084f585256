"""Channels: which of a tenant's changes somebody wants to be told of. Pure."""

from enum import StrEnum

from msgspec import Struct

from lastseat.core.events import Kind
from lastseat.core.state import LOCATION_PREFIX


class Of(StrEnum):
    """What a channel is of."""

    TENANT = "tenant"
    LOCATION = "location"
    RESOURCE = "resource"
    EVENT = "event"
    OCCURRENCE = "occurrence"


class Channel(Struct, frozen=True):
    """All of a tenant's changes, or those at a location, on a resource, of an event."""

    of: Of = Of.TENANT
    id: str = ""

    def name(self, tenant: str) -> str:
        """As messages name it: `chain.bookings.<tenant>.<location>`, and the like for others."""
        match self.of:
            case Of.TENANT:
                return f"chain.bookings.{tenant}"
            case Of.LOCATION:
                return f"chain.bookings.{tenant}.{self.id}"
            case Of.RESOURCE | Of.EVENT | Of.OCCURRENCE:
                return f"chain.{self.of}s.{tenant}.{self.id}"


EVERYTHING = Channel()
"""The whole tenant."""


class Place(Struct, frozen=True):
    """What a stream is of, as its head says: these three never change."""

    kind: str
    location: str | None = None
    event: str | None = None


def channels_of(stream: str, place: Place | None) -> set[Channel]:
    """The channels that a change on a stream is told on; without a place the tenant's alone."""
    found = {EVERYTHING}
    if place is None:
        return found
    location = place.location
    if place.kind == Kind.LOCATION:
        location = stream.removeprefix(LOCATION_PREFIX)
    if location is not None:
        found.add(Channel(Of.LOCATION, location))
    event = stream if place.kind == Kind.EVENT else place.event
    if event is not None:
        found.add(Channel(Of.EVENT, event))
    if place.kind == Kind.OCCURRENCE:
        found.add(Channel(Of.OCCURRENCE, stream))
    elif place.kind in _RESOURCES:
        found.add(Channel(Of.RESOURCE, stream))
    return found


_RESOURCES = frozenset({Kind.RESOURCE, Kind.POOL, Kind.COMPOSITE, Kind.LIMIT})
