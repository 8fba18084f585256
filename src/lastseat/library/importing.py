"""An iCalendar file made into events or blocks, and made so again when it has changed.

What became of each UID is kept, with a hash of what it said. So an import that broke off, or is
sent twice, goes on where it was: its commands have keys of their own, and are the same again.
"""

import asyncio
import hashlib
import time
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from lastseat.calendar.ical import Item, Standing
from lastseat.calendar.ical_import import hash_of, items, opened
from lastseat.calendar.ical_use import Unusable, UsedBlocks, UsedEvent, as_blocks, as_event
from lastseat.catalogue import calendars
from lastseat.catalogue.calendars import Kept
from lastseat.core import outcomes as o
from lastseat.views.calendars import (
    As,
    Counts,
    Entry,
    ImportReport,
    ImportTerms,
    Skipped,
    Undecided,
)

if TYPE_CHECKING:
    from lastseat.library.asynchronous.tenant import AsyncTenant

READING_SECONDS = 20.0
"""How long the items of one file are read and their rules tried, at most."""

SECONDS = 90.0
"""How long one import takes, at most: less than it keeps others away."""

AT_ONCE = 64
"""Commands of one import that are under way together."""

TOO_LONG = "was not looked at: the import took too long; import again to go on"


class Target(Struct, frozen=True):
    """What a calendar is imported into: a location, or a bookable of so many units."""

    owner: str
    zone: str
    location: str | None = None
    bookable: str | None = None
    units: int = 1


class Read(Struct, frozen=True):
    """An item and what is to be made of it. Without `used` it is cancelled."""

    item: Item
    hash: str
    used: UsedEvent | UsedBlocks | None


def read(
    data: bytes, terms: ImportTerms, target: Target, now: datetime, known: Mapping[str, Kept]
) -> tuple[list[Read], list[Skipped]]:
    """What a file asks for. For a thread: it takes as long as READING_SECONDS.

    `known` is what earlier imports made: it is not tried again while it says the same, so that an
    import which took too long gets further the next time. Raises `BadCalendar` for a file that is
    refused as a whole.
    """
    until = time.monotonic() + READING_SECONDS
    file = opened(data)
    found: list[Read] = []
    skipped = list(file.skipped)
    for made in items(file, year=now.year):
        if isinstance(made, Skipped):
            skipped.append(made)
            continue
        hashed = _hash(made, terms)
        before = known.get(made.uid)
        tried = before is not None and before.hash[:_ITS_OWN] == hashed[:_ITS_OWN]
        if not tried and time.monotonic() > until:
            # A rule may take a moment to try, and a file may have thousands.
            skipped.append(Skipped("VEVENT", made.uid, TOO_LONG))
            continue
        try:
            found.append(_use(made, hashed, terms, target, now, tried=tried))
        except Unusable as unusable:
            skipped.append(Skipped("VEVENT", made.uid, str(unusable)))
    return found, skipped


_ITS_OWN = 24
"""What of a hash is of the item itself, whenever it was read."""


def _hash(item: Item, terms: ImportTerms) -> str:
    capacity = item.capacity or terms.capacity
    return hashlib.sha256(f"{hash_of(item)}/{capacity}".encode()).hexdigest()[:32]


def _use(
    item: Item, hashed: str, terms: ImportTerms, target: Target, now: datetime, *, tried: bool
) -> Read:
    if item.status is Standing.CANCELLED:
        return Read(item, hashed, None)
    make = as_event if terms.as_ is As.EVENTS else as_blocks
    used: UsedEvent | UsedBlocks = make(item, target.zone, now, tried=tried)
    if isinstance(used, UsedBlocks) and used.until is not None:
        # Its times are listed up to then: in another month it is another item.
        hashed = f"{hashed[:_ITS_OWN]}{used.until:%Y%m}"
    return Read(item, hashed, used)


class Import:
    """One import under way: what it has come to so far.

    `importing_events.py` and `importing_blocks.py` make what items ask for, and tell it here.
    """

    def __init__(
        self,
        tenant: "AsyncTenant",
        calendar_id: str,
        terms: ImportTerms,
        target: Target,
        now: datetime,
    ) -> None:
        self.tenant = tenant
        self.calendar_id = calendar_id
        self.terms = terms
        self.target = target
        self.now = now
        self.known: dict[str, Kept] = {}
        self.until = time.monotonic() + SECONDS
        self._lists: dict[str, list[Any]] = {
            "imported": [], "changed": [], "cancelled": [], "vanished": [], "undecided": [],
            "skipped": [],
        }  # fmt: skip
        self._unchanged = 0
        self._keep: list[Kept] = []
        self._gone: list[str] = []
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.settled = True
        """Whether the same file need not be looked at again."""

    async def load(self) -> None:
        """Know what earlier imports made."""
        self.known = await self._read(calendars.items)

    async def run(self, wanted: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Run coroutines, some at a time. When one fails the others end before that is told."""

        async def one(what: Coroutine[Any, Any, None]) -> None:
            async with self._turn:
                await what

        listed = list(wanted)
        tasks = [asyncio.create_task(one(x)) for x in listed]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            # Nothing may go on once others are let in.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for never in listed:
                never.close()
            raise

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until

    def is_stale(self, read: Read) -> bool:
        """Whether it is older than what was imported before; then it is skipped."""
        known = self.known.get(read.item.uid)
        if known is None or read.item.sequence >= known.sequence:
            return False
        reason = f"is older (SEQUENCE {read.item.sequence}) than what was imported"
        self.skip(read.item.uid, f"{reason} ({known.sequence})")
        return True

    def is_unchanged(self, read: Read) -> bool:
        """Whether it says what it said before."""
        known = self.known.get(read.item.uid)
        if known is None or known.hash != read.hash:
            return False
        self._unchanged += 1
        return True

    def made(
        self, read: Read, made: tuple[str, ...], ends_at: datetime | None, note: str | None = None
    ) -> None:
        """The item is imported, or changed."""
        item = read.item
        kind = "changed" if item.uid in self.known else "imported"
        self._lists[kind].append(Entry(uid=item.uid, name=item.name, made=made, note=note))
        kept = Kept(
            uid=item.uid, sequence=item.sequence, hash=read.hash, made=made, ends_at=ends_at
        )
        self._keep.append(kept)

    def cancelled(self, known: Kept) -> None:
        """What was made of the item is cancelled."""
        self._lists["cancelled"].append(Entry(uid=known.uid, made=known.made))
        self._gone.append(known.uid)

    def over(self, known: Kept) -> None:
        """The item is not in the file any more, and its time is over: nobody has to do anything."""
        self._gone.append(known.uid)

    def vanished(self, known: Kept) -> None:
        """The item is not in the file any more; what was made of it stays."""
        self._lists["vanished"].append(Entry(uid=known.uid, made=known.made))

    def undecided(self, uid: str, event: str, affected: tuple[o.Affected, ...]) -> None:
        """Somebody has to say what becomes of bookings."""
        self.settled = False
        self._lists["undecided"].append(Undecided(uid=uid, event=event, affected=affected))

    def skip(self, uid: str | None, reason: str) -> None:
        """Nothing was done about the item now; the next import may do better."""
        self.settled = False
        self._lists["skipped"].append(Skipped("VEVENT", uid, reason))

    def skip_all(self, skipped: Iterable[Skipped]) -> None:
        """Nothing ever will be about these, as they are."""
        self._lists["skipped"] += skipped

    def gone(self, there: set[str]) -> list[Kept]:
        """What was imported before and is not in the file, but for what is over."""
        found = []
        for uid, known in self.known.items():
            if uid in there:
                continue
            if known.ends_at is not None and known.ends_at <= self.now:
                self.over(known)
            else:
                found.append(known)
        return found

    async def save(self) -> None:
        """Keep what was made, so that the next import knows it."""
        keep, self._keep = self._keep, []
        gone, self._gone = self._gone, []
        if keep:
            await self._read(calendars.keep_items, keep)
        if gone:
            await self._read(calendars.forget_items, gone)

    def report(self) -> ImportReport:
        """What it came to."""
        # By UID: items are made side by side, and who was first means nothing.
        lists: dict[str, Any] = {
            name: tuple(sorted(found, key=lambda x: x.uid or ""))
            for name, found in self._lists.items()
        }
        numbers = {name: len(found) for name, found in lists.items()}
        counts = Counts(unchanged=self._unchanged, **numbers)
        return ImportReport(calendar_id=self.calendar_id, counts=counts, **lists)

    def name_of(self, uid: str) -> str:
        """The id of what a UID becomes: readable it would be too long, and have what no id may."""
        digest = hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return f"{self.calendar_id}:{digest}"

    async def _read(self, query: Any, *args: Any) -> Any:
        tenant = self.tenant
        return await tenant.engine.read(query, tenant.tenant_id, self.calendar_id, *args)


def said(outcome: o.AnyOutcome) -> str:
    """A refusal in a few words."""
    match outcome:
        case o.Invalid(field=field, reason=reason):
            return f"{field} {reason}"
        case o.Conflict(rule="exclusive", during=during) if during is not None:
            return f"is refused: taken from {during.start.isoformat()} to {during.end.isoformat()}"
        case o.NotBookable(rule=rule, bookable=bookable):
            return f"is refused: {bookable} can't be booked then ({rule})"
        case _:
            fields = msgspec.to_builtins(outcome)
            told = ", ".join(f"{k} {v}" for k, v in fields.items() if k not in ("type", "code"))
            return f"is refused: {outcome.code} ({told})"
