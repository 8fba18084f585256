"""A tenant's busy day through the library, with at least one of everything the journal can hold.

The tests spoil what it leaves behind. Nothing is checked here but that each step came to what it
was to come to, since a step that was refused would leave nothing to spoil.
"""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

import lastseat
from lastseat import Choice, Claim, Contact, Fact, Hours, Override, Rules, Span
from lastseat.core.outcomes import AnyOutcome, Code

T0 = datetime(2031, 11, 24, 18, tzinfo=UTC)


class Story(Struct, frozen=True):
    """Where the day was lived, and the ids of its bookings by the names used here."""

    conninfo: str
    ids: dict[str, str]

    @property
    def database(self) -> str:
        """The database's name."""
        return str(conninfo_to_dict(self.conninfo)["dbname"])


def at(minutes: int) -> datetime:
    """Minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def turn_clock(conninfo: str, ahead: str) -> None:
    """Set the database's clock an interval ahead of the real one."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" PARALLEL SAFE AS 'SELECT clock_timestamp() + interval ''{ahead}'''".encode()
        )


def did(outcome: AnyOutcome, code: Code) -> Any:
    """The outcome, which has to be the one that the story needs."""
    assert outcome.code == code, outcome
    return outcome


def tell(conninfo: str, tenant_id: str) -> dict[str, str]:
    """Live the day; the ids of the bookings by the names used here."""
    with contextlib.closing(lastseat.open(conninfo, migrate=False)) as engine:
        turn_clock(conninfo, "0 hours")
        tenant = engine.tenant(tenant_id, principal="desk")
        ids = _morning(tenant) | _lanes(tenant) | _skis(tenant)
        _classes(tenant)
        _courses(tenant)
        _duets(tenant)
        ids |= _line(tenant)
        ids |= _tours(tenant)
        ids |= _hall(tenant)
        held = did(tenant.hold("yoga", actor="hal", seconds=60), Code.HELD)
        many = did(tenant.hold(["yoga", _lane("lane 3", 600)], actor="ida"), Code.HELD)
        turn_clock(conninfo, "2 hours")
        assert tenant.expire(limit=1) == 1
        # The other one is journalled as expired by whoever comes by.
        did(tenant.book("yoga", actor="joe"), Code.BOOKED)
        facts = {"yoga": (tenant.bookable("yoga").seq, [Fact("doors", {"open": True})] * 2)}
        did(tenant.append_expect(facts, key="doors"), Code.APPENDED)
    return ids | {"expired": held.booking_id, "swept": many.booking_id}


def _morning(tenant: lastseat.Tenant) -> dict[str, str]:
    """An occurrence that fills, empties, is overbooked and made smaller."""
    tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=6, time_zone="Europe/Rome")
    ann = did(tenant.book("yoga", actor="ann", units=2, metadata={"mat": "blue"}), Code.BOOKED)
    bob = did(tenant.hold("yoga", actor="bob", seconds=600, limit=3600), Code.HELD)
    did(tenant.extend(bob.booking_id, seconds=1200), Code.EXTENDED)
    did(tenant.confirm("yoga", actor="bob"), Code.CONFIRMED)
    cyd = did(tenant.hold("yoga", actor="cyd"), Code.HELD)
    did(tenant.release(cyd.booking_id), Code.RELEASED)
    dan = did(tenant.book("yoga", actor="dan", confirmed=False), Code.BOOKED)
    did(tenant.cancel(dan.booking_id), Code.CANCELLED)
    did(tenant.book("yoga", actor="dan"), Code.BOOKED)
    did(tenant.book("yoga", actor="ed", units=9), Code.FULL)
    over = did(
        tenant.book("yoga", actor="eve", units=4, override=True, reason="the owner's"), Code.BOOKED
    )
    did(tenant.change_capacity("yoga", 1), Code.BELOW_TAKEN)
    did(tenant.change_capacity("yoga", 3, override=True, reason="a leak"), Code.CAPACITY_CHANGED)
    did(tenant.cancel(over.booking_id), Code.CANCELLED)
    did(tenant.change_capacity("yoga", 12), Code.CAPACITY_CHANGED)
    return {
        "ann": ann.booking_id,
        "bob": bob.booking_id,
        "dan": dan.booking_id,
        "eve": over.booking_id,
    }


def _lane(name: str, start: int, length: int = 60, **more: Any) -> Claim:
    return Claim(bookable=name, start=at(start), end=at(start + length), **more)


def _lanes(tenant: lastseat.Tenant) -> dict[str, str]:
    """Exclusive resources: buffers, a move, a swap, an override on top."""
    for name in ("lane 1", "lane 2", "lane 3"):
        did(tenant.define_resource(name, time_zone="Europe/Rome"), Code.DEFINED)
    rome = datetime(2031, 11, 24, 20, tzinfo=ZoneInfo("Europe/Rome"))
    local = Claim(bookable="lane 1", start=rome, end=rome + timedelta(hours=1), before=300)
    one = did(tenant.book(local, actor="fay"), Code.BOOKED)
    two = did(tenant.book(_lane("lane 2", 60, after=600), actor="gus"), Code.BOOKED)
    did(tenant.book(_lane("lane 1", 90), actor="ann"), Code.CONFLICT)
    swap = {one.booking_id: [_lane("lane 2", 60)], two.booking_id: [_lane("lane 1", 60)]}
    did(tenant.move_together(swap), Code.MOVED)
    did(tenant.move(one.booking_id, _lane("lane 2", 120)), Code.MOVED)
    top = _lane("lane 2", 120)
    cup = did(tenant.book(top, actor="ann", override=True, reason="a cup final"), Code.BOOKED)
    did(tenant.book(_lane("lane 1", 120), actor="ann", confirmed=False), Code.ACTOR_BUSY)
    return {"fay": one.booking_id, "gus": two.booking_id, "cup": cup.booking_id}


def _skis(tenant: lastseat.Tenant) -> dict[str, str]:
    """A pool: overlaps up to its peak, an override past it, and a capacity lowered since."""
    tenant.define_pool("skis", capacity=4, actor_time="warn")
    first = did(tenant.book(_lane("skis", 300, units=3), actor="kim"), Code.BOOKED)
    did(tenant.book(_lane("skis", 330, units=2), actor="leo"), Code.FULL)
    did(tenant.book(_lane("skis", 330, units=1), actor="kim"), Code.BOOKED)
    more = _lane("skis", 330, units=5)
    leo = did(tenant.book(more, actor="leo", override=True, reason="borrowed"), Code.BOOKED)
    both = [_lane("skis", 400, units=2), _lane("lane 3", 400)]
    mixed = did(tenant.book(both, actor="max"), Code.BOOKED)
    did(tenant.change_capacity("skis", 2, override=True, reason="two broke"), Code.CAPACITY_CHANGED)
    return {"kim": first.booking_id, "leo": leo.booking_id, "max": mixed.booking_id}


def _classes(tenant: lastseat.Tenant) -> None:
    """An event, one occurrence that follows its capacity and one with its own."""
    did(
        tenant.define_event(
            "class",
            starts=["2031-12-01T18:00", "2031-12-08T18:00", "2031-12-15T18:00"],
            duration=3600,
            time_zone="Europe/Rome",
            capacity=3,
            actor_time="allow",
        ),
        Code.DEFINED,
    )
    did(tenant.book("class@2031-12-01T18:00", actor="ann", units=2), Code.BOOKED)
    did(tenant.book("class@2031-12-08T18:00", actor="ann"), Code.BOOKED)
    did(tenant.change_capacity("class@2031-12-08T18:00", 9), Code.CAPACITY_CHANGED)
    did(tenant.change_capacity("class", 5), Code.CAPACITY_CHANGED)


def _courses(tenant: lastseat.Tenant) -> None:
    """An event with a rule that is edited: one occurrence moves with who is there, one is off."""
    did(
        tenant.define_event(
            "course",
            start="2031-12-02T18:00",
            rrule="FREQ=WEEKLY",
            overrides=[Override("2031-12-16T18:00", capacity=1)],
            duration=3600,
            time_zone="Europe/Rome",
            capacity=3,
        ),
        Code.DEFINED,
    )
    for start in ("2031-12-02T18:00", "2031-12-09T18:00", "2031-12-16T18:00"):
        did(tenant.book(f"course@{start}", actor="cleo"), Code.BOOKED)
    second: dict[str, Any] = {"scope": "this", "at": "2031-12-09T18:00", "cancelled": True}
    did(tenant.edit_event("course", **second), Code.WOULD_AFFECT)
    did(tenant.edit_event("course", **second, on_dropped="call_off"), Code.EVENT_EDITED)
    later: dict[str, Any] = {"scope": "all", "start": "19:00", "on_moved": "move"}
    did(tenant.edit_event("course", **later, reason="the bus"), Code.EVENT_EDITED)


def _tours(tenant: lastseat.Tenant) -> dict[str, str]:
    """A service's limit at a location, and guests who come, leave, stay away, or come after all."""
    assert tenant.catalogue.create_location("harbour", name="Harbour", time_zone="UTC").ok
    did(
        tenant.define_limit("service:tour", capacity=4, location="harbour", name="The tour"),
        Code.DEFINED,
    )
    # It has begun, whatever the clock says: nobody is a no-show before.
    begun = datetime(2020, 5, 4, 9, tzinfo=UTC)
    tenant.define_occurrence("launch", start=begun, end=begun + timedelta(hours=1), capacity=9)
    for_two = Contact(name="Nan", email="nan@example.org")
    came, left, absent, late = (
        did(
            tenant.book(["launch", _lane("service:tour", 30 * n)], actor=f"guest {n}"), Code.BOOKED
        ).booking_id
        for n in range(4)
    )
    did(tenant.check_in(came, reason="with a dog"), Code.CHECKED_IN)
    did(tenant.update(came, contact=for_two, metadata={"dog": True}), Code.UPDATED)
    did(tenant.check_in("launch", actor="guest 1"), Code.CHECKED_IN)
    did(tenant.check_out(left), Code.CHECKED_OUT)
    did(tenant.no_show(absent), Code.NO_SHOW)
    did(tenant.no_show(late), Code.NO_SHOW)
    did(tenant.check_in(late, late=True), Code.CHECKED_IN)
    did(tenant.complete(late), Code.COMPLETED)
    return {"came": came, "left": left, "absent": absent, "late": late}


def _hall(tenant: lastseat.Tenant) -> dict[str, str]:
    """A hall of two halves with opening hours, chosen from, and booked for three weeks."""
    for half in ("east", "west"):
        did(tenant.define_resource(half, actor_time="allow"), Code.DEFINED)
    did(tenant.define_composite("hall", parts=["east", "west"]), Code.DEFINED)
    did(tenant.set_rules("east", Rules(lead_seconds=60)), Code.RULES_CHANGED)
    hours = Hours(weekly={"MO": (Span("08:00", "22:00"),)})
    did(tenant.set_rules("hall", Rules(hours=hours)), Code.RULES_CHANGED)
    did(tenant.book(_lane("hall", 24 * 60), actor="ann"), Code.NOT_BOOKABLE)
    either = Choice(of=("east", "west"), start=at(0), end=at(60))
    did(tenant.book(choices=[either], actor="ann"), Code.BOOKED)
    weeks = [_lane("hall", 7 * 24 * 60 * n) for n in range(4)]
    series = tenant.book_series(weeks, actor="bob", policy="skip_conflicts")
    (_, first, *_) = did(series, Code.SERIES_BOOKED).report
    return {"monday": first.booking_id}


def _duets(tenant: lastseat.Tenant) -> None:
    """Two sold-out occurrences whose guests change places."""
    swap = {}
    for name, other, start in (("duet 1", "duet 2", 900), ("duet 2", "duet 1", 960)):
        did(
            tenant.define_occurrence(name, start=at(start), end=at(start + 60), capacity=1),
            Code.DEFINED,
        )
        swap[did(tenant.book(name, actor=f"{name}'s"), Code.BOOKED).booking_id] = other
    did(tenant.move_together(swap), Code.MOVED)


def _line(tenant: lastseat.Tenant) -> dict[str, str]:
    """Three wait for a crowded talk and a room beside it: one is offered it, one leaves."""
    tenant.define_occurrence("talk", start=at(3000), end=at(3060), capacity=1, actor_time="allow")
    did(tenant.define_resource("booth", actor_time="allow"), Code.DEFINED)
    full = did(tenant.book("talk", actor="ann"), Code.BOOKED)
    booth = [lastseat.Claim(bookable="talk"), _lane("booth", 3000)]
    first = did(tenant.join_waitlist("talk", actor="bob", offer_seconds=86_400), Code.JOINED)
    gone = did(tenant.join_waitlist("talk", actor="cyd"), Code.JOINED)
    waits = did(tenant.join_waitlist(booth, actor="dan"), Code.JOINED)
    hour = _lane("booth", 4000, before=600)
    did(tenant.book(hour, actor="ann"), Code.BOOKED)
    later = did(tenant.join_waitlist(hour, actor="dan"), Code.JOINED)
    did(tenant.cancel(gone.booking_id), Code.CANCELLED)
    did(tenant.cancel(full.booking_id), Code.CANCELLED)
    return {
        "offered": first.booking_id,
        "waits": waits.booking_id,
        "later": later.booking_id,
    }
