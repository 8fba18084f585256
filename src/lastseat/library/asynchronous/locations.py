"""`tenant.catalogue`, the half of places: locations, each with a time zone."""

from typing import Any

from lastseat.calendar import zones
from lastseat.catalogue import locations
from lastseat.catalogue.answers import Refused, Saved
from lastseat.core import fields as f
from lastseat.library.asynchronous.bounds import listed
from lastseat.library.asynchronous.kept import AsyncKept
from lastseat.library.keeping import Connection, invalid
from lastseat.views.catalogue import Location


class AsyncLocations(AsyncKept):
    """A tenant's locations."""

    async def create_location(
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
        """Make a location; `time_zone` is a name of the time zone database (IANA).

        A booking there that nobody checked in becomes NO_SHOW `no_show_after_seconds` after its
        start, 900 unless given and up to 604800 (a week); with `no_show` false it never does.

        `Saved`, with `created` false when the same was there already; `already_defined`, `invalid`.
        """
        # What is not given is no part of the request's hash, as it was none before there was it.
        more = _given({"no_show": no_show, "no_show_after_seconds": no_show_after_seconds})
        asked = {"name": name, "time_zone": time_zone, "attributes": attributes, **more}

        async def work(connection: Connection) -> Saved[Any] | Refused:
            return await locations.create(connection, self._tenant.tenant_id, location_id, **asked)

        refusal = invalid(lambda: _location(location_id, asked))
        return refusal or await self._keep(
            "create_location", {"id": location_id, **asked}, key, work, Location
        )

    async def location(self, location_id: str) -> Location | None:
        """The location, or None when the tenant has none of that id."""
        found: Location | None = await self._read(locations.get, location_id)
        return found

    async def locations(self, *, after: str = "", limit: int = 100) -> list[Location]:
        """A page of locations by id. The last one's id is the next page's `after`."""
        found: list[Location] = await self._read(locations.page, after=after, limit=listed(limit))
        return found

    async def update_location(
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
        """Change what is given; empty attributes clear. A stale `version` is a `conflict`.

        What is booked already keeps the local times it was booked at. A change of the time after
        which one is a no-show counts for bookings that are there, too.
        """
        more = _given({"no_show": no_show, "no_show_after_seconds": no_show_after_seconds})
        asked = {"name": name, "time_zone": time_zone, "attributes": attributes, **more}
        changes = _given(asked)
        if "attributes" in changes:
            # A row has null for none.
            changes["attributes"] = attributes or None

        async def work(connection: Connection) -> Saved[Any] | Refused:
            return await locations.update(
                connection,
                self._tenant.tenant_id,
                location_id,
                changes=changes,
                version=version,
            )

        refusal = invalid(lambda: _location(location_id, changes))
        return refusal or await self._keep(
            "update_location", {"id": location_id, "version": version, **asked}, key, work, Location
        )


def _location(location_id: str, asked: dict[str, Any]) -> None:
    f.name("location_id", location_id)
    if "name" in asked:
        f.name("name", asked["name"])
    if "time_zone" in asked:
        zone = asked["time_zone"]
        f.name("time_zone", zone)
        try:
            zones.zone(zone)
        except zones.UnknownZone:
            raise f.Bad("time_zone", "is not in the time zone database (IANA)") from None
    if asked.get("attributes") is not None:
        f.json("attributes", asked["attributes"])
    if "no_show" in asked:
        f.flag("no_show", asked["no_show"])
    if "no_show_after_seconds" in asked:
        seconds = asked["no_show_after_seconds"]
        f.integer("no_show_after_seconds", seconds, 0, locations.NO_SHOW_MOST_SECONDS)


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in asked.items() if value is not None}
