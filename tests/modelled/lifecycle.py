"""What becomes of a booking that is made: holds, cancelling, the visit, what time takes.

Not a move to another place or time: moving.py.
"""

from datetime import datetime, timedelta

from tests.modelled.things import ARRIVED, Party
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.status import Status


def hold(venue: Venue, command: c.Confirm | c.Release | c.Extend, now: datetime) -> o.AnyOutcome:
    party = venue.find(command.target, command.version)
    if not isinstance(party, Party):
        return party
    booking_id, actor = party.booking_id, party.actor
    if party.status is Status.EXPIRED:
        return o.HoldExpired(booking_id=booking_id, expired_at=party.expires_at or now)
    if not party.live and not party.waits:
        return o.NotBooked(actor=actor, booking_id=booking_id)
    if isinstance(command, c.Confirm):
        if party.status in ARRIVED or party.waits:
            return o.WrongStatus(
                booking_id=booking_id, status=party.status, wanted=Status.CONFIRMED
            )
        if party.status is not Status.CONFIRMED:
            venue.became(party, Status.CONFIRMED)
            party.expires_at = party.limit_at = None
        return o.Confirmed(booking_id=booking_id, actor=actor, version=party.version)
    if party.status is not Status.HELD or party.expires_at is None or party.limit_at is None:
        return o.NotHeld(booking_id=booking_id, status=party.status)
    if isinstance(command, c.Release):
        venue.became(party, Status.CANCELLED)
        return o.Released(booking_id=booking_id, actor=actor, version=party.version)
    wanted = now + timedelta(seconds=command.seconds)
    if wanted > party.limit_at:
        return o.ExtendLimit(booking_id=booking_id, limit_at=party.limit_at)
    party.expires_at = max(party.expires_at, wanted)
    venue.became(party, Status.HELD)
    return o.Extended(
        booking_id=booking_id, actor=actor, version=party.version, expires_at=party.expires_at
    )


def cancel(venue: Venue, command: c.Cancel) -> o.AnyOutcome:
    party = venue.find(command.target, command.version)
    if not isinstance(party, Party):
        return party
    if not party.live and not party.waits:
        return o.NotBooked(actor=party.actor, booking_id=party.booking_id)
    if party.status in {Status.COMPLETED, Status.NO_SHOW}:
        return o.WrongStatus(
            booking_id=party.booking_id, status=party.status, wanted=Status.CANCELLED
        )
    venue.became(party, Status.CANCELLED)
    return o.Cancelled(booking_id=party.booking_id, actor=party.actor, version=party.version)


def visit(
    venue: Venue, command: c.CheckIn | c.CheckOut | c.Complete | c.NoShow | c.Update, now: datetime
) -> o.AnyOutcome:
    party = venue.find(command.target, command.version)
    if not isinstance(party, Party):
        return party
    booking_id, actor, was = party.booking_id, party.actor, party.status
    if was is Status.EXPIRED:
        return o.HoldExpired(booking_id=booking_id, expired_at=party.expires_at or now)
    if not party.live and not party.waits:
        return o.NotBooked(actor=actor, booking_id=booking_id)
    if isinstance(command, c.Update):
        venue.became(party, was)
        return o.Updated(
            booking_id=booking_id, actor=actor, version=party.version, fields=written(command)
        )
    coming = {Status.RESERVED, Status.CONFIRMED}
    says: type[o.CheckedIn | o.CheckedOut | o.Completed | o.NoShow]
    if isinstance(command, c.CheckIn):
        becomes, says = Status.CHECKED_IN, o.CheckedIn
        may = was in coming or (command.late and was is Status.NO_SHOW)
    elif isinstance(command, c.NoShow):
        becomes, says, may = Status.NO_SHOW, o.NoShow, was in coming
    else:
        becomes, may = Status.COMPLETED, was is Status.CHECKED_IN
        says = o.CheckedOut if isinstance(command, c.CheckOut) else o.Completed
    if not may:
        return o.WrongStatus(booking_id=booking_id, status=was, wanted=becomes)
    begins = min(piece.during[0] for piece in party.pieces)
    if isinstance(command, c.NoShow) and begins > now:
        return o.TooEarly(booking_id=booking_id, not_before=begins)
    venue.became(party, becomes)
    return says(booking_id=booking_id, actor=actor, version=party.version)


def expire(venue: Venue, command: c.Expire) -> o.AnyOutcome:
    party = venue.find(command.target, None)
    if not isinstance(party, Party):
        return party
    if party.status is Status.EXPIRED:
        return o.Expired(booking_id=party.booking_id, actor=party.actor, version=party.version)
    return o.NotExpired(booking_id=party.booking_id, expires_at=party.expires_at)


def written(command: c.Update) -> tuple[str, ...]:
    """The names of the details that an update gives, metadata first."""
    contact = command.contact or c.Contact()
    parts = {
        "metadata": command.metadata,
        "contact.name": contact.name,
        "contact.email": contact.email,
        "contact.phone": contact.phone,
    }
    return tuple(name for name, given in parts.items() if given is not None)
