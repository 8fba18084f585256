"""A booking made, or a hold: what `Book` comes to.

Not the rules that it asks (rules.py), nor what becomes of it later (lifecycle.py, moving.py).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.modelled.rules import already, clashes, own_time, placed, shortage
from tests.modelled.things import HOLD_LIMIT, Party
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.core.status import Status


def book(venue: Venue, command: c.Book, now: datetime) -> o.AnyOutcome:
    pieces = placed(venue, command.claims)
    if not isinstance(pieces, list):
        return pieces
    for piece in pieces:
        there = venue.seated(piece.bookable, command.actor)
        if there is not None:
            return already(venue, there, command.actor, piece.bookable)
    if venue.party(command.booking_id) is not None:
        return o.Invalid(field="booking_id", reason="")
    own = own_time(venue, pieces)
    warnings: list[o.Overlap] = []
    if not command.override:
        refusal = shortage(venue, [(command.actor, piece) for piece in pieces], [])
        if refusal is not None:
            return refusal
        busy = clashes(venue, command.actor, own, [])
        if isinstance(busy, o.ActorBusy):
            return busy
        warnings = busy
    venue.made += 1
    party = Party(
        command.booking_id,
        command.actor,
        Status.CONFIRMED if command.confirmed else Status.RESERVED,
        [replace(piece, since=venue.made) for piece in pieces],
        replace(own, since=venue.made),
    )
    venue.parties.append(party)
    for bookable in {piece.bookable for piece in pieces}:
        venue.things[bookable].seq += 1
    counted = [x.bookable for x in pieces if venue.things[x.bookable].kind is Kind.OCCURRENCE]
    seat = venue.seat(counted[0], command.actor) if counted else 0
    units = sum(piece.units for piece in pieces)
    if command.hold_seconds is None:
        return o.Booked(
            booking_id=party.booking_id,
            actor=party.actor,
            seat=seat,
            units=units,
            status=party.status,
            warnings=tuple(warnings),
        )
    party.status = Status.HELD
    party.expires_at = now + timedelta(seconds=command.hold_seconds)
    limit = timedelta(seconds=command.limit_seconds) if command.limit_seconds else HOLD_LIMIT
    party.limit_at = max(party.expires_at, now + limit)
    return o.Held(
        booking_id=party.booking_id,
        actor=party.actor,
        seat=seat,
        units=units,
        expires_at=party.expires_at,
        limit_at=party.limit_at,
        warnings=tuple(warnings),
    )
