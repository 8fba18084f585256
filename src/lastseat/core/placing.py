"""Claims asked for become placements: the bookable each is for, and its times. Nothing is compared.

A claim of a composite becomes one placement on each of its parts (MISSION H2): they have the
capacity, so the halves and the hall, each under its own name, can't be sold over one another.
"""

from collections.abc import Sequence

import msgspec

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.capacity import ActorClaims, Placement
from lastseat.core.events import ClaimMade, Kind
from lastseat.core.state import Bookable
from lastseat.core.world import World

Misplaced = o.UnknownBookable | o.Invalid
"""Why a claim has no place."""

NEVER_BOOKED = (Kind.EVENT, Kind.ACTOR, Kind.LOCATION)


def place(
    world: World, claims: Sequence[c.Claim], actor: str, queue: str | None = None
) -> list[Placement] | Misplaced:
    """Each claim with its bookable and times, or the refusal of the first that has none.

    `queue` is the line whose turn it is.
    """
    placements: list[Placement] = []
    seen: set[str] = set()
    for i, claim in enumerate(claims):
        bookable = world.bookables.get(claim.bookable)
        if bookable is None or bookable.seq == 0 or bookable.kind in NEVER_BOOKED:
            return o.UnknownBookable(bookable=claim.bookable)
        if bookable.counted:
            if claim.start is not None or claim.end is not None or claim.before or claim.after:
                reason = "an occurrence has its own time; leave start, end and buffers out"
                return o.Invalid(field=f"claims[{i}].start", reason=reason)
            if claim.bookable in seen:
                reason = "the occurrence is claimed twice; ask for more units instead"
                return o.Invalid(field=f"claims[{i}].bookable", reason=reason)
            seen.add(claim.bookable)
            during = blocked = bookable.during
        elif claim.start is None or claim.end is None:
            reason = f"{bookable.kind} {claim.bookable!r} is claimed for a time"
            return o.Invalid(field=f"claims[{i}].start", reason=reason)
        else:
            during, blocked = claim.during, claim.blocked
        if claim.units != 1 and not _divisible(world, bookable):
            reason = f"an exclusive {bookable.kind} is claimed whole, as 1 unit"
            return o.Invalid(field=f"claims[{i}].units", reason=reason)
        if during is None or blocked is None:
            raise ValueError(f"{claim.bookable}: an occurrence without a time")
        placement = Placement(claim, bookable, during, blocked, actor, None, queue)
        placements += _parts(world, placement) if bookable.parts else (placement,)
    return placements


def _divisible(world: World, bookable: Bookable) -> bool:
    """Whether some of it can be had: not of what is exclusive, nor of a composite of such."""
    if bookable.kind is Kind.COMPOSITE:
        return any(world.bookables[part].kind is Kind.POOL for part in bookable.parts)
    return bookable.kind is not Kind.RESOURCE


def _parts(world: World, whole: Placement) -> list[Placement]:
    """A composite's parts in its place: exclusive ones whole, of pools as many units as asked."""
    placements: list[Placement] = []
    for name in whole.bookable.parts:
        part = world.bookables[name]
        units = whole.claim.units if part.kind is Kind.POOL else 1
        claim = msgspec.structs.replace(whole.claim, bookable=name, units=units)
        placements.append(
            Placement(
                claim,
                part,
                whole.during,
                whole.blocked,
                whole.actor,
                whole.claim.bookable,
                whole.queue,
            )
        )
    return placements


def made_claims(
    placements: list[Placement], own_time: ActorClaims, first: int, *, override: bool
) -> dict[str, tuple[ClaimMade, ...]]:
    """The claims as the journal has them, by stream, numbered from `first` in the order given."""
    streams: dict[str, tuple[ClaimMade, ...]] = {}
    no = first
    for placement in placements:
        stream = placement.bookable.bookable
        streams[stream] = (*streams.get(stream, ()), placement.made(no, override=override))
        no += 1
    if own_time.intervals:
        streams[own_time.stream] = tuple(
            ClaimMade(no + i, 1, interval, None, own_time.exclusive, override)
            for i, interval in enumerate(own_time.intervals)
        )
    return streams
