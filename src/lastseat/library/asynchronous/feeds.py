"""`tenant.calendars`, the half that shows: exports, and feeds (MISSION B7)."""

from datetime import datetime
from typing import Any

from lastseat.catalogue import feeds, locations
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.catalogue.feeds import NewFeed
from lastseat.core import fields as f
from lastseat.core import outcomes as o
from lastseat.library.asynchronous.bounds import listed
from lastseat.library.asynchronous.kept import AsyncKept
from lastseat.library.keeping import Connection, invalid
from lastseat.library.showing import Shown, kind_of, show
from lastseat.reads import calendars as shown
from lastseat.views.calendars import Feed


class AsyncFeeds(AsyncKept):
    """What a tenant's calendars show."""

    async def export(
        self,
        of: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        redacted: bool = False,
    ) -> Shown | o.Invalid | Unknown:
        """The calendar of an `event:<id>`, a `resource:<id>`, a `location:<id>`, an `actor:<id>`.

        What is live in `[start, end)`, from a month ago to 400 days ahead unless said otherwise.
        `redacted`: without people. `Unknown` when the tenant has no such event, resource, location.
        """
        tenant = self._tenant
        return await show(
            tenant.engine, tenant.tenant_id, of, start=start, end=end, redacted=redacted
        )

    async def create_feed(
        self, of: str, *, redacted: bool = True, key: str | None = None
    ) -> Saved[NewFeed] | Saved[Feed] | Refused:
        """Give out an address under which a calendar can be read by whoever has it.

        `of` is as in `export`. The answer has the address, `<feed_id>.<secret>`, and no other ever
        will: a repeat under the same `key` is answered with the `Feed` alone.
        """
        asked = {"of": of, "redacted": redacted}
        known = kind_of(of)
        if known is None:
            return o.Invalid(
                field="of", reason="must be event:, resource:, location: or actor:<id>"
            )
        bad = invalid(lambda: f.name("of", known[1]))
        if bad is not None:
            return bad

        async def work(connection: Connection) -> NewFeed | Refused:
            there = await _there(connection, self._tenant.tenant_id, *known)
            if there is not None:
                return there
            return await feeds.create(connection, self._tenant.tenant_id, of=of, redacted=redacted)

        return await self._made("create_feed", asked, key, work)

    async def feeds(self, *, after: str | None = None, limit: int = 100) -> list[Feed]:
        """A page of feeds by id. The last one's id is the next page's `after`."""
        found: list[Feed] = await self._read(feeds.page, after=after, limit=listed(limit))
        return found

    async def change_feed(
        self, feed_id: str, *, key: str | None = None
    ) -> Saved[NewFeed] | Saved[Feed] | Refused:
        """Give a feed another secret: its old address is unknown from here on."""

        async def work(connection: Connection) -> NewFeed | Refused:
            made = await feeds.change_secret(connection, self._tenant.tenant_id, feed_id)
            return made if made is not None else Unknown("feed", feed_id)

        return await self._made("change_feed", {"id": feed_id}, key, work)

    async def revoke_feed(self, feed_id: str, *, key: str | None = None) -> Saved[Feed] | Refused:
        """Take a feed away for good."""

        async def work(connection: Connection) -> Saved[Any] | Refused:
            found = await feeds.revoke(connection, self._tenant.tenant_id, feed_id)
            return Saved(found, created=False) if found is not None else Unknown("feed", feed_id)

        return await self._keep("revoke_feed", {"id": feed_id}, key, work, Feed)

    async def _made(
        self, operation: str, asked: dict[str, Any], key: str | None, make: Any
    ) -> Saved[NewFeed] | Saved[Feed] | Refused:
        return await self._keep_without_secret(
            operation,
            asked,
            key,
            make,
            new=NewFeed,
            row=Feed,
            shown=lambda made: made.feed,
            created=True,
        )


async def _there(connection: Connection, tenant: str, kind: str, name: str) -> Unknown | None:
    """What is missing for a feed of this; an actor may be one of tomorrow's."""
    if kind == "location":
        found = await locations.get(connection, tenant, name)
        return None if found is not None else Unknown("location", name)
    if kind == "actor":
        return None
    of_kind = shown.event if kind == "event" else shown.parts
    return None if await of_kind(connection, tenant, name) else Unknown("bookable", name)
