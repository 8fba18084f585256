"""Items become times in which nothing can be booked (MISSION C2, C14).

What recurs becomes a block of the owner's rules. What is once becomes a booking by an actor of its
own, `block:<what it came from>`, of everything that the bookable has; a location can't be booked,
so there it is a rule, too. `made` says which: `rules:<hash of the block>`, `booking:<start>=<id>`.
"""

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lastseat.calendar.ical_use import UsedBlocks
from lastseat.calendar.rules import MOST_BLOCKS, BadRules, check_rules
from lastseat.calendar.zones import local, zone
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.interval import Interval
from lastseat.core.rules import RecurringBlock, Rules
from lastseat.library.importing import TOO_LONG, Import, Read, said
from lastseat.library.showing import BLOCK

if TYPE_CHECKING:
    from lastseat.catalogue.calendars import Kept

RULES, BOOKING = "rules:", "booking:"

REASON = "a block of a calendar"

TRIES = 5
"""How often rules are changed anew that somebody else changed meanwhile."""


class _Todo(Struct):
    """One item: the blocks for the rules, and the times to book."""

    read: Read
    used: UsedBlocks
    blocks: list[RecurringBlock]
    once: dict[str, Interval]


async def import_blocks(work: Import, found: list[Read], there: set[str]) -> None:
    """Block what the items say, and let go of those that are gone, if that is to be."""
    ended: list[Kept] = []
    todo: list[_Todo] = []
    for read in found:
        if work.is_stale(read):
            continue
        if read.used is None:
            known = work.known.get(read.item.uid)
            if known is None:
                work.skip(read.item.uid, "is cancelled")
            else:
                ended.append(known)
        elif not work.is_unchanged(read):
            assert isinstance(read.used, UsedBlocks)
            todo.append(_todo(work, read, read.used))
    for known in work.gone(there):
        if work.terms.vanished == "cancel":
            ended.append(known)
        else:
            work.vanished(known)
    todo = await _change_rules(work, todo, ended)
    await work.run([_book_all(work, x) for x in todo] + [_end(work, x) for x in ended])
    await work.save()


def _todo(work: Import, read: Read, used: UsedBlocks) -> _Todo:
    blocks = [used.recurring] if used.recurring is not None else []
    if work.target.bookable is not None:
        return _Todo(read, used, blocks, dict(used.once))
    clock = zone(work.target.zone)
    for _, during in used.once:
        start = f"{local(during.start, clock):%Y-%m-%dT%H:%M}"
        seconds = int((during.end - during.start).total_seconds())
        blocks.append(RecurringBlock(start=start, seconds=seconds, name=read.item.name))
    return _Todo(read, used, blocks, {})


# Rules -------------------------------------------------------------------------------------------


async def _change_rules(work: Import, todo: list[_Todo], ended: "list[Kept]") -> "list[_Todo]":
    """Put the blocks into the owner's rules, and take out those of before; the items it did."""
    todo = [x for x in todo if _sound(work, x)]
    before = [known for x in todo if (known := work.known.get(x.read.item.uid)) is not None]
    out = {made for known in (*before, *ended) for made in known.made if made.startswith(RULES)}
    for _ in range(TRIES):
        view = await work.tenant.rules(work.target.owner)
        kept = [x for x in view.rules.blocks if mark(x) not in out]
        fitting, blocks = _fitting(todo, kept)
        if tuple(blocks) == view.rules.blocks:
            break
        rules = msgspec.structs.replace(view.rules, blocks=tuple(blocks))
        command = work.tenant.commands.set_rules(
            work.target.owner,
            rules,
            expected={work.target.owner: view.seq},
            reason="its calendar says so",
        )
        outcome = (await work.tenant.execute(command)).outcome
        if isinstance(outcome, o.RulesChanged):
            break
        if not isinstance(outcome, o.Conflict):
            return _without_rules(work, todo, said(outcome))
    else:
        return _without_rules(work, todo, "was refused: its rules kept changing; import again")
    for x in todo:
        if x not in fitting:
            work.skip(x.read.item.uid, f"finds no room: rules have {MOST_BLOCKS} blocks at most")
    return fitting


def _sound(work: Import, todo: _Todo) -> bool:
    """Whether its blocks can be rules at all."""
    try:
        for block in todo.blocks:
            check_rules(Rules(blocks=(block,)), "")
    except BadRules as bad:
        work.skip(todo.read.item.uid, f"{bad.field.removeprefix('.blocks[0].')} {bad.reason}")
        return False
    return True


def _fitting(
    todo: list[_Todo], kept: list[RecurringBlock]
) -> tuple[list[_Todo], list[RecurringBlock]]:
    """The items whose blocks find room, in order, and all blocks with theirs."""
    blocks, fitting = list(kept), []
    for x in todo:
        more = [block for block in x.blocks if block not in blocks]
        if not more or len(blocks) + len(more) <= MOST_BLOCKS:
            blocks += more
            fitting.append(x)
    return fitting, blocks


def _without_rules(work: Import, todo: list[_Todo], reason: str) -> list[_Todo]:
    """The rules could not be changed: only what needs none goes on."""
    for x in todo:
        if x.blocks:
            work.skip(x.read.item.uid, reason)
    return [x for x in todo if not x.blocks]


def mark(block: RecurringBlock) -> str:
    """What tells a block from others among the rules."""
    return RULES + hashlib.sha256(msgspec.json.encode(block)).hexdigest()[:32]


# Bookings ----------------------------------------------------------------------------------------


async def _book_all(work: Import, todo: _Todo) -> None:
    """Book, move or cancel what is once of an item."""
    read = todo.read
    known = work.known.get(read.item.uid)
    before = _bookings(known.made) if known is not None else {}
    made = {mark(x): None for x in todo.blocks}
    whole = True
    for at, during in todo.once.items():
        if work.late:
            work.skip(read.item.uid, TOO_LONG)
            whole = False
            continue
        booking = await _book(work, read, at, during, before.pop(at, None))
        if booking is None:
            whole = False
        else:
            made[f"{BOOKING}{at}={booking}"] = None
    for booking in before.values():
        await _cancel(work, booking)
    if not whole:
        # What could not be had is asked for again the next time.
        read = msgspec.structs.replace(read, hash="")
    note = None
    if todo.used.until is not None:
        note = f"of another time zone: its times are listed up to {todo.used.until:%Y-%m-%d}"
    if made or whole:
        work.made(read, tuple(made), todo.used.ends_at, note)


async def _book(
    work: Import, read: Read, at: str, during: Interval, before: str | None
) -> str | None:
    """The id of the booking that blocks the time; None: it can't be blocked."""
    target = work.target
    assert target.bookable is not None
    claim = c.Claim(
        bookable=target.bookable, units=target.units, start=during.start, end=during.end
    )
    outcome = await _try(work, read, claim, before)
    match outcome:
        case o.Booked(booking_id=booking_id):
            return booking_id
        case o.Moved():
            return before
        case _:
            work.skip(read.item.uid, f"of {at} {said(outcome)}")
            return None


async def _try(work: Import, read: Read, claim: c.Claim, before: str | None) -> o.AnyOutcome:
    # Opening hours and lead times are for customers. Taken is taken all the same.
    commands, uid = work.tenant.commands, read.item.uid
    actor = f"{BLOCK}{work.name_of(uid)}"
    if before is not None:
        move = commands.move(before, [claim], reason=REASON)
        moved = await _unruled(work, move)
        if not isinstance(moved, o.NotBooked | o.UnknownBooking | o.WrongStatus):
            return moved
        # Somebody cancelled it by hand; it is in the calendar again, and so it is blocked again.
    metadata = {"title": read.item.name, "calendar": work.calendar_id, "uid": uid}
    book = commands.book([claim], actor=actor, metadata=metadata)
    outcome = await _unruled(work, replace(book, reason=REASON))
    if isinstance(outcome, o.Conflict | o.Full | o.ActorBusy):
        return await _own(work, actor, claim) or outcome
    return outcome


async def _unruled(work: Import, command: c.Book | c.Move) -> o.AnyOutcome:
    return (await work.tenant.execute(replace(command, ignore_rules=True))).outcome


async def _own(work: Import, actor: str, claim: c.Claim) -> o.Booked | None:
    """The booking in the way, if it is this very block: of an import that broke off."""
    there = await work.tenant.bookings(actor=actor)
    for booking in there.items:
        for x in booking.claims:
            same = (x.bookable, x.during.start, x.during.end) == (
                claim.bookable,
                claim.start,
                claim.end,
            )
            if x.live and same:
                return o.Booked(
                    booking_id=booking.booking_id,
                    actor=actor,
                    seat=0,
                    units=x.units,
                    status=booking.status,
                )
    return None


async def _end(work: Import, known: "Kept") -> None:
    """Let go of all that was made of an item."""
    for booking in _bookings(known.made).values():
        await _cancel(work, booking)
    work.cancelled(known)


async def _cancel(work: Import, booking: str) -> None:
    outcome = await work.tenant.cancel(booking, reason="its calendar has it no more")
    if not isinstance(outcome, o.Cancelled | o.NotBooked | o.UnknownBooking):
        work.skip(None, f"booking {booking} {said(outcome)}")


def _bookings(made: tuple[str, ...]) -> dict[str, str]:
    """The bookings among what was made, by their original start."""
    pairs = (x.removeprefix(BOOKING).rpartition("=") for x in made if x.startswith(BOOKING))
    return {at: booking for at, _, booking in pairs}
