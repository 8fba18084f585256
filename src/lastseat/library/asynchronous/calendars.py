"""`tenant.calendars`: files and addresses imported (MISSION B7). What is shown: feeds.py."""

import asyncio
from datetime import datetime
from typing import Any

from lastseat.calendar.ical import BadCalendar
from lastseat.calendar.ical_use import UsedBlocks
from lastseat.catalogue import calendars, locations
from lastseat.catalogue.answers import Refused, Saved, Unknown, outcome_under
from lastseat.catalogue.calendars import Source
from lastseat.config import fetch_networks
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.core.state import LOCATION_PREFIX
from lastseat.gateways.addresses import networks
from lastseat.gateways.fetch import Bounds, Fetched, NotFetched, NotModified, fetch
from lastseat.library.asynchronous.bounds import listed
from lastseat.library.asynchronous.feeds import AsyncFeeds
from lastseat.library.importing import TOO_LONG, Import, Target, read
from lastseat.library.importing_blocks import import_blocks
from lastseat.library.importing_events import import_events
from lastseat.library.importing_terms import checked, digest, terms_of
from lastseat.library.keeping import Connection, unkeepable
from lastseat.reads import bookings
from lastseat.reads import calendars as shown
from lastseat.views.bookings import BookableView
from lastseat.views.calendars import As, Calendar, Counts, ImportReport, ImportTerms

_POOLED = frozenset({Kind.POOL, Kind.LIMIT})
_BLOCKED = frozenset({Kind.RESOURCE, Kind.POOL, Kind.LIMIT, Kind.COMPOSITE})


class AsyncCalendars(AsyncFeeds):
    """A tenant's calendars and feeds. For threads: synchronous/calendars.py."""

    async def import_ics(
        self,
        calendar_id: str,
        data: bytes | str | None = None,
        *,
        url: str | None = None,
        into: str,
        as_: As | str = As.EVENTS,
        capacity: int = 1,
        vanished: str = "report",
        moved: str = "ask",
        dropped: str = "ask",
        key: str | None = None,
    ) -> Saved[ImportReport] | Refused:
        """Import an .ics file, or what is at `url`; again, it changes what has changed.

        `as_` "events" makes events `into` a `location:<id>`, each of `capacity` unless the file
        says otherwise. "blocks" makes times in which nothing can be booked, of a `resource:<id>` or
        a `location:<id>`. Items are known by their UID and SEQUENCE. What is no longer in the file
        is reported, or with `vanished` "cancel" called off. `moved` and `dropped` are what becomes
        of bookings on occurrences that a changed item moves or drops, see `edit_event`; while they
        are "ask" such items stay as they are and are told as undecided.

        Comes to a report, in which each item that was passed over has its reason; or `invalid`
        (no iCalendar, too large, an address that is not public), `Unknown` when there is no such
        location or resource, `conflict` (`importing`) while the calendar is being imported.
        """
        terms = terms_of(into, as_, capacity, vanished, moved, dropped)
        bad = terms if isinstance(terms, o.Invalid) else checked(calendar_id, data, url)
        if bad is not None or isinstance(terms, o.Invalid):
            assert bad is not None
            return bad
        text = data.encode("utf-8", "replace") if isinstance(data, str) else data
        asked = {"id": calendar_id, "url": url, "terms": terms, "data": digest(text)}

        async def work() -> ImportReport | Refused:
            return await self._import(calendar_id, terms, url=url, data=text)

        return await self._once("import_ics", asked, key, work)

    async def refresh(
        self, calendar_id: str, *, key: str | None = None
    ) -> Saved[ImportReport] | Refused:
        """Import a calendar again from its address, if there is anything new; as `import_ics`."""
        asked = {"id": calendar_id}

        async def work() -> ImportReport | Refused:
            found = await self._calendar(calendar_id)
            if found is None:
                return Unknown("calendar", calendar_id)
            calendar, source = found
            if source.url is None:
                return o.Invalid(field="url", reason="is not known: the calendar came from a file")
            return await self._import(calendar_id, calendar.terms, url=source.url, data=None)

        return await self._once("refresh_calendar", asked, key, work)

    async def calendar(self, calendar_id: str) -> Calendar | None:
        """How a calendar is imported and what it came to last; None: there is none."""
        found = await self._calendar(calendar_id)
        return found[0] if found is not None else None

    async def calendars(self, *, after: str = "", limit: int = 100) -> list[Calendar]:
        """A page of calendars by id. The last one's id is the next page's `after`."""
        found: list[Calendar] = await self._read(calendars.page, after=after, limit=listed(limit))
        return found

    async def remove(
        self, calendar_id: str, *, key: str | None = None
    ) -> Saved[Calendar] | Refused:
        """Forget a calendar: `Saved`, as it was. What was made of its items stays."""

        async def work(connection: Connection) -> Saved[Any] | Refused:
            gone = await calendars.drop(connection, self._tenant.tenant_id, calendar_id)
            return Saved(gone, created=False) if gone else Unknown("calendar", calendar_id)

        asked = {"id": calendar_id}
        return await self._keep("remove_calendar", asked, key, work, Calendar)

    # How it is done -------------------------------------------------------------------------------

    async def _once(
        self, operation: str, asked: dict[str, Any], key: str | None, work: Any
    ) -> Saved[ImportReport] | Refused:
        """What `work` comes to, once for a key.

        An import is many transactions, each of which can be done again: so its answer is kept at
        its end, and two of one key at once may both import, and answer alike.
        """
        bad = unkeepable(self._tenant.tenant_id, key, asked)
        if bad is not None:
            # Before the work: `_keep` would say so only when it is done.
            return bad
        found: Saved[ImportReport] | Refused | None = None
        if key is None or await self._answer_under(key) is None:
            done: ImportReport | Refused = await work()
            found = Saved(done, created=True) if isinstance(done, ImportReport) else done
            if key is None or isinstance(found, o.Overloaded | o.Conflict):
                return found

        async def told(_: Connection) -> Saved[Any] | Refused:
            # None: the answer that was there is gone meanwhile, so it is nobody's question yet.
            return found if found is not None else o.Overloaded(retry_after=1.0)

        return await self._keep(operation, asked, key, told, ImportReport)

    async def _answer_under(self, key: str) -> str | None:
        answer: str | None = await self._read(outcome_under, key)
        return answer

    async def _import(
        self, calendar_id: str, terms: ImportTerms, *, url: str | None, data: bytes | None
    ) -> ImportReport | Refused:
        target = await self._target(terms)
        if not isinstance(target, Target):
            return target
        await self._read(calendars.set_, calendar_id, url=url, terms=terms)
        if not await self._read(calendars.begin, calendar_id):
            return o.Conflict(rule="importing", bookable=calendar_id)
        ending: dict[str, Any] = {"counts": None}
        try:
            return await self._under_way(calendar_id, terms, target, data, ending)
        finally:
            await self._read(calendars.end, calendar_id, **ending)

    async def _under_way(
        self,
        calendar_id: str,
        terms: ImportTerms,
        target: Target,
        data: bytes | None,
        ending: dict[str, Any],
    ) -> ImportReport | Refused:
        """The import; `ending` is what is to be kept of it."""
        if data is None:
            fetched = await self._fetched(calendar_id)
            if isinstance(fetched, NotFetched):
                return o.Invalid(field="url", reason=fetched.reason)
            if isinstance(fetched, NotModified):
                return ImportReport(calendar_id=calendar_id, counts=Counts(), not_modified=True)
            data = fetched.body
            ending |= {"etag": fetched.etag, "last_modified": fetched.last_modified}
        now: datetime = await self._tenant.engine.read(shown.now)
        work = Import(self._tenant, calendar_id, terms, target, now)
        await work.load()
        try:
            # In a thread: it takes a while, and others are being served.
            found, skipped = await asyncio.to_thread(read, data, terms, target, now, work.known)
        except BadCalendar as bad:
            return o.Invalid(field=f"ics.{bad.field}", reason=bad.reason)
        work.skip_all(skipped)
        there = {x.item.uid for x in found} | {x.uid for x in skipped if x.uid is not None}
        make = import_events if terms.as_ is As.EVENTS else import_blocks
        await make(work, found, there)
        report = work.report()
        listed = any(isinstance(x.used, UsedBlocks) and x.used.until for x in found)
        if listed or not work.settled or any(x.reason == TOO_LONG for x in skipped):
            # There is something left to do, whatever the address says next time.
            ending |= {"etag": None, "last_modified": None}
        ending["counts"] = report.counts
        return report

    async def _fetched(self, calendar_id: str) -> Fetched | NotModified | NotFetched:
        found = await self._calendar(calendar_id)
        assert found is not None, "it was set just now"
        _, source = found
        assert source.url is not None
        return await fetch(
            source.url,
            etag=source.etag,
            last_modified=source.last_modified,
            bounds=Bounds(also=networks(fetch_networks())),
        )

    async def _target(self, terms: ImportTerms) -> Target | Refused:
        kind, _, name = terms.into.partition(":")
        if kind == "location":
            place = await self._read(locations.get, name)
            if place is None:
                return Unknown("location", name)
            return Target(owner=LOCATION_PREFIX + name, zone=place.time_zone, location=name)
        there: BookableView | None = await self._read(bookings.bookable, name)
        if there is None:
            return Unknown("bookable", name)
        if there.kind not in _BLOCKED:
            return o.Invalid(field="into", reason=f"is of kind {there.kind}, which has no blocks")
        where = (await self._tenant.rules(name)).time_zone
        units = there.capacity if there.kind in _POOLED else 1
        return Target(owner=name, zone=where or "UTC", bookable=name, units=units)

    async def _calendar(self, calendar_id: str) -> tuple[Calendar, Source] | None:
        found: tuple[Calendar, Source] | None = await self._read(calendars.get, calendar_id)
        return found
