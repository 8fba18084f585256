"""What there is as a calendar (MISSION B7): of an event, a resource, a location, an actor.

The same for a feed, for an export and whoever asks. Without people when it is redacted: neither
names nor ids of bookings, which are their holders' proof.
"""

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from lastseat.calendar.ical import Item, Standing
from lastseat.calendar.ical_export import Head, export
from lastseat.calendar.recurrence import starts
from lastseat.calendar.zones import local, names, zone
from lastseat.catalogue.answers import Unknown
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.interval import Interval
from lastseat.core.rules import RecurringBlock, Rules
from lastseat.core.schedule import Schedule, Segment
from lastseat.core.state import LOCATION_PREFIX
from lastseat.core.status import Status
from lastseat.reads import calendars, rules
from lastseat.reads.calendars import ShownClaim, ShownEvent
from lastseat.views.times import RulesView

if TYPE_CHECKING:
    from lastseat.library.asynchronous.engine import AsyncEngine

KINDS = ("event", "resource", "location", "actor")
BEFORE, AFTER = timedelta(days=31), timedelta(days=400)
"""How far a calendar goes back and ahead unless it is asked for another time."""

LONGEST = timedelta(days=800)
"""The longest time that is asked for."""

MOST_TIMES = 20_000
"""Times that the events of one calendar list, overrides included."""

BLOCK = "block:"
"""The actor of a block is this and what it came from."""

_NAMESPACE = uuid.UUID("5f0d6c0e-6d53-4d57-9a39-0d4c9b1a7e55")
_TENTATIVE = frozenset({Status.HELD, Status.PENDING_APPROVAL, Status.RESERVED})
_DAY = timedelta(days=1)


class Shown(Struct, frozen=True):
    """A calendar as a file. The same things give the same bytes, and so the same `etag`."""

    body: bytes
    etag: str


def kind_of(of: str) -> tuple[str, str] | None:
    """`resource:lane-1` as kind and id, or None for what shows nothing."""
    kind, _, name = of.partition(":")
    return (kind, name) if kind in KINDS and name else None


async def show(
    engine: "AsyncEngine",
    tenant: str,
    of: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    redacted: bool = True,
) -> Shown | o.Invalid | Unknown:
    """The calendar of what `of` names; `Unknown` when the tenant has none such.

    It shows what is live in `[start, end)`: by default from 31 days ago to 400 days from now. An
    actor is never unknown, for whom nothing is booked has an empty calendar.
    """
    asked = kind_of(of)
    if asked is None:
        return o.Invalid(field="of", reason=f"must be one of {', '.join(KINDS)}, ':' and an id")
    window = await _window(engine, start, end)
    if isinstance(window, o.Invalid):
        return window
    kind, name = asked
    gathering = _Gathering(engine, tenant, window, redacted)
    answer = await getattr(gathering, kind)(name)
    if answer is not None:
        refusal: o.Invalid | Unknown = answer
        return refusal
    head = Head(name=gathering.title or name, cut_at=gathering.cut_at)
    # In a thread: thousands of items take a second, and others are being served.
    body = await asyncio.to_thread(export, gathering.items, head, stamp=window.start)
    return Shown(body, hashlib.sha256(body).hexdigest()[:32])


class _Gathering:
    """The items of one calendar as they are found. Its methods are what `of` can name."""

    def __init__(
        self, engine: "AsyncEngine", tenant: str, window: Interval, redacted: bool
    ) -> None:
        self._engine = engine
        self._tenant = tenant
        self._window = window
        self._redacted = redacted
        self.items: list[Item] = []
        self.title: str | None = None
        self.cut_at: datetime | None = None

    async def event(self, name: str) -> o.Invalid | Unknown | None:
        """An event's occurrences."""
        found: list[ShownEvent] = await self._read(calendars.event, name)
        if not found:
            return Unknown("bookable", name)
        self.title = found[0].name
        return await self._add_events(found)

    async def resource(self, name: str) -> o.Invalid | Unknown | None:
        """When a resource, a pool or a composite is taken."""
        parts: list[str] = await self._read(calendars.parts, name)
        if not parts:
            return Unknown("bookable", name)
        await self._add_claims(parts, many=len(parts) > 1)
        await self._add_blocks(parts)
        return None

    async def location(self, name: str) -> o.Invalid | Unknown | None:
        """All that takes place at a location."""
        place: RulesView | None = await self._read(rules.of, LOCATION_PREFIX + name)
        if place is None:
            return Unknown("location", name)
        for block in place.rules.blocks:
            self._add_block(place.owner, block, place.time_zone or "UTC")
        events: list[ShownEvent] = await self._read(calendars.events_at, name)
        single: list[ShownEvent] = await self._read(calendars.occurrences_at, name, self._window)
        if max(len(events), len(single)) > calendars.MOST_EVENTS:
            reason = f"has more than {calendars.MOST_EVENTS} events: ask for them one by one"
            return o.Invalid(field="of", reason=reason)
        refusal = await self._add_events([*events, *single])
        if refusal is not None:
            return refusal
        bookables: list[str] = await self._read(calendars.bookables_at, name)
        if len(bookables) > calendars.MOST_BOOKABLES:
            reason = f"has more than {calendars.MOST_BOOKABLES} resources: ask for them one by one"
            return o.Invalid(field="of", reason=reason)
        await self._add_claims(bookables, many=True)
        await self._add_blocks(bookables)
        return None

    async def actor(self, name: str) -> None:
        """What is booked for an actor. Always with what it is: it is theirs."""
        claims: list[ShownClaim] = await self._read(calendars.claims_of, name, self._window)
        self.title = "Bookings"
        visits: dict[tuple[str, Interval], list[ShownClaim]] = {}
        for claim in self._cut(claims):
            visits.setdefault((claim.booking_id, claim.during), []).append(claim)
        for (booking_id, _), together in visits.items():
            words = ", ".join(dict.fromkeys(x.name or x.bookable for x in together))
            self.items.append(self._booking(together[0], words[:500], booking_id))
        self._tell_apart()

    async def _add_claims(self, bookables: list[str], *, many: bool) -> None:
        if not bookables:
            return
        found: list[ShownClaim] = await self._read(calendars.claims, bookables, self._window)
        for claim in self._cut(found):
            words = self._words(claim)
            if many:
                words = f"{claim.name or claim.bookable}: {words}"
            of = f"{claim.booking_id}/{claim.bookable}"
            self.items.append(self._booking(claim, words, of))
        if not many and found:
            self.title = found[0].name
        self._tell_apart()

    def _words(self, claim: ShownClaim) -> str:
        if claim.actor.startswith(BLOCK):
            return "Closed" if self._redacted else claim.title or "Closed"
        state = "Held" if claim.status is Status.HELD else "Booked"
        if self._redacted or not claim.actor:
            return state
        return f"{claim.actor} ({claim.units})" if claim.units > 1 else claim.actor

    def _cut(self, claims: list[ShownClaim]) -> list[ShownClaim]:
        """As many as are shown: those that start before the first that is one too many."""
        if len(claims) <= calendars.MOST_SHOWN:
            return claims
        at = claims[calendars.MOST_SHOWN].during.start
        self.cut_at = at if self.cut_at is None else min(at, self.cut_at)
        return [x for x in claims if x.during.start < at]

    def _booking(self, claim: ShownClaim, words: str, of: str) -> Item:
        where = claim.time_zone if claim.time_zone in names() else None
        start = local(claim.during.start, zone(where or "UTC"))
        seconds = int((claim.during.end - claim.during.start).total_seconds())
        segment = Segment(f"{start:%Y-%m-%dT%H:%M}", max(1, seconds))
        return Item(
            uid=self._uid(of),
            schedule=Schedule((segment,)),
            zone=where or "UTC",
            sequence=claim.version - 1,
            name=words,
            place=claim.place,
            status=Standing.TENTATIVE if claim.status in _TENTATIVE else Standing.CONFIRMED,
            changed=claim.changed.replace(microsecond=0),
        )

    async def _add_events(self, found: list[ShownEvent]) -> o.Invalid | None:
        left = MOST_TIMES
        for event in found:
            schedule = within(event.schedule, event.time_zone or "UTC", self._window)
            if schedule is None:
                continue
            segments = schedule.segments
            left -= sum(1 + len(x.rdate) + len(x.exdate) for x in segments)
            left -= len(schedule.overrides)
            if left < 0:
                reason = f"lists more than {MOST_TIMES} times: ask for a shorter time"
                return o.Invalid(field="of", reason=reason)
            self.items.append(
                Item(
                    uid=self._uid(event.bookable),
                    schedule=schedule,
                    zone=event.time_zone,
                    sequence=min(event.seq - 1, 2**31 - 1),
                    name=event.name or event.bookable,
                    place=event.place,
                    status=Standing.CANCELLED if event.called_off else Standing.CONFIRMED,
                    capacity=event.capacity,
                    changed=event.changed.replace(microsecond=0),
                )
            )
        return None

    async def _add_blocks(self, owners: list[str]) -> None:
        """The recurring blocks of bookables' rules."""
        found: list[tuple[str, str | None, Rules]] = await self._read(calendars.rules_of, owners)
        for owner, where, rules_there in found:
            for block in rules_there.blocks:
                self._add_block(owner, block, where or "UTC")

    def _add_block(self, owner: str, block: RecurringBlock, where: str) -> None:
        segment = Segment(block.start, block.seconds, block.rrule, block.rdate, block.exdate)
        schedule = within(Schedule((segment,)), where, self._window)
        if schedule is not None:
            of = f"{owner}\0{msgspec.json.encode(block).decode()}"
            words = "Closed" if self._redacted else block.name or "Closed"
            self.items.append(Item(uid=self._uid(of), schedule=schedule, zone=where, name=words))

    def _uid(self, of: str) -> str:
        """An id that stays, differs from every tenant's other, and tells nothing."""
        found = uuid.uuid5(_NAMESPACE, f"{self._tenant}\0{of}")
        return f"{found}@lastseat"

    def _tell_apart(self) -> None:
        """A number to the UIDs of what is booked several times in one booking, in order."""
        seen: dict[str, int] = {}
        for i, item in enumerate(self.items):
            seen[item.uid] = seen.get(item.uid, 0) + 1
            if seen[item.uid] > 1:
                uid = f"{seen[item.uid]}-{item.uid}"
                self.items[i] = msgspec.structs.replace(item, uid=uid)

    async def _read(self, query: Any, *args: Any) -> Any:
        return await self._engine.read(query, self._tenant, *args)


def within(schedule: Schedule, where: str, window: Interval) -> Schedule | None:
    """A schedule without the times that it lists outside the window; None: it has none inside.

    Rules stay as they are.
    """
    clock = zone(where)
    # A day more on both sides, and what began before: more than is asked for does no harm.
    longest = max(x.seconds for x in schedule.segments)
    begin = local(window.start - _DAY - timedelta(seconds=longest), clock)
    end = local(window.end + _DAY, clock)
    first, last = f"{begin:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}"
    overrides = tuple(
        x for x in schedule.overrides if first <= x.at < last or first <= (x.start or "") < last
    )
    segments = tuple(_trimmed(x, first, last) for x in schedule.segments)
    ends = [datetime.fromisoformat(x.since or first) for x in segments[1:]] + [end]
    some = any(
        next(starts(segment, begin, min(until, end), clock), None) is not None
        for segment, until in zip(segments, ends, strict=True)
    )
    return Schedule(segments, overrides) if some or overrides else None


def _trimmed(segment: Segment, first: str, last: str) -> Segment:
    added = tuple(x for x in segment.rdate if first <= x < last)
    taken = tuple(x for x in segment.exdate if first <= x < last)
    begin = segment.start
    if not segment.rrule and added and not first <= begin < last:
        begin, added = added[0], added[1:]
    return msgspec.structs.replace(segment, start=begin, rdate=added, exdate=taken)


async def _window(
    engine: "AsyncEngine", start: datetime | None, end: datetime | None
) -> Interval | o.Invalid:
    times: tuple[tuple[str, object], ...] = (("start", start), ("end", end))
    for field, time in times:
        if time is not None and not isinstance(time, datetime):
            return o.Invalid(field=field, reason="must be a datetime")
        if time is not None and time.utcoffset() is None:
            return o.Invalid(field=field, reason="must have a time zone")
        if time is not None and not limits.EARLIEST <= time < limits.LATEST:
            reason = f"must be from {limits.EARLIEST:%Y} to {limits.LATEST:%Y}"
            return o.Invalid(field=field, reason=reason)
    now: datetime = await engine.read(calendars.now)
    # By the day, so that a feed is the same file until something in it changes.
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = start or (min(today, end) if end else today) - BEFORE
    last = end or max(today, first) + AFTER
    if not timedelta(0) < last - first <= LONGEST:
        reason = f"must be after start, by {LONGEST.days} days at most"
        return o.Invalid(field="end", reason=reason)
    return Interval(first, last)
