"""`Commands`: the library's operations as command values, for one tenant.

Both faces of the library and `execute_in` take their commands from here, so an operation has the
same name and arguments everywhere. Nothing is checked or sent here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.events import ActorTime, Fact, Kind
from lastseat.engine.ids import new_id

Claims = str | c.Claim | Sequence[str | c.Claim]
"""What a booking takes: an occurrence's id, a `Claim`, or several of them, all or nothing.

The argument `units` beside it is the party's size on each occurrence named by its id."""

Seconds = int | timedelta


class Commands:
    """Makes commands for one tenant. `principal` is who asks, an opaque id for the journal."""

    def __init__(self, tenant_id: str, *, principal: str = "system") -> None:
        self.tenant_id = tenant_id
        self.principal = principal

    def _common(self, key: str | None = None, reason: str | None = None) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "command_id": new_id(),
            "principal": self.principal,
            "key": key,
            "reason": reason,
        }

    def define_occurrence(
        self,
        bookable: str,
        *,
        start: datetime,
        end: datetime,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> c.Define:
        """An occurrence of its own: one time for everybody, `capacity` places."""
        zone = time_zone or _zone(start)
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.OCCURRENCE,
            capacity=capacity,
            start=_utc(start),
            end=_utc(end),
            time_zone=zone,
            actor_time=_actor_time(actor_time),
            location=location,
            name=name,
            attributes=attributes,
        )

    def define_resource(
        self,
        bookable: str,
        *,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> c.Define:
        """An exclusive resource: no two live claims overlap."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.RESOURCE,
            capacity=1,
            time_zone=time_zone,
            actor_time=_actor_time(actor_time),
            location=location,
            name=name,
            attributes=attributes,
        )

    def define_pool(
        self,
        bookable: str,
        *,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> c.Define:
        """A pool: at no instant are more than `capacity` units in use."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.POOL,
            capacity=capacity,
            time_zone=time_zone,
            actor_time=_actor_time(actor_time),
            location=location,
            name=name,
            attributes=attributes,
        )

    def define_limit(
        self,
        bookable: str,
        *,
        capacity: int,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> c.Define:
        """A limit: no more than `capacity` at once, whatever each of them takes beside it (D2)."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.LIMIT,
            capacity=capacity,
            actor_time=ActorTime.ALLOW,
            location=location,
            name=name,
            attributes=attributes,
        )

    def define_event(
        self,
        event: str,
        *,
        starts: Sequence[datetime | str],
        duration: Seconds,
        time_zone: str,
        capacity: int,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> c.Define:
        """What recurs: `starts` are naive local times in `time_zone`, to the minute.

        Its occurrences are `<event>@<local start>`, such as `yoga@2026-11-23T18:00`; they need not
        be written in advance: the first booking opens one.
        """
        local = tuple(_local(x) if isinstance(x, datetime) else x for x in starts)
        return c.Define(
            **self._common(key),
            bookable=event,
            kind=Kind.EVENT,
            capacity=capacity,
            time_zone=time_zone,
            starts=local,
            seconds=_seconds(duration),
            actor_time=_actor_time(actor_time),
            location=location,
            name=name,
            attributes=attributes,
        )

    def book(
        self,
        claims: Claims,
        *,
        actor: str,
        units: int = 1,
        confirmed: bool = True,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> c.Book:
        """Take all claims or none; CONFIRMED at once, or RESERVED when `confirmed` is false."""
        command_id = new_id()
        return c.Book(
            tenant_id=self.tenant_id,
            command_id=command_id,
            principal=self.principal,
            key=key,
            expected=dict(expected) if expected else {},
            # Unlike all others too, and who knows one knows the other.
            booking_id=command_id,
            actor=actor,
            claims=_claims(claims, units),
            confirmed=confirmed,
            override=override,
            reason=reason,
            metadata=metadata,
            contact=contact,
        )

    def hold(
        self,
        claims: Claims,
        *,
        actor: str,
        units: int = 1,
        seconds: Seconds = limits.HOLD_SECONDS,
        limit: Seconds = limits.HOLD_LIMIT_SECONDS,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> c.Book:
        """Take all claims for `seconds`; `extend` can go on to `limit` seconds from now."""
        common = self._common(key, reason)
        return c.Book(
            **common,
            expected=dict(expected or {}),
            # Unlike all others too, and who knows one knows the other.
            booking_id=common["command_id"],
            actor=actor,
            claims=_claims(claims, units),
            hold_seconds=_seconds(seconds),
            limit_seconds=_seconds(limit),
            override=override,
            metadata=metadata,
            contact=contact,
        )

    def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Confirm:
        """Confirm a held or reserved booking: its id, or an occurrence's with the actor."""
        return c.Confirm(
            **self._common(key, reason),
            target=_target(booking, actor),
            version=version,
            contact=contact,
        )

    def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Release:
        """Give a hold back."""
        return c.Release(
            **self._common(key, reason),
            target=_target(booking, actor),
            version=version,
        )

    def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> c.Cancel:
        """Cancel a booking and free its claims."""
        return c.Cancel(
            **self._common(key, reason),
            expected=dict(expected or {}),
            target=_target(booking, actor),
            version=version,
        )

    def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Extend:
        """Let a hold run `seconds` from now, within its limit."""
        return c.Extend(
            **self._common(key, reason),
            target=_target(booking, actor),
            seconds=_seconds(seconds),
            version=version,
        )

    def check_in(
        self,
        booking: str,
        *,
        actor: str | None = None,
        late: bool = False,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.CheckIn:
        """They have arrived; `late` lets in a no-show, by permission (C4)."""
        return c.CheckIn(
            **self._common(key, reason),
            target=_target(booking, actor),
            late=late,
            version=version,
        )

    def check_out(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.CheckOut:
        """They were seen to leave: the booking is COMPLETED."""
        return c.CheckOut(
            **self._common(key, reason),
            target=_target(booking, actor),
            version=version,
        )

    def complete(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Complete:
        """What was booked is done: the booking is COMPLETED."""
        return c.Complete(
            **self._common(key, reason),
            target=_target(booking, actor),
            version=version,
        )

    def no_show(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.NoShow:
        """Nobody came: NO_SHOW, not before the booking begins."""
        return c.NoShow(
            **self._common(key, reason),
            target=_target(booking, actor),
            version=version,
        )

    def update(
        self,
        booking: str,
        *,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Update:
        """Replace the metadata, and of the contact what is given."""
        return c.Update(
            **self._common(key, reason),
            target=_target(booking, actor),
            metadata=metadata,
            contact=contact,
            version=version,
        )

    def expire(self, booking: str, *, actor: str | None = None) -> c.Expire:
        """Journal a hold whose time is over as expired."""
        return c.Expire(**self._common(), target=_target(booking, actor))

    def move(
        self,
        booking: str,
        claims: Claims,
        *,
        actor: str | None = None,
        units: int = 1,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Move:
        """Give a booking new claims for its old ones, in one step."""
        relocation = c.Relocation(
            target=_target(booking, actor), claims=_claims(claims, units), version=version
        )
        return c.Move(**self._common(key, reason), moves=(relocation,), override=override)

    def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Move:
        """Give several bookings, by id, new claims in one step: also a swap of two."""
        relocations = tuple(
            c.Relocation(target=c.BookingId(booking_id), claims=_claims(claims, 1))
            for booking_id, claims in moves.items()
        )
        return c.Move(**self._common(key, reason), moves=relocations, override=override)

    def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.ChangeCapacity:
        """Set a bookable's capacity; an event's goes to its occurrences too."""
        return c.ChangeCapacity(
            **self._common(key, reason),
            bookable=bookable,
            capacity=capacity,
            override=override,
        )

    def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> c.Append:
        """Append facts to streams, each with its expected sequence; all or none."""
        return c.Append(
            **self._common(key),
            expected={stream: seq for stream, (seq, _) in appends.items()},
            facts={stream: tuple(facts) for stream, (_, facts) in appends.items()},
        )


def _claims(claims: Claims, units: int) -> tuple[c.Claim, ...]:
    """`units` goes to each id. Beside a `Claim`, which has its own, it must not get lost."""
    if isinstance(claims, str):
        return (c.Claim(bookable=claims, units=units),)
    if isinstance(claims, c.Claim):
        claims = (claims,)
    if units != 1 and any(isinstance(x, c.Claim) for x in claims):
        raise ValueError("units go with an occurrence's id; a Claim has units of its own")
    return tuple(
        c.Claim(bookable=x, units=units) if isinstance(x, str) else _normal(x) for x in claims
    )


def _normal(claim: c.Claim) -> c.Claim:
    """The claim in UTC, remembering the wall clock it was asked for in."""
    # A caller may have passed anything: what is no claim is left for validation to refuse.
    start: object = getattr(claim, "start", None)
    if not isinstance(start, datetime):
        return claim
    zone = _zone(start)
    local = start.replace(tzinfo=None).isoformat() if zone else claim.local_start
    return msgspec.structs.replace(
        claim,
        start=_utc(start),
        end=_utc(claim.end) if isinstance(claim.end, datetime) else claim.end,
        local_start=local,
        time_zone=zone or claim.time_zone,
    )


def _local(time: datetime) -> str:
    """To the minute. What is more than that, or has a zone, is left for validation to refuse."""
    return time.isoformat(timespec="auto" if time.second or time.microsecond else "minutes")


def _zone(time: object) -> str | None:
    tzinfo = time.tzinfo if isinstance(time, datetime) else None
    return tzinfo.key if isinstance(tzinfo, ZoneInfo) else None


def _utc(time: datetime) -> datetime:
    """The instant in UTC. What is no aware datetime is left for validation to refuse."""
    try:
        return time.astimezone(UTC) if time.tzinfo is not None else time
    except (AttributeError, OverflowError):
        return time


def _seconds(length: Seconds) -> int:
    return int(length.total_seconds()) if isinstance(length, timedelta) else length


def _actor_time(policy: ActorTime | str) -> ActorTime:
    try:
        return ActorTime(policy)
    except ValueError:
        # Left for validation, which refuses it by name.
        return policy  # type: ignore[return-value]


def _target(booking: str, actor: str | None) -> c.Target:
    return c.BookingId(booking) if actor is None else c.Seat(booking, actor)
