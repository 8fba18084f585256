"""An actor who has a booking at that time already: refuse, warn or allow (B8)."""

import pytest
from tests.library.venue import claim, done, occurrence, pool, resource

from lastseat import Tenant
from lastseat import outcomes as o


def test_refuse_is_the_default(tenant: Tenant) -> None:
    for name in ("yoga", "talk"):
        tenant.define_resource(name)
    first = done(tenant.book(claim("yoga", 0, 60), actor="ann"), o.Booked)
    busy = done(tenant.book(claim("talk", 59, 90), actor="ann"), o.ActorBusy)
    assert (busy.actor, busy.booking_id) == ("ann", first.booking_id)
    assert busy.during == claim("yoga", 0, 60).during
    assert tenant.book(claim("talk", 60, 90), actor="ann").ok
    assert tenant.book(claim("talk", 0, 60), actor="ben").ok


def test_warn_books_and_says_what_else_there_is(tenant: Tenant) -> None:
    yoga = occurrence(tenant, actor_time="warn")
    talk = occurrence(tenant, "talk", start=30, end=90, actor_time="warn")
    first = done(tenant.book(yoga, actor="ann"), o.Booked)
    second = done(tenant.book(talk, actor="ann"), o.Booked)
    assert first.warnings == ()
    (warning,) = second.warnings
    assert (warning.booking_id, warning.during) == (first.booking_id, tenant.bookable(yoga).during)
    assert tenant.is_booked(talk, "ann")


def test_a_hold_warns_too(tenant: Tenant) -> None:
    occurrence(tenant, actor_time="warn")
    occurrence(tenant, "talk", actor_time="warn")
    tenant.hold("yoga", actor="ann")
    assert len(done(tenant.hold("talk", actor="ann"), o.Held).warnings) == 1


def test_allow_takes_no_part(tenant: Tenant) -> None:
    """Neither refused for the actor's other bookings, nor a reason to refuse one."""
    museum = occurrence(tenant, "museum", actor_time="allow")
    yoga = occurrence(tenant, actor_time="refuse")
    tenant.book(museum, actor="ann")
    assert tenant.book(yoga, actor="ann").ok
    skis = pool(tenant, actor_time="allow")
    assert done(tenant.book(claim(skis, 0, 60), actor="ann"), o.Booked).warnings == ()


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("refuse", "refuse", "actor_busy"),
        ("refuse", "warn", "booked"),
        ("warn", "refuse", "actor_busy"),
        ("warn", "warn", "booked"),
        ("allow", "refuse", "booked"),
        ("refuse", "allow", "booked"),
    ],
)
def test_the_new_booking_decides(tenant: Tenant, first: str, second: str, code: str) -> None:
    occurrence(tenant, "yoga", actor_time=first)
    occurrence(tenant, "talk", actor_time=second)
    assert tenant.book("yoga", actor="ann").ok
    assert tenant.book("talk", actor="ann").code == code


def test_time_freed_is_free_again(tenant: Tenant) -> None:
    yoga = occurrence(tenant, actor_time="refuse")
    talk = occurrence(tenant, "talk", actor_time="refuse")
    tenant.book(yoga, actor="ann")
    assert tenant.book(talk, actor="ann").code == "actor_busy"
    tenant.cancel(yoga, actor="ann")
    assert tenant.book(talk, actor="ann").ok


def test_an_override_does_not_ask(tenant: Tenant) -> None:
    yoga = occurrence(tenant, actor_time="refuse")
    talk = occurrence(tenant, "talk", actor_time="refuse")
    tenant.book(yoga, actor="ann")
    assert tenant.book(talk, actor="ann", override=True, reason="she runs between them").ok


def test_a_move_does_not_meet_the_time_it_leaves(tenant: Tenant) -> None:
    lane = resource(tenant, actor_time="refuse")
    room = resource(tenant, "room", actor_time="refuse")
    made = done(tenant.book(claim(lane, 0, 60), actor="ann"), o.Booked)
    other = done(tenant.book(claim(room, 60, 120), actor="ann"), o.Booked)
    assert tenant.move(made.booking_id, claim(lane, 0, 45)).ok
    busy = done(tenant.move(made.booking_id, claim(lane, 30, 75)), o.ActorBusy)
    assert busy.booking_id == other.booking_id


def test_buffers_are_the_venues_time_not_the_actors(tenant: Tenant) -> None:
    lane, room = (resource(tenant, x, actor_time="refuse") for x in ("lane", "room"))
    tenant.book(claim(lane, 0, 60, before=1800, after=1800), actor="ann")
    assert tenant.book(claim(room, 60, 90), actor="ann").ok
