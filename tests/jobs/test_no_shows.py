"""Who did not come becomes a no-show when the grace is over, by itself (MISSION C4)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.jobs.conftest import Worker
from tests.library.venue import done
from tests.races.clocks import set_clock

import lastseat
from lastseat import Claim, Status
from lastseat.catalogue import Saved
from lastseat.core.outcomes import Booked, Held, Invalid
from lastseat.jobs import no_shows
from lastseat.jobs.no_shows import note_late_no_shows, note_no_shows
from lastseat.jobs.rows import fetch
from lastseat.library.commands import Commands
from lastseat.library.reserving import Appointment
from lastseat.views.catalogue import Terms

T0 = datetime(2027, 3, 1, 18, tzinfo=UTC)
GRACE = 15

Clock = Callable[[float], None]


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


@pytest.fixture
def clock(where: str) -> Clock:
    """Puts the database's clock to so many minutes after T0."""
    return lambda minutes: set_clock(where, at(minutes) - datetime.now(UTC))


def lane(tenant: lastseat.Tenant, name: str = "lane", location: str | None = None) -> str:
    assert tenant.define_resource(name, location=location).ok
    return name


def booked(tenant: lastseat.Tenant, name: str, start: float = 0, actor: str = "ann") -> str:
    """A booking of an hour, its id."""
    claim = Claim(bookable=name, start=at(start), end=at(start + 60))
    return done(tenant.book([claim], actor=actor), Booked).booking_id


def status(tenant: lastseat.Tenant, booking: str) -> Status:
    return tenant.booking(booking).status


@pytest.mark.parametrize("of", ["a resource", "an occurrence", "a service"])
def test_nobody_checked_in_is_a_no_show_when_the_grace_is_over_and_not_before(
    of: str, tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    match of:
        case "a resource":
            booking = booked(tenant, lane(tenant))
        case "an occurrence":
            assert tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=3).ok
            booking = done(tenant.book("yoga", actor="ann"), Booked).booking_id
        case _:
            tenant.catalogue.create_service(
                "massage", Terms(name="Massage"), max_simultaneous_bookings=2
            )
            made = tenant.reservations.book("massage", start=at(0), end=at(60), actor="ann")
            assert isinstance(made, Appointment)
            booking = made.appointment_id
    clock(GRACE - 0.2)
    worker.do(note_no_shows)
    assert status(tenant, booking) is not Status.NO_SHOW
    clock(GRACE)
    worker.do(note_no_shows)
    assert status(tenant, booking) is Status.NO_SHOW
    last = tenant.audit(booking)[-1]
    assert (last.principal, last.after.status) == ("system", Status.NO_SHOW)


def test_whoever_was_checked_in_cancelled_or_only_holds_is_none(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    assert tenant.define_pool("skis", capacity=10).ok
    claim = Claim(bookable="skis", start=at(0), end=at(60))
    there, left, gone, absent = (
        done(tenant.book([claim], actor=actor), Booked).booking_id for actor in ("a", "b", "c", "d")
    )
    clock(1)
    assert tenant.check_in(there).ok
    assert tenant.check_in(left).ok
    assert tenant.check_out(left).ok
    assert tenant.cancel(gone).ok
    clock(GRACE + 1)
    held = done(tenant.hold([claim], actor="e", seconds=3600), Held).booking_id
    worker.do(note_no_shows, note_late_no_shows)
    clock(2 * GRACE + 1)
    worker.do(note_no_shows, note_late_no_shows)
    assert [status(tenant, x) for x in (there, left, gone, absent)] == [
        Status.CHECKED_IN,
        Status.COMPLETED,
        Status.CANCELLED,
        Status.NO_SHOW,
    ]
    assert status(tenant, held) is Status.HELD


def test_a_location_has_a_grace_of_its_own_or_none(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    def place(name: str, **more: Any) -> str:
        made = tenant.catalogue.create_location(name, name=name, time_zone="UTC", **more)
        assert isinstance(made, Saved), made
        return booked(tenant, lane(tenant, f"lane at {name}", name), actor=f"{name} guest")

    strict = place("strict", no_show_after_seconds=0)
    usual = place("usual")
    patient = place("patient", no_show_after_seconds=2 * 3600)
    never = place("never", no_show=False)

    def absent() -> list[bool]:
        worker.do(note_no_shows)
        return [status(tenant, x) is Status.NO_SHOW for x in (strict, usual, patient, never)]

    clock(0)
    assert absent() == [True, False, False, False]
    clock(15)
    assert absent() == [True, True, False, False]
    clock(119.8)
    assert absent() == [True, True, False, False]
    clock(120)
    assert absent() == [True, True, True, False]
    tenant.catalogue.update_location("never", no_show=True, no_show_after_seconds=60)
    worker.do(note_late_no_shows)
    assert status(tenant, never) is Status.NO_SHOW


def test_the_grace_of_several_claims_is_that_of_the_first(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    for name, seconds in (("front", 3600), ("back", 0)):
        tenant.catalogue.create_location(
            name, name=name, time_zone="UTC", no_show_after_seconds=seconds
        )
        lane(tenant, f"{name} lane", name)
    claims = [
        Claim(bookable="back lane", start=at(30), end=at(60)),
        Claim(bookable="front lane", start=at(0), end=at(30)),
    ]
    booking = done(tenant.book(claims, actor="ann"), Booked).booking_id
    clock(59)
    worker.do(note_no_shows)
    assert status(tenant, booking) is not Status.NO_SHOW
    clock(60)
    worker.do(note_no_shows)
    assert status(tenant, booking) is Status.NO_SHOW


def test_who_is_entered_or_moved_into_the_past_has_a_grace_from_then(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    lane(tenant)
    lane(tenant, "other")
    moved = booked(tenant, "other", start=600, actor="ben")
    clock(20)
    entered = booked(tenant, "lane", start=0)
    claim = Claim(bookable="other", start=at(0), end=at(60))
    assert tenant.move(moved, [claim]).ok
    clock(34.8)
    worker.do(note_no_shows, note_late_no_shows)
    assert Status.NO_SHOW not in (status(tenant, entered), status(tenant, moved))
    clock(35.2)
    worker.do(note_late_no_shows)
    assert [status(tenant, x) for x in (entered, moved)] == [Status.NO_SHOW] * 2


def test_what_began_over_a_week_ago_is_history(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    clock(8 * 24 * 60)
    booking = booked(tenant, lane(tenant), start=0)
    clock(8 * 24 * 60 + 60)
    worker.do(note_no_shows, note_late_no_shows)
    assert status(tenant, booking) is not Status.NO_SHOW


def test_an_occurrence_that_was_called_off_has_no_no_shows(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    start = f"{T0:%Y-%m-%dT%H:%M}"
    made = tenant.define_event(
        "yoga", time_zone="UTC", start=start, duration=timedelta(hours=1), capacity=3
    )
    assert made.ok, made
    booking = done(tenant.book(f"yoga@{start}", actor="ann"), Booked).booking_id
    edit = tenant.edit_event("yoga", scope="this", at=start, cancelled=True, on_dropped="keep")
    assert edit.ok, edit
    clock(60)
    worker.do(note_no_shows)
    assert status(tenant, booking) is not Status.NO_SHOW


def test_a_late_check_in_is_possible(tenant: lastseat.Tenant, worker: Worker, clock: Clock) -> None:
    booking = booked(tenant, lane(tenant))
    clock(GRACE)
    worker.do(note_no_shows)
    assert not tenant.check_in(booking).ok
    assert tenant.check_in(booking, late=True).ok
    worker.do(note_no_shows, note_late_no_shows)
    assert status(tenant, booking) is Status.CHECKED_IN


def test_after_an_outage_it_goes_on_where_it_was(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    lane(tenant)
    bookings = [booked(tenant, "lane", start=60 * n) for n in range(4)]
    clock(-60)
    worker.do(note_no_shows)
    clock(2 * 24 * 60)
    worker.do(note_no_shows)
    assert {status(tenant, x) for x in bookings} == {Status.NO_SHOW}


def test_a_run_is_bounded_and_the_next_one_goes_on(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_shows, "IN_ONE_RUN", 3)
    lane(tenant)
    bookings = [booked(tenant, "lane", start=60 * n) for n in range(4)]
    clock(-60)
    worker.do(note_no_shows)
    clock(2 * 24 * 60)
    noted = []
    for _ in range(2):
        worker.do(note_no_shows)
        noted.append(sum(status(tenant, x) is Status.NO_SHOW for x in bookings))
    assert noted == [3, 4]


def test_when_the_clock_is_set_back_what_comes_is_noted_in_its_time(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    clock(24 * 60)
    worker.do(note_no_shows)
    clock(-60)
    booking = booked(tenant, lane(tenant))
    worker.do(note_no_shows)
    clock(GRACE)
    worker.do(note_no_shows)
    assert status(tenant, booking) is Status.NO_SHOW


def test_two_workers_at_once_note_each_once(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    assert tenant.define_pool("skis", capacity=100).ok
    claim = Claim(bookable="skis", start=at(0), end=at(60))
    bookings = [done(tenant.book([claim], actor=f"a{n}"), Booked).booking_id for n in range(40)]
    clock(GRACE)
    worker.do(note_no_shows, note_no_shows, note_late_no_shows)
    for booking in bookings:
        became = [entry.after.status for entry in tenant.audit(booking)]
        assert became.count(Status.NO_SHOW) == 1


@pytest.mark.parametrize("protected", [True, False], ids=["as it is", "control: any version"])
def test_a_booking_that_is_moved_under_the_look_is_another_one(
    protected: bool, where: str, tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    booking = booked(tenant, lane(tenant))
    clock(GRACE)

    async def look(one: Any) -> None:
        due = await one.engine.read(fetch, "no_shows_due", back=60.0, usual=900, limit=10)
        ((found, version),) = [(x[1], x[2]) for x in due if x[0] == tenant.tenant_id]
        claim = Claim(bookable="lane", start=at(10), end=at(70))
        assert (await one.engine.tenant(tenant.tenant_id).move(booking, [claim])).ok
        seen = version if protected else None
        await one.carry_out([Commands(tenant.tenant_id).no_show(found, version=seen)])

    worker.do(look)
    assert (status(tenant, booking) is Status.NO_SHOW) is not protected


def test_imported_blocks_are_nobody_s_no_shows(
    tenant: lastseat.Tenant, worker: Worker, clock: Clock
) -> None:
    booking = booked(tenant, lane(tenant), actor="block:closures:1")
    clock(GRACE)
    worker.do(note_no_shows)
    assert status(tenant, booking) is not Status.NO_SHOW


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("no_show_after_seconds", -1),
        ("no_show_after_seconds", 604_801),
        ("no_show_after_seconds", 1.5),
        ("no_show_after_seconds", True),
        ("no_show", "never"),
    ],
)
def test_a_grace_that_is_none_is_refused(
    field: str, wrong: object, tenant: lastseat.Tenant
) -> None:
    asked: dict[str, Any] = {field: wrong}
    made = tenant.catalogue.create_location("hall", name="Hall", time_zone="UTC", **asked)
    assert refused(made) == field
    tenant.catalogue.create_location("hall", name="Hall", time_zone="UTC")
    assert refused(tenant.catalogue.update_location("hall", **asked)) == field


def refused(found: object) -> str:
    """The field that was refused."""
    assert isinstance(found, Invalid), found
    return found.field
