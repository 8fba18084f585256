"""Who waits: joining a line, and everybody whose turn it is getting what there is.

Not whether somebody else may pass the line: rules.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from tests.modelled.rules import already, clashes, own_time, placed, shortage
from tests.modelled.things import HOLD_LIMIT, OwnTime, Party, Piece, Turn
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Kind, WaitPolicy
from lastseat.core.status import Status

MOST_TURNS = 10


def join(venue: Venue, command: c.Join, now: datetime) -> o.AnyOutcome:
    pieces = placed(venue, command.claims)
    if not isinstance(pieces, list):
        return pieces
    refusal = unjoinable(venue, command, pieces, now)
    if refusal is not None:
        return refusal
    first, actor = pieces[0], command.actor
    name, ahead = first.bookable, venue.line(first.bookable, first.blocked)
    venue.made += 1
    turn = Turn(tuple(pieces), command.offer_seconds, venue.made)
    party = Party(command.booking_id, actor, Status.WAITLISTED, [], OwnTime(), turn=turn)
    venue.parties.append(party)
    for bookable in {piece.bookable for piece in pieces}:
        venue.things[bookable].seq += 1
    return o.Joined(
        booking_id=party.booking_id,
        actor=actor,
        bookable=name,
        units=first.units,
        position=len(ahead) + 1,
    )


def unjoinable(
    venue: Venue, command: c.Join, pieces: list[Piece], now: datetime
) -> o.AnyOutcome | None:
    first, actor = pieces[0], command.actor
    name = first.bookable
    if sum(piece.bookable == name for piece in pieces) > 1:
        return o.Invalid(field="claims", reason="")
    for piece in pieces:
        there = venue.seated(piece.bookable, actor)
        if there is not None:
            return already(venue, there, actor, piece.bookable)
    for i, other in enumerate(venue.line(name, first.blocked)):
        if other.actor == actor:
            return o.AlreadyWaiting(
                booking_id=other.booking_id, actor=actor, bookable=name, position=i + 1
            )
    if venue.party(command.booking_id) is not None:
        return o.Invalid(field="booking_id", reason="")
    if venue.things[name].waitlist is WaitPolicy.CLOSED or first.during[0] <= now:
        return o.WaitlistClosed(actor=actor, bookable=name, reason="")
    if sum(x.actor == actor for x in venue.line(name)) == MOST_TURNS:
        return o.WaitlistFull(actor=actor, bookable=name, limit=MOST_TURNS)
    return larger(venue, actor, pieces) or elsewhere(venue, actor, pieces)


def elsewhere(venue: Venue, actor: str, pieces: list[Piece]) -> o.ActorBusy | None:
    """The actor's other booking, when there is room and it is their turn at once."""
    name = pieces[0].bookable
    if venue.things[name].waitlist is WaitPolicy.FIFO and venue.line(name, pieces[0].blocked):
        return None
    if shortage(venue, [(actor, x) for x in pieces], [], name) is not None:
        return None
    busy = clashes(venue, actor, own_time(venue, pieces), [])
    return busy if isinstance(busy, o.ActorBusy) else None


def larger(venue: Venue, actor: str, pieces: Sequence[Piece]) -> o.AnyOutcome | None:
    """The refusal if there was no room for this though nobody was there."""
    alone = Venue({name: replace(x) for name, x in venue.things.items()})
    short = shortage(alone, [(actor, piece) for piece in pieces], [])
    if isinstance(short, o.Full):
        thing = venue.things[short.bookable]
        counted = thing.kind is Kind.OCCURRENCE
        free = thing.capacity - sum(x.units for _, x in venue.on(short.bookable))
        left = max(0, free) if counted else 0
        return msgspec.structs.replace(short, left=left, can_join_waitlist=False)
    if short is not None:
        assert isinstance(short, o.Conflict)
        return msgspec.structs.replace(short, can_join_waitlist=False)
    return None


def serve(venue: Venue, now: datetime) -> dict[str, o.AnyOutcome]:
    """Everybody whose turn it is gets what there is; what they were told, by booking."""
    told: dict[str, o.AnyOutcome] = {}
    going = True
    while going:
        going = False
        for name in sorted(venue.things):
            for party in venue.line(name):
                going = serve_one(venue, party, now, told) or going
    return told


def serve_one(venue: Venue, party: Party, now: datetime, told: dict[str, o.AnyOutcome]) -> bool:
    """Whether the party waits no longer: it has an offer, or could not have taken one."""
    turn, actor = party.turn, party.actor
    assert turn is not None
    first, thing = turn.pieces[0], venue.things[turn.line]
    if first.during[0] <= now:
        venue.became(party, Status.EXPIRED)
        return True
    if thing.waitlist is WaitPolicy.FIFO and venue.line(turn.line, first.blocked)[0] != party:
        return False
    pieces = list(turn.pieces)
    counted = thing.kind is Kind.OCCURRENCE
    free = thing.capacity - sum(x.units for _, x in venue.on(turn.line))
    if counted and max(0, free) < first.units <= thing.capacity:
        return False
    if shortage(venue, [(actor, x) for x in pieces], [], turn.line) is not None:
        if larger(venue, actor, pieces) is None:
            return False
        venue.became(party, Status.EXPIRED)
        return True
    own = own_time(venue, pieces)
    busy = clashes(venue, actor, own, [])
    if any(venue.seated(x.bookable, actor) for x in pieces) or isinstance(busy, o.ActorBusy):
        venue.became(party, Status.EXPIRED)
        return True
    venue.made += 1
    party.pieces = [replace(piece, since=venue.made) for piece in pieces]
    party.own = replace(own, since=venue.made)
    venue.became(party, Status.HELD)
    party.expires_at = now + timedelta(seconds=turn.seconds)
    party.limit_at = max(party.expires_at, now + HOLD_LIMIT)
    seats = [x.bookable for x in pieces if venue.things[x.bookable].kind is Kind.OCCURRENCE]
    told[party.booking_id] = o.Held(
        booking_id=party.booking_id,
        actor=actor,
        seat=venue.seat(seats[0], actor) if seats else 0,
        units=sum(piece.units for piece in pieces),
        expires_at=party.expires_at,
        limit_at=party.limit_at,
        version=party.version,
        warnings=tuple(busy),
    )
    return True
