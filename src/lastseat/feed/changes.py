"""Changes as live messages: a feed's entries gathered, and written as Server-Sent Events. Pure.

A change that touched several bookables has an entry in each one's stream; it is one message. What
happens to an actor's own time is never told by itself: it says when a person is somewhere.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from lastseat.core import events as e
from lastseat.core.interval import Interval
from lastseat.core.state import ACTOR_PREFIX
from lastseat.core.status import Status
from lastseat.feed.channels import Channel, Place, channels_of
from lastseat.feed.positions import Position
from lastseat.feed.reading import FeedItem
from lastseat.views.history import JournalRow

_encode = msgspec.json.Encoder().encode

BEAT = b":\n"
"""A comment, so that whoever is in between knows that the stream is alive. Not a whole block: some
readers take an empty one for a message."""

_STATUS: dict[str, Status] = {
    "joined": Status.WAITLISTED,
    "offered": Status.HELD,
    "confirmed": Status.CONFIRMED,
    "released": Status.CANCELLED,
    "cancelled": Status.CANCELLED,
    "expired": Status.EXPIRED,
    "checked_in": Status.CHECKED_IN,
    "checked_out": Status.COMPLETED,
    "completed": Status.COMPLETED,
    "no_show": Status.NO_SHOW,
}
"""Where a booking stands after a change; others say it themselves, or leave it."""

_NOBODYS = frozenset({"updated", "fact"})
"""What changes nothing that can be booked: not told where messages are redacted."""


class ToldClaim(Struct, frozen=True, omit_defaults=True):
    """What a booking took, or waits for. Without times: the occurrence's own."""

    bookable: str
    units: int
    start: datetime | None = None
    end: datetime | None = None


class Told(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A change as JSON. A redacted one has the first four alone."""

    channel: str
    pos: int
    at: datetime
    bookables: tuple[str, ...]
    booking_id: str | None = None
    version: int | None = None
    status: Status | None = None
    principal: str | None = None
    claims: tuple[ToldClaim, ...] = ()
    expires_at: datetime | None = None
    series: str | None = None
    capacity: int | None = None
    overbooked: int | None = None
    start: datetime | None = None
    end: datetime | None = None


class Change:
    """One change at its place in the feed, `pos`, that of its last entry. Encoded once each way."""

    __slots__ = ("_encoded", "_entries", "_epoch", "_tag", "_tenant", "channels", "pos")

    def __init__(self, where: "Where", entries: Sequence[FeedItem], places: "Places") -> None:
        self.pos = entries[-1].pos
        self._tenant, self._epoch, self._tag = where
        self._entries = tuple(x for x in entries if not x.stream.startswith(ACTOR_PREFIX))
        self._encoded: dict[tuple[Channel, bool], bytes | None] = {}
        self.channels: frozenset[Channel] = frozenset().union(
            *(channels_of(x.stream, places.get(x.stream)) for x in self._entries)
        )

    def message(self, channel: Channel, *, redacted: bool) -> bytes | None:
        """The message for a channel that the change is told on; None: it is not for them."""
        asked = channel, redacted
        if asked not in self._encoded:
            self._encoded[asked] = self._drawn(channel, redacted=redacted)
        return self._encoded[asked]

    def _drawn(self, channel: Channel, *, redacted: bool) -> bytes | None:
        lead = lead_of(self._entries)
        if redacted and lead.type in _NOBODYS:
            return None
        told = Told(
            channel=channel.name(self._tenant),
            pos=self.pos,
            at=lead.at,
            bookables=tuple(x.stream for x in self._entries),
        )
        if not redacted:
            more = details_of(self._entries)
            told = msgspec.structs.replace(told, principal=lead.principal, **more)
        return block(name_of(lead), Position(self._epoch, self._tag, self.pos), told)


class Where(NamedTuple):
    """Whose feed, in which epoch, under which tag."""

    tenant: str
    epoch: str
    tag: str


Places = Mapping[str, Place]
"""What each stream is of."""


def lead_of(entries: Sequence[FeedItem]) -> JournalRow:
    """The entry that speaks for a change."""
    return next((x for x in entries if x.row.lead), entries[0]).row


def name_of(lead: JournalRow) -> str:
    """What a change is called."""
    return lead.type if lead.booking_id is None else f"booking.{lead.type}"


def details_of(entries: Sequence[FeedItem]) -> dict[str, Any]:
    """What is told of a change beside where it was: members of `Told`. Nobody is named."""
    lead = lead_of(entries)
    return {
        "booking_id": lead.booking_id,
        "version": lead.version,
        "status": _STATUS.get(lead.type),
        "claims": _claims(entries),
        **_said(lead.event),
    }


def _claims(entries: Sequence[FeedItem]) -> tuple[ToldClaim, ...]:
    return tuple(
        ToldClaim(
            x.stream,
            claim.units,
            claim.during.start if claim.during else None,
            claim.during.end if claim.during else None,
        )
        for x in entries
        for claim in _claimed(x.row.event)
    )


def _claimed(event: e.Event) -> tuple[e.ClaimMade, ...]:
    """The claims that an event makes; of one that joins a line, those it waits for there."""
    match event:
        case e.Booked() | e.Moved() | e.Offered():
            return event.claims
        case e.Joined(awaited=awaited) if awaited is not None:
            first = awaited.claims[0]
            return (e.ClaimMade(1, first.units, first.during),)
        case _:
            return ()


def _said(event: e.Event) -> dict[str, Any]:
    """What an event says itself."""
    match event:
        case e.Booked():
            return {
                "status": event.status,
                "expires_at": event.expires_at,
                "series": event.series,
            }
        case e.Extended() | e.Offered():
            return {"expires_at": event.expires_at}
        case e.CapacityChanged():
            return {"capacity": event.capacity, "overbooked": event.overbooked}
        case e.Defined():
            return {"capacity": event.capacity, **_times(event.during)}
        case e.Rescheduled():
            return _times(event.during)
        case _:
            return {}


def _times(during: Interval | None) -> dict[str, datetime]:
    return {} if during is None else {"start": during.start, "end": during.end}


def gathered(items: Sequence[FeedItem], *, complete: bool) -> list[tuple[FeedItem, ...]]:
    """A page's entries by change. Where it is not `complete` the last may lack some: left out.

    Unless it is the only one: a page has room for the largest.
    """
    groups: list[list[FeedItem]] = []
    for item in items:
        if groups and _together(groups[-1][-1], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    if not complete and len(groups) > 1:
        groups.pop()
    return [tuple(group) for group in groups]


def _together(one: FeedItem, other: FeedItem) -> bool:
    a, b = one.row, other.row
    return a.booking_id is not None and (a.booking_id, a.version) == (b.booking_id, b.version)


def worth_telling(group: Sequence[FeedItem]) -> bool:
    """Whether anything but actors' own time has changed. A checkpoint changes nothing."""
    return any(
        not x.stream.startswith(ACTOR_PREFIX) and not isinstance(x.row.event, e.Checkpoint)
        for x in group
    )


class Standing(Struct, frozen=True, omit_defaults=True):
    """What `position` and `reset` say: the channel, and from where on it is told."""

    channel: str
    pos: int
    reason: str | None = None


def block(name: str, position: Position, data: Struct) -> bytes:
    """A message as it is sent."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        str(position).encode(),
        name.encode(),
        _encode(data),
    )
