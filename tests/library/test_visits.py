"""Arriving, leaving, not coming: the statuses of C3 and the permission of C4, on the library."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.library.conftest import Clocked
from tests.library.venue import T0, at, claim, done, occurrence, pool

from lastseat import Claim, Status, Tenant
from lastseat import outcomes as o

BEGUN = datetime(2020, 5, 4, 9, tzinfo=UTC)


def begun(tenant: Tenant, capacity: int = 3) -> str:
    """An occurrence that has begun, whatever the clock says."""
    end = BEGUN + timedelta(hours=1)
    made = tenant.define_occurrence("tour", start=BEGUN, end=end, capacity=capacity)
    return done(made, o.Defined).bookable


def booked(tenant: Tenant, actor: str = "ann", *, confirmed: bool = True) -> str:
    """The id of a booking of the tour."""
    return done(tenant.book("tour", actor=actor, confirmed=confirmed), o.Booked).booking_id


def test_a_guest_comes_and_goes(tenant: Tenant) -> None:
    begun(tenant)
    ann = booked(tenant)
    assert done(tenant.check_in(ann), o.CheckedIn).version == 2
    assert tenant.booking(ann).status == Status.CHECKED_IN
    assert done(tenant.check_out(ann), o.CheckedOut).version == 3
    assert tenant.booking(ann).status == Status.COMPLETED
    ben = booked(tenant, "ben", confirmed=False)
    assert tenant.check_in("tour", actor="ben").ok, "a reserved guest may come, named by the seat"
    assert done(tenant.complete("tour", actor="ben"), o.Completed).booking_id == ben
    words = [x.type for x in tenant.journal("tour")]
    assert words == [
        "defined", "booked", "checked_in", "checked_out", "booked", "checked_in", "completed"
    ]  # fmt: skip


def test_a_guest_who_does_not_come_keeps_the_place(tenant: Tenant) -> None:
    begun(tenant, capacity=1)
    ann = booked(tenant)
    assert done(tenant.no_show(ann), o.NoShow).version == 2
    assert tenant.booking(ann).status == Status.NO_SHOW
    assert tenant.book("tour", actor="ben").code == "full"
    assert tenant.seats_left("tour") == 0
    assert done(tenant.cancel(ann), o.WrongStatus).status == Status.NO_SHOW


def test_late_is_a_permission_of_its_own(tenant: Tenant) -> None:
    begun(tenant)
    ann = booked(tenant)
    tenant.no_show(ann)
    refused = done(tenant.check_in(ann), o.WrongStatus)
    assert (refused.status, refused.wanted) == (Status.NO_SHOW, Status.CHECKED_IN)
    assert done(tenant.check_in(ann, late=True), o.CheckedIn).version == 3
    assert [x.event for x in tenant.journal("tour")][-1].late is True  # type: ignore[union-attr]


def test_a_ticket_lets_in_once(tenant: Tenant) -> None:
    begun(tenant)
    ann = booked(tenant)
    assert tenant.check_in(ann, key="the scanner, twice").ok
    assert tenant.check_in(ann, key="the scanner, twice").ok, "one scan, repeated on a bad line"
    assert done(tenant.check_in(ann), o.WrongStatus).status == Status.CHECKED_IN


def test_nobody_is_a_no_show_before_the_first_of_the_claims(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0)
    pool(tenant, "skis")
    pool(tenant, "boots")
    both = [claim("skis", 30, 60, before=900), claim("boots", 20, 60)]
    ann = done(tenant.book(both, actor="ann"), o.Booked).booking_id
    clocked.it_is(at(20) - timedelta(microseconds=1))
    assert done(tenant.no_show(ann), o.TooEarly).not_before == at(20)
    clocked.it_is(at(20))
    assert tenant.no_show(ann).ok


@pytest.mark.parametrize("operation", ["check_in", "check_out", "complete", "no_show", "update"])
def test_what_is_not_there_is_told_apart(clocked: Clocked, operation: str) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0)
    yoga = occurrence(tenant)
    more = {"metadata": {"a": 1}} if operation == "update" else {}
    do = getattr(tenant, operation)
    assert do("00000000-0000-0000-0000-000000000007", **more).code == "unknown_booking"
    assert do(yoga, actor="ann", **more).code == "not_booked"
    assert do("nowhere", actor="ann", **more).code == "unknown_bookable"
    ann = done(tenant.hold(yoga, actor="ann", seconds=60), o.Held).booking_id
    assert done(do(ann, version=2, **more), o.Conflict).actual == 1
    clocked.it_is(at(1))
    assert do(ann, **more).code == "hold_expired"
    gone = done(tenant.book(yoga, actor="ben"), o.Booked).booking_id
    tenant.cancel(gone)
    assert do(gone, **more).code == "not_booked"
    assert do("not an id", **more).code == "invalid"


def test_a_limit_is_how_many_at_once(tenant: Tenant) -> None:
    """Two tours at once, whatever else each of them takes (D2)."""
    tenant.define_limit("service:tour", capacity=2)
    pool(tenant, "boats", capacity=9)

    def tour(actor: str, start: int) -> str:
        wanted = [claim("service:tour", start, start + 60), claim("boats", start, start + 60)]
        return tenant.book(wanted, actor=actor).code

    assert [tour("ann", 0), tour("ben", 30), tour("cy", 30)] == ["booked", "booked", "full"]
    assert tour("cy", 60) == "booked", "the peak counts, not the sum"
    twice = tenant.book(claim("service:tour", 200, 260, 3), actor="ann")
    assert done(twice, o.Full).left == 2
    assert tenant.change_capacity("service:tour", 1).code == "below_taken"
    assert tenant.bookable("service:tour").kind == "limit"
    assert tenant.define_pool("service:other", capacity=1).code == "invalid"


def test_why_is_noted_beside_the_journal(tenant: Tenant, conninfo: str) -> None:
    begun(tenant)
    tenant.change_capacity("tour", 4)
    ann, ben, cy = (booked(tenant, actor) for actor in ("ann", "ben", "cy"))
    dee = done(tenant.hold("tour", actor="dee"), o.Held).booking_id
    tenant.check_in(ann, reason="early\nbut expected")
    tenant.check_out(ann, reason="left")
    tenant.no_show(ben, reason="called")
    tenant.cancel(cy, reason="ill")
    tenant.cancel(cy, reason="nothing came of it, so it is not kept")
    tenant.release(dee, reason="card declined")
    with psycopg.connect(conninfo) as connection:
        notes = connection.execute(
            "SELECT j.type, n.reason FROM lastseat.notes n JOIN lastseat.journal j"
            " ON j.tenant_id = n.tenant_id AND j.command_id = n.command_id AND j.lead"
            " WHERE n.tenant_id = %s ORDER BY j.ordinal",
            [tenant.tenant_id],
        ).fetchall()
    assert notes == [
        ("checked_in", "early\nbut expected"),
        ("checked_out", "left"),
        ("no_show", "called"),
        ("cancelled", "ill"),
        ("released", "card declined"),
    ]


def test_a_hold_by_override_is_on_the_record(tenant: Tenant) -> None:
    begun(tenant, capacity=1)
    booked(tenant)
    assert tenant.hold("tour", actor="ben", override=True).code == "invalid", "it needs a reason"
    assert tenant.hold("tour", actor="ben", override=True, reason="the mayor").ok
    assert tenant.bookable("tour").overbooked == 1


def test_a_claim_keeps_the_zone_it_was_asked_for_in(tenant: Tenant) -> None:
    """Also when its times come with an offset, as they do over the wire."""
    pool(tenant, "skis")
    wanted = Claim(bookable="skis", start=at(0), end=at(60), time_zone="Europe/Paris")
    ann = done(tenant.book(wanted, actor="ann"), o.Booked).booking_id
    (seen,) = tenant.booking(ann).claims
    assert (seen.local_start, seen.time_zone) == ("2027-03-01T19:00:00", "Europe/Paris")
    odd = Claim(bookable="skis", start=at(0), end=at(60), time_zone="Europe/Atlantis")
    refused = done(tenant.book(odd, actor="ben"), o.Invalid)
    assert refused.field == "claims[0].time_zone"
    assert done(tenant.move(ann, odd), o.Invalid).field == "moves[0].claims[0].time_zone"
