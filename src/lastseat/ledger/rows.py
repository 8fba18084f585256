"""Rows to structs and back: what the named queries return, and what `append` is given."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from lastseat.core import events as e
from lastseat.core.claim import Awaited
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.schedule import Schedule
from lastseat.core.state import Bookable, Booking, LiveClaim, Waiter
from lastseat.core.status import Status
from lastseat.core.world import World
from lastseat.ledger.sql import array

Row = Sequence[Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(microseconds: int) -> datetime:
    """A time as the queries return it, microseconds since 1970, as UTC.

    Whole numbers, because a caller's own connection may load timestamps in ways of its own.
    """
    return EPOCH + timedelta(microseconds=microseconds)


def moment(microseconds: int | None) -> datetime | None:
    """The same for a column that may be null."""
    return None if microseconds is None else instant(microseconds)


def interval(start: int | None, end: int | None) -> Interval | None:
    """Two such columns as an interval, or None when they are null."""
    return None if start is None or end is None else Interval(instant(start), instant(end))


def schedule(body: str | None) -> Schedule | None:
    """An event's schedule as its column has it, None for one that lists its starts."""
    return None if body is None else msgspec.json.decode(body, type=Schedule)


def bookable(row: Row) -> Bookable:
    """A row of `lock_heads`. A head before its definition is an undefined stream."""
    kind = Kind.OCCURRENCE if row[1] == "unborn" else Kind(row[1])
    return Bookable(
        row[0],
        kind,
        row[2],
        row[3],
        row[4],
        row[5],
        moment(row[6]),
        interval(row[7], row[8]),
        row[9],
        row[10],
        (),
        0,
        row[11],
        ActorTime(row[12]),
        row[13],
        called_off=row[14],
        waiting=row[15],
        waitlist=WaitPolicy(row[16]),
    )


def waiter(row: Row) -> tuple[Waiter, int]:
    """A row of `read_lines`, and its booking's version."""
    booking_id, actor_id, ref, queue, seq, awaited, version = row
    wanted = msgspec.json.decode(awaited, type=Awaited)
    return Waiter(booking_id, actor_id, queue, seq, wanted, ref), version


def bookings(rows: Iterable[Row], world: World) -> list[Booking]:
    """Rows of `read_bookings`, grouped; claims on bookables of the world take their times."""
    found: dict[str, Booking] = {}
    for row in rows:
        booking = found.get(row[0])
        if booking is None:
            booking = found[row[0]] = Booking(
                row[0],
                row[1],
                Status(row[2]),
                row[3],
                row[4],
                moment(row[5]),
                moment(row[6]),
                row[7],
            )
        if row[8] is not None:
            claim = live_claim((row[0], row[8], row[9], row[1], *row[10:]), world)
            booking.claims[claim.no] = claim
    return list(found.values())


def live_claim(row: Row, world: World) -> LiveClaim:
    """A row of `read_overlapping`."""
    during = interval(row[5], row[6])
    if during is None:
        there = world.bookables.get(row[2])
        # A claim of an occurrence that was not locked: its time is not needed.
        during = (there.during if there else None) or Interval(EPOCH, EPOCH)
    blocked = interval(row[7], row[8]) or during
    return LiveClaim(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        during,
        blocked,
        row[9],
        row[10],
        row[11],
    )


def append_params(
    tenant_id: str,
    world: World,
    commands: Sequence[tuple[str, str]],
    known: Collection[str],
    *,
    heads: bool = True,
) -> dict[str, Any]:
    """The parameters of `append` for all that a world's decisions changed.

    `commands` gives for each entry of the world its command's id and principal; `known` are the
    bookings that have a row already. Without `heads` these are left for a later `append`.
    """
    params: dict[str, Any] = {"tenant": tenant_id, "now": world.now.isoformat()}
    params |= _journal(world, commands)
    params |= _bookings(world, known)
    params |= _claims(world, known)
    written = [world.bookables[stream] for stream in world.touched_streams] if heads else []
    params["h_bookable"] = array([x.bookable for x in written])
    actor = Kind.ACTOR
    params["h_kind"] = array(["actor" if x.kind is actor else "unborn" for x in written])
    params["h_capacity"] = array([x.capacity for x in written])
    params["h_overbooked"] = array([x.overbooked for x in written])
    params["h_taken"] = array([x.taken for x in written])
    params["h_seq"] = array([x.seq for x in written])
    params["h_at"] = array([x.at for x in written])
    return params


def in_parts(params: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as several `append`s, where many bookings or claims change (an edit of an event).

    What changes is looked up by an array and joined with it, so the work grows with its square.
    """
    changing = {
        name: msgspec.json.decode(f"[{value[1:-1]}]")
        for name, value in params.items()
        if name.startswith(("cb_", "cc_"))
    }
    most = max(map(len, changing.values()))
    nothing = {name: params[name] if name in _SAME else "{}" for name in params}
    return [
        (params if first == 0 else nothing)
        | {name: array(rows[first : first + MOST_CHANGED]) for name, rows in changing.items()}
        for first in range(0, max(most, 1), MOST_CHANGED)
    ]


MOST_CHANGED = 128
"""Bookings, and claims, that one `append` of several changes."""

_SAME = frozenset({"tenant", "now", "j_v"})


def _journal(world: World, commands: Sequence[tuple[str, str]]) -> dict[str, Any]:
    entries, now = world.entries, world.now
    return {
        "j_stream": array([x.stream for x in entries]),
        "j_seq": array([x.seq for x in entries]),
        "j_type": array([e.NAMES[type(x.event)] for x in entries]),
        "j_v": e.BODY_VERSION,
        "j_body": array([e.encode(x.event) for x in entries]),
        "j_command": array([command_id for command_id, _ in commands]),
        "j_booking": array([x.booking_id for x in entries]),
        "j_version": array([x.version for x in entries]),
        "j_lead": array([x.lead for x in entries]),
        "j_principal": array([principal for _, principal in commands]),
        # Null for the time of the batch, which nearly all have: texts of times are slow to read.
        "j_at": array([None if x.at is now else x.at for x in entries]),
    }


def _bookings(world: World, known: Collection[str]) -> dict[str, str]:
    touched = [world.bookings[x] for x in world.touched_bookings]
    new = [x for x in touched if x.booking_id not in known]
    changed = [x for x in touched if x.booking_id in known]
    return {
        "nb_booking": array([x.booking_id for x in new]),
        "nb_actor": array([x.actor_id for x in new]),
        "nb_status": array([x.status for x in new]),
        "nb_version": array([x.version for x in new]),
        "nb_made": array([x.made for x in new]),
        "nb_expires": array([x.expires_at for x in new]),
        "nb_limit": array([x.limit_at for x in new]),
        "nb_series": array([x.series for x in new]),
        "cb_booking": array([x.booking_id for x in changed]),
        "cb_status": array([x.status for x in changed]),
        "cb_version": array([x.version for x in changed]),
        "cb_made": array([x.made for x in changed]),
        "cb_expires": array([x.expires_at for x in changed]),
        "cb_limit": array([x.limit_at for x in changed]),
    }


def _claims(world: World, known: Collection[str]) -> dict[str, str]:
    new = world.made
    made = {(x.booking_id, x.no) for x in new}
    # A claim's expiry is its booking's, so a confirmed or extended booking rewrites its claims.
    kept = [
        claim
        for booking_id in world.touched_bookings
        if booking_id in known
        for claim in world.bookings[booking_id].claims.values()
        if (claim.booking_id, claim.no) not in made
    ]
    freed = [x for x in world.freed if (x.booking_id, x.no) not in made]
    during = [None if world.bookables[x.bookable].counted else x.during for x in new]
    blocked = [None if world.bookables[x.bookable].counted else x.blocked for x in new]
    gone = {(x.booking_id, x.no) for x in world.freed}
    expires = world.bookings
    return {
        "nc_booking": array([x.booking_id for x in new]),
        "nc_no": array([x.no for x in new]),
        "nc_bookable": array([x.bookable for x in new]),
        "nc_actor": array([x.actor_id for x in new]),
        "nc_units": array([x.units for x in new]),
        "nc_during_from": array([x and x.start for x in during]),
        "nc_during_to": array([x and x.end for x in during]),
        "nc_blocked_from": array([x and x.start for x in blocked]),
        "nc_blocked_to": array([x and x.end for x in blocked]),
        "nc_local_start": array([x.local_start for x in new]),
        "nc_time_zone": array([x.time_zone for x in new]),
        "nc_seq": array([x.seq for x in new]),
        "nc_live": array([(x.booking_id, x.no) not in gone for x in new]),
        "nc_exclusive": array([x.exclusive for x in new]),
        "nc_override": array([x.override for x in new]),
        "nc_own_time": array([world.bookables[x.bookable].kind is Kind.ACTOR for x in new]),
        "nc_expires": array([expires[x.booking_id].expires_at for x in new]),
        "cc_booking": array([x.booking_id for x in kept + freed]),
        "cc_no": array([x.no for x in kept + freed]),
        "cc_live": array([True] * len(kept) + [False] * len(freed)),
        "cc_expires": array([expires[x.booking_id].expires_at for x in kept + freed]),
    }
