"""What stands in the way of those who ask: a full house, a taken lane, a line, their own time.

Not whose turn it is in a line (lines.py), nor what a whole command comes to.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from tests.modelled.instants import meet, takes_more, used
from tests.modelled.things import OwnTime, Party, Piece, Stretch, Thing
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval


def placed(venue: Venue, claims: Sequence[c.Claim]) -> list[Piece] | o.AnyOutcome:
    """The claims with their times, or what is wrong with the first that has none."""
    pieces: list[Piece] = []
    for i, claim in enumerate(claims):
        thing = venue.things.get(claim.bookable)
        if thing is None:
            return o.UnknownBookable(bookable=claim.bookable)
        timed = claim.start is not None and claim.end is not None
        if thing.time is not None:
            if timed or claim.before or claim.after:
                return o.Invalid(field=f"claims[{i}].start", reason="")
            if any(piece.bookable == claim.bookable for piece in pieces):
                return o.Invalid(field=f"claims[{i}].bookable", reason="")
            pieces.append(Piece(claim.bookable, claim.units, thing.time, thing.time))
            continue
        if claim.start is None or claim.end is None:
            return o.Invalid(field=f"claims[{i}].start", reason="")
        if thing.kind is Kind.RESOURCE and claim.units != 1:
            return o.Invalid(field=f"claims[{i}].units", reason="")
        before, after = timedelta(seconds=claim.before), timedelta(seconds=claim.after)
        during = (claim.start, claim.end)
        blocked = (claim.start - before, claim.end + after)
        pieces.append(Piece(claim.bookable, claim.units, during, blocked))
    return pieces


def already(venue: Venue, party: Party, actor: str, occurrence: str) -> o.Already:
    return o.Already(
        booking_id=party.booking_id,
        actor=actor,
        bookable=occurrence,
        seat=venue.seat(occurrence, party.actor),
        status=party.status,
    )


def shortage(
    venue: Venue, asked: Sequence[tuple[str, Piece]], leaving: Sequence[Piece], turn: str = ""
) -> o.AnyOutcome | None:
    """The first bookable, in the order asked for, that has no room for all of its pieces.

    Nor has it for whoever would overtake its line; `turn` is the one whose turn it is.
    """
    for name in dict.fromkeys(piece.bookable for _, piece in asked):
        thing = venue.things[name]
        wanted = [(actor, piece) for actor, piece in asked if piece.bookable == name]
        there = [piece for _, piece in venue.on(name, leaving)]
        new = [piece for _, piece in wanted]
        behind = past_the_line(venue, wanted, leaving) if name != turn else None
        if behind is not None:
            return behind
        for actor, piece in wanted:
            refusal = None
            if thing.kind is not Kind.RESOURCE:
                if used(thing, there + new, piece) > thing.capacity:
                    refusal = full(actor, piece, thing, used(thing, there, piece))
            elif any(meet(piece.blocked, x.blocked) for x in there):
                return conflict("exclusive", actor, name, thing)
            if refusal is not None:
                return refusal
        if thing.kind is Kind.RESOURCE:
            # Nobody is in the way: then two of those asked for may still be, to each other.
            ordered = sorted(wanted, key=lambda x: x[1].blocked)
            for (_, first), (actor, second) in pairwise(ordered):
                if meet(first.blocked, second.blocked):
                    return conflict("exclusive", actor, name, thing)
    return None


def past_the_line(
    venue: Venue, wanted: Sequence[tuple[str, Piece]], leaving: Sequence[Piece]
) -> o.AnyOutcome | None:
    """The refusal for those who ask for more of a bookable than they leave, past its line."""
    for actor, piece in wanted:
        name, thing = piece.bookable, venue.things[piece.bookable]
        ahead = len(venue.line(name, piece.blocked))
        new = [other for _, other in wanted]
        if thing.waitlist is WaitPolicy.FIFO and ahead and takes_more(new, leaving, piece):
            if thing.kind is Kind.RESOURCE:
                return conflict("waiting", actor, name, thing)
            return full(actor, piece, thing, thing.capacity, ahead)
    return None


def own_time(venue: Venue, pieces: Sequence[Piece]) -> OwnTime:
    """What these claims take of the actor's time: stretches that touch are one."""
    rules = [(piece.during, venue.things[piece.bookable].actor_time) for piece in pieces]
    watched = sorted(during for during, rule in rules if rule is not ActorTime.ALLOW)
    stretches: list[Stretch] = []
    for start, end in watched:
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return OwnTime(tuple(stretches), any(rule is ActorTime.REFUSE for _, rule in rules))


def clashes(
    venue: Venue, actor: str, own: OwnTime, changing: Sequence[Party]
) -> list[o.Overlap] | o.ActorBusy:
    """The actor's other bookings over that time, oldest first; those changing don't count."""
    overlaps = [
        o.Overlap(booking_id=party.booking_id, during=Interval(*stretch))
        for party in sorted(venue.parties, key=lambda x: x.own.since)
        if party.live and party.actor == actor and party not in changing
        for stretch in party.own.stretches
        if any(meet(stretch, mine) for mine in own.stretches)
    ]
    if overlaps and own.refuses:
        first = overlaps[0]
        return o.ActorBusy(actor=actor, booking_id=first.booking_id, during=first.during)
    return overlaps


def conflict(rule: str, actor: str, name: str, thing: Thing) -> o.Conflict:
    joinable = thing.waitlist is not WaitPolicy.CLOSED
    return o.Conflict(rule=rule, actor=actor, bookable=name, can_join_waitlist=joinable)


def full(actor: str, piece: Piece, thing: Thing, taken: int, waiting: int = 0) -> o.Full:
    return o.Full(
        actor=actor,
        bookable=piece.bookable,
        capacity=thing.capacity,
        left=max(0, thing.capacity - taken),
        during=Interval(*piece.during),
        waiting=waiting,
        can_join_waitlist=thing.waitlist is not WaitPolicy.CLOSED and piece.units <= thing.capacity,
    )
