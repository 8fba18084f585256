"""Items become events: defined, or edited when they have changed (MISSION B7, B3)."""

from typing import TYPE_CHECKING, Any

from lastseat.calendar.ical_use import UsedEvent
from lastseat.catalogue import calendars
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.library.asynchronous.events import edit_schedule
from lastseat.library.importing import TOO_LONG, Import, Read, said

if TYPE_CHECKING:
    from lastseat.catalogue.calendars import Kept


async def import_events(work: Import, found: list[Read], there: set[str]) -> None:
    """Make each item an event, and say what became of those that are gone.

    `there` are the UIDs of the whole file, of items that were skipped, too.
    """
    names: dict[str, str | None] = {}
    await work.run(_one(work, read, names) for read in found)
    for known in work.gone(there):
        await _vanish(work, known)
    if names:
        await work.tenant.engine.read(calendars.rename, work.tenant.tenant_id, names)
    await work.save()


async def _one(work: Import, read: Read, names: dict[str, str | None]) -> None:
    uid = read.item.uid
    if work.late:
        work.skip(uid, TOO_LONG)
        return
    if work.is_stale(read):
        return
    if read.used is None:
        known = work.known.get(uid)
        if known is None:
            work.skip(uid, "is cancelled")
        else:
            await _cancel(work, known)
        return
    if work.is_unchanged(read):
        return
    assert isinstance(read.used, UsedEvent)
    event = work.name_of(uid)
    if uid in work.known:
        await _edit(work, read, read.used, event, names)
        return
    outcome = (await work.tenant.execute(_define(work, read, read.used, event))).outcome
    match outcome:
        case o.Defined():
            work.made(read, (event,), read.used.ends_at)
        case o.AlreadyDefined():
            # Imported once before the calendar was forgotten, or by an import that broke off.
            await _edit(work, read, read.used, event, names)
        case _:
            work.skip(uid, said(outcome))


def _define(work: Import, read: Read, used: UsedEvent, event: str) -> c.Define:
    item, (segment,) = read.item, used.schedule.segments
    attributes: dict[str, Any] = {"calendar": work.calendar_id, "uid": item.uid}
    if item.place is not None:
        attributes["place"] = item.place
    return work.tenant.commands.define_event(
        event,
        start=segment.start,
        rrule=segment.rrule,
        rdate=segment.rdate,
        exdate=segment.exdate,
        overrides=used.schedule.overrides,
        duration=segment.seconds,
        time_zone=used.zone,
        capacity=item.capacity or work.terms.capacity,
        location=work.target.location,
        name=item.name,
        attributes=attributes,
    )


async def _edit(
    work: Import, read: Read, used: UsedEvent, event: str, names: dict[str, str | None]
) -> None:
    uid = read.item.uid
    view = await work.tenant.bookable(event)
    if view.time_zone != used.zone:
        work.skip(uid, f"was in the zone {view.time_zone} and is in {used.zone} now")
        return
    outcome = await edit_schedule(
        work.tenant,
        event,
        used.schedule,
        capacity=read.item.capacity or work.terms.capacity,
        on_moved=work.terms.moved,
        on_dropped=work.terms.dropped,
        reason="its calendar has changed",
    )
    match outcome:
        case o.EventEdited():
            if view.name != read.item.name:
                names[event] = read.item.name
            work.made(read, (event,), used.ends_at)
        case o.WouldAffect(affected=affected):
            work.undecided(uid, event, affected)
        case _:
            work.skip(uid, said(outcome))


async def _vanish(work: Import, known: "Kept") -> None:
    if work.terms.vanished != "cancel":
        work.vanished(known)
    elif work.late:
        work.skip(known.uid, TOO_LONG)
    else:
        await _cancel(work, known)


async def _cancel(work: Import, known: "Kept") -> None:
    """Call off what is to come of an event."""
    for event in known.made:
        outcome = await work.tenant.edit_event(
            event,
            scope="all",
            cancelled=True,
            on_dropped=work.terms.dropped,
            on_moved=work.terms.moved,
            reason="its calendar has it no more",
        )
        match outcome:
            case o.EventEdited():
                continue
            case o.WouldAffect(affected=affected):
                work.undecided(known.uid, event, affected)
                return
            case _:
                work.skip(known.uid, said(outcome))
                return
    work.cancelled(known)
