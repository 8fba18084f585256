"""The audit trail of a booking: who, what, when, before and after, why (C5)."""

from datetime import timedelta

import psycopg
import pytest
from tests.library.conftest import Clocked, Open
from tests.library.venue import T0, at, claim, done, occurrence, resource

import lastseat
from lastseat import AuditClaim, AuditEntry, AuditState, Claim, Interval, NotFound, Status, Tenant
from lastseat import outcomes as o

NOBODY = "0190c0de-0000-7000-8000-000000000000"


def state(
    status: Status, *claims: tuple[str, int, int, int], expires: int | None = None
) -> AuditState:
    """A state with claims of (bookable, units, from, to), in minutes after T0."""
    shown = tuple(AuditClaim(name, n, Interval(at(a), at(b))) for name, n, a, b in claims)
    return AuditState(status, shown, None if expires is None else T0 + timedelta(seconds=expires))


def test_every_change_is_told_with_what_was_before_and_after(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0)
    yoga = occurrence(tenant, start=600, end=660, actor_time="refuse")
    lane, room = resource(tenant), resource(tenant, "room")
    claims = [Claim(bookable=yoga, units=2), claim(lane, 60, 120)]
    held = done(tenant.hold(claims, actor="ann", seconds=60), o.Held).booking_id
    clocked.it_is(T0 + timedelta(seconds=30))
    assert tenant.extend(held, seconds=90).ok
    assert tenant.confirm(held).ok
    assert tenant.move(held, [claim(lane, 60, 120), claim(room, 60, 90)]).ok
    assert tenant.cancel(held).ok

    trail = tenant.audit(held)
    assert [(x.version, x.action) for x in trail] == [
        (1, "booked"),
        (2, "extended"),
        (3, "confirmed"),
        (4, "moved"),
        (5, "cancelled"),
    ]
    both = (("yoga", 2, 600, 660), ("lane", 1, 60, 120))
    moved = (("lane", 1, 60, 120), ("room", 1, 60, 90))
    after = [
        state(Status.HELD, *both, expires=60),
        state(Status.HELD, *both, expires=120),
        state(Status.CONFIRMED, *both),
        state(Status.CONFIRMED, *moved),
        state(Status.CANCELLED),
    ]
    assert [x.after for x in trail] == after
    assert [x.before for x in trail] == [None, *after[:-1]]
    assert {x.principal for x in trail} == {"system"}
    assert [(x.at - T0).seconds for x in trail] == [0, 30, 30, 30, 30]
    assert not any(x.override or x.fields or x.reason for x in trail)


def test_the_last_entry_is_how_the_booking_stands(tenant: Tenant) -> None:
    yoga, lane = occurrence(tenant), resource(tenant)
    mine = done(tenant.book([Claim(bookable=yoga), claim(lane, 0, 60)], actor="ann"), o.Booked)
    tenant.move(mine.booking_id, claim(lane, 60, 120))
    seen, last = tenant.booking(mine.booking_id), tenant.audit(mine.booking_id)[-1]
    assert (last.version, last.after.status) == (seen.version, seen.status)
    assert [(x.bookable, x.units, x.during) for x in last.after.claims] == [
        (x.bookable, x.units, x.during) for x in seen.claims if x.live
    ]


def test_a_visit_and_an_update_are_told(tenant: Tenant) -> None:
    now = done(tenant.define_occurrence("now", start=at(0), end=at(60), capacity=2), o.Defined)
    mine = done(tenant.book(now.bookable, actor="ann"), o.Booked).booking_id
    assert tenant.update(mine, metadata={"diet": "vegan"}).ok
    assert tenant.check_in(mine).ok
    assert tenant.check_out(mine).ok
    trail = tenant.audit(mine)
    assert [x.action for x in trail] == ["booked", "updated", "checked_in", "checked_out"]
    assert trail[1].fields == ("metadata",)
    assert trail[1].after == trail[1].before
    assert "vegan" not in repr(trail)
    assert [x.after.status for x in trail[2:]] == [Status.CHECKED_IN, Status.COMPLETED]
    assert trail[-1].after.claims == trail[0].after.claims


def test_who_did_it_why_and_by_what_permission(face: Open, conninfo: str, tenant_id: str) -> None:
    tenant = face(tenant_id)
    yoga = occurrence(tenant, capacity=1)
    tenant.book(yoga, actor="ann")
    with lastseat.open(conninfo, migrate=False) as engine:
        desk = engine.tenant(tenant_id, principal="person:7")
        over = done(desk.book(yoga, actor="ben", override=True, reason="a birthday"), o.Booked)
        assert desk.cancel(over.booking_id, reason="ill").ok
    first, last = tenant.audit(over.booking_id)
    assert (first.principal, first.reason, first.override) == ("person:7", "a birthday", True)
    assert (last.principal, last.reason, last.override) == ("person:7", "ill", False)


def test_a_page_of_the_trail_knows_what_was_before_it(tenant: Tenant) -> None:
    lane = resource(tenant)
    mine = done(tenant.book(claim(lane, 0, 60), actor="ann"), o.Booked).booking_id
    for hour in (1, 2, 3):
        assert tenant.move(mine, claim(lane, hour * 60, hour * 60 + 60)).ok
    whole = tenant.audit(mine)
    assert tenant.audit(mine, after_version=1, limit=2) == whole[1:3]
    assert tenant.audit(mine, after_version=4) == []


def test_a_swap_is_told_in_both_trails(tenant: Tenant) -> None:
    yoga, boxing = occurrence(tenant, capacity=1), occurrence(tenant, "boxing", capacity=1)
    ann = done(tenant.book(yoga, actor="ann"), o.Booked).booking_id
    ben = done(tenant.book(boxing, actor="ben"), o.Booked).booking_id
    assert tenant.move_together({ann: boxing, ben: yoga}).ok

    def places(entry: AuditEntry) -> list[str]:
        return [x.bookable for x in entry.after.claims]

    assert [places(x) for x in tenant.audit(ann)] == [["yoga"], ["boxing"]]
    assert [places(x) for x in tenant.audit(ben)] == [["boxing"], ["yoga"]]


def test_the_rows_of_a_booking_on_all_its_streams(tenant: Tenant, conninfo: str) -> None:
    yoga = occurrence(tenant, capacity=400, actor_time="refuse")
    lane = resource(tenant)
    mine = [Claim(bookable=yoga), claim(lane, 0, 60)]
    booking = done(tenant.book(mine, actor="ann"), o.Booked).booking_id
    for n in range(150):
        assert tenant.book(yoga, actor=f"guest {n}").ok
    assert tenant.move(booking, claim(lane, 60, 120)).ok
    for n in range(150, 300):
        assert tenant.book(yoga, actor=f"guest {n}").ok
    assert tenant.cancel(booking).ok
    rows = tenant.booking_journal(booking)
    with psycopg.connect(conninfo) as connection:
        told = connection.execute(
            "SELECT stream_id, seq, version, lead FROM lastseat.journal"
            " WHERE tenant_id = %s AND booking_id = %s ORDER BY ordinal",
            [tenant.tenant_id, booking],
        ).fetchall()
    assert [(x.stream, x.seq, x.version, x.lead) for x in rows] == told
    assert len({x.stream for x in rows}) == 3
    assert [x.version for x in rows if x.lead] == [1, 2, 3]


def test_what_is_not_there_is_not_found(face: Open, tenant_id: str) -> None:
    tenant, other = face(tenant_id), face(f"{tenant_id}-other")
    theirs = done(other.book(occurrence(other), actor="ann"), o.Booked).booking_id
    for booking in (NOBODY, "nonsense", "\0", theirs):
        with pytest.raises(NotFound):
            tenant.audit(booking)
        with pytest.raises(NotFound):
            tenant.booking_journal(booking)
    with pytest.raises(ValueError, match="after_version"):
        tenant.audit(NOBODY, after_version=-1)
    with pytest.raises(ValueError, match="limit"):
        tenant.audit(NOBODY, limit=0)
