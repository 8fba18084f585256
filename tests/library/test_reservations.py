"""Reservations of a service through the library: MISSION D1 to D7, on both faces."""

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar, cast, get_type_hints

import psycopg
import pytest
from tests.library.conftest import Awaited, Clocked
from tests.library.venue import T0, at

import lastseat
from lastseat import Status, Tenant
from lastseat import outcomes as o
from lastseat.catalogue import Saved
from lastseat.catalogue.holds import Metrics
from lastseat.catalogue.slots import Capacity
from lastseat.core.commands import Contact
from lastseat.library.asynchronous.catalogue import AsyncCatalogue
from lastseat.library.asynchronous.reservations import AsyncReservations
from lastseat.library.cleanup import cleanup, lag
from lastseat.library.reserving import Appointment, Cancellation, Reservation, Reserved, guests_only
from lastseat.library.synchronous.groups import Catalogue, Reservations
from lastseat.views.catalogue import Terms

S = TypeVar("S")
SLOT: dict[str, Any] = {"start": at(0), "end": at(60)}
LATER: dict[str, Any] = {"start": at(120), "end": at(180)}
ANN = Contact(email="ann@example.org", phone="+49 30 123")
BEN = Contact(email="ben@example.org")


def part(tenant: Tenant, name: str) -> Any:
    """`tenant.catalogue` or `tenant.reservations`, called the same way on both faces."""
    found = getattr(tenant, name)
    if isinstance(tenant, Awaited):
        return Awaited(found, tenant._run)
    return found


def desk(tenant: Tenant) -> Reservations:
    return cast("Reservations", part(tenant, "reservations"))


def service(tenant: Tenant, capacity: int = 1, **terms: Any) -> str:
    """A service called massage."""
    catalogue = cast("Catalogue", part(tenant, "catalogue"))
    made = catalogue.create_service(
        "massage", Terms(name="Massage", **terms), max_simultaneous_bookings=capacity
    )
    assert isinstance(made, Saved), made
    return "massage"


def was(kind: type[S], outcome: object) -> S:
    """What it came to, which has to be of that kind."""
    assert isinstance(outcome, kind), outcome
    return outcome


def test_reserve_commit_and_cancel_by_the_token(tenant: Tenant) -> None:
    massage = service(tenant)
    held = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    assert (held.slot_start, held.slot_end, held.status) == (at(0), at(60), Status.HELD)
    assert was(o.Full, desk(tenant).reserve(massage, **SLOT)).left == 0
    done = was(Appointment, desk(tenant).commit(held.reservation_id, contact=ANN))
    assert (done.appointment_id, done.status) == (held.reservation_id, Status.CONFIRMED)
    assert done.version == 2
    assert was(o.Full, desk(tenant).reserve(massage, **SLOT)).left == 0
    gone = was(Cancellation, desk(tenant).cancel(done.cancellation_token))
    assert (gone.status, gone.version, gone.replayed) == (Status.CANCELLED, 3, False)
    assert desk(tenant).reserve(massage, **SLOT).ok


def test_a_token_clicked_twice_says_the_same_and_frees_once(tenant: Tenant) -> None:
    massage = service(tenant)
    held = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    token = was(
        Appointment, desk(tenant).commit(held.reservation_id, contact=ANN)
    ).cancellation_token
    first = was(Cancellation, desk(tenant).cancel(token))
    next_one = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    second = was(Cancellation, desk(tenant).cancel(token))
    assert second.replayed
    assert second.version == first.version
    found = was(Reservation, desk(tenant).validate(next_one.reservation_id))
    assert found.status is Status.HELD


def test_a_token_that_is_not_exactly_right_cancels_nothing(
    tenant: Tenant, face: Callable[[str], Tenant]
) -> None:
    massage = service(tenant, capacity=2)
    tokens = []
    for contact in (ANN, BEN):
        held = was(Reserved, desk(tenant).reserve(massage, **SLOT))
        done = was(Appointment, desk(tenant).commit(held.reservation_id, contact=contact))
        tokens.append(done.cancellation_token)
    one, other = (token.split(".") for token in tokens)
    flipped = ("A" if one[2][0] != "A" else "B") + one[2][1:]
    for forged in (
        "",
        "x",
        ".".join([one[0], one[1], other[2]]),
        ".".join([one[0], one[1], flipped]),
        ".".join([one[0], one[1]]),
        ".".join([one[0], one[1], one[2] + "A"]),
        "\0.\0.\0",
        "x" * 100_000,
    ):
        assert desk(tenant).cancel(forged) is None
    assert desk(face(f"{tenant.tenant_id}-other")).cancel(tokens[0]) is None
    for token in tokens:
        found = desk(tenant).validate(token.split(".")[1])
        assert was(Reservation, found).status is Status.CONFIRMED


def test_a_token_is_good_until_the_appointment_begins(clocked: Clocked) -> None:
    clocked.it_is(T0 - timedelta(hours=1))
    massage = service(clocked.tenant)
    held = was(Reserved, desk(clocked.tenant).reserve(massage, **SLOT))
    done = was(Appointment, desk(clocked.tenant).commit(held.reservation_id, contact=ANN))
    clocked.it_is(T0)
    assert desk(clocked.tenant).cancel(done.cancellation_token) is None
    clocked.it_is(T0 - timedelta(microseconds=1))
    assert desk(clocked.tenant).cancel(done.cancellation_token) is not None


def test_a_reservation_lasts_as_the_service_says(clocked: Clocked) -> None:
    clocked.it_is(T0)
    tenant = clocked.tenant
    massage = service(tenant, capacity=5, hold_seconds=600, hold_limit_seconds=1200)
    usual = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    assert (usual.expires_at, usual.extendable_until) == (at(10), at(20))
    short = was(Reserved, desk(tenant).reserve(massage, **SLOT, seconds=60))
    assert short.expires_at == at(1)
    too_long = was(o.Invalid, desk(tenant).reserve(massage, **SLOT, seconds=1201))
    assert too_long.field == "hold_seconds"
    clocked.it_is(at(5))
    longer = desk(tenant).extend(usual.reservation_id).outcome
    assert was(o.Extended, longer).expires_at == at(15)
    refused = desk(tenant).extend(usual.reservation_id, seconds=901).outcome
    assert was(o.ExtendLimit, refused).limit_at == at(20)


def test_commit_after_the_reservation_ran_out_is_refused(clocked: Clocked) -> None:
    clocked.it_is(T0)
    tenant = clocked.tenant
    massage = service(tenant)
    held = was(Reserved, desk(tenant).reserve(massage, **LATER, seconds=60))
    assert was(Reservation, desk(tenant).validate(held.reservation_id)).valid
    clocked.it_is(at(1))
    gone = was(Reservation, desk(tenant).validate(held.reservation_id))
    assert (gone.valid, gone.status) == (False, Status.EXPIRED)
    late = was(o.HoldExpired, desk(tenant).commit(held.reservation_id, contact=ANN))
    assert late.expired_at == at(1)
    assert desk(tenant).reserve(massage, **LATER).ok


def test_a_commit_sent_again_has_the_same_token_and_another_guest_gets_none(
    tenant: Tenant,
) -> None:
    massage = service(tenant)
    held = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    first = was(Appointment, desk(tenant).commit(held.reservation_id, contact=ANN))
    again = was(Appointment, desk(tenant).commit(held.reservation_id, contact=ANN))
    assert again.replayed
    assert again.cancellation_token == first.cancellation_token
    assert again.version == first.version
    stranger = desk(tenant).commit(held.reservation_id, contact=BEN)
    assert was(o.UnknownBooking, stranger).booking_id == held.reservation_id
    contact = tenant.booking(held.reservation_id).contact
    assert contact == ANN


def test_the_same_key_reserves_once_and_another_request_with_it_is_refused(tenant: Tenant) -> None:
    massage = service(tenant, capacity=3)
    first = was(Reserved, desk(tenant).reserve(massage, **SLOT, key="tap"))
    second = was(Reserved, desk(tenant).reserve(massage, **SLOT, key="tap"))
    assert (first.replayed, second.replayed) == (False, True)
    assert second.reservation_id == first.reservation_id
    assert second.expires_at == first.expires_at
    assert desk(tenant).reserve(massage, **LATER, key="tap").code == "key_reused"
    assert was(Capacity, desk(tenant).capacity(massage, **SLOT)).taken == 1


def test_a_key_is_answered_the_same_after_the_service_was_changed(tenant: Tenant) -> None:
    massage = service(tenant, capacity=1)
    first = was(Reserved, desk(tenant).reserve(massage, **SLOT, key="tap"))
    full = was(o.Full, desk(tenant).reserve(massage, **SLOT, key="late"))
    catalogue = cast("Catalogue", part(tenant, "catalogue"))
    changes = {"before_seconds": 600, "duration_seconds": 60}
    assert catalogue.update_service(massage, changes).ok
    second = was(Reserved, desk(tenant).reserve(massage, **SLOT, key="tap"))
    assert (second.reservation_id, second.replayed) == (first.reservation_id, True)
    assert desk(tenant).reserve(massage, **SLOT, key="late") == full
    assert desk(tenant).reserve(massage, **SLOT, key="new").code == "invalid"


def test_buffers_count_and_capacity_is_the_peak_over_the_slot(tenant: Tenant) -> None:
    massage = service(tenant, capacity=2, before_seconds=600, after_seconds=600)
    for start in (0, 60):
        assert desk(tenant).reserve(massage, start=at(start), end=at(start + 30)).ok
    # The two never meet, so one more fits beside both; those who would come between meet both.
    both = was(Capacity, desk(tenant).capacity(massage, start=at(0), end=at(90)))
    assert (both.capacity, both.taken, both.available_slots) == (2, 1, 1)
    assert desk(tenant).reserve(massage, start=at(0), end=at(90)).ok
    none = was(Capacity, desk(tenant).capacity(massage, start=at(45), end=at(50)))
    assert none.available_slots == 0
    assert was(o.Full, desk(tenant).reserve(massage, start=at(45), end=at(50))).left == 0
    free = was(Capacity, desk(tenant).capacity(massage, start=at(110), end=at(120)))
    assert free.available_slots == 2


def test_staff_book_without_a_reservation_and_override_with_a_reason(tenant: Tenant) -> None:
    massage = service(tenant)
    made = was(Appointment, desk(tenant).book(massage, **SLOT, contact=ANN, key="desk"))
    assert was(Appointment, desk(tenant).book(massage, **SLOT, contact=ANN, key="desk")).replayed
    assert desk(tenant).book(massage, **SLOT, actor="cy").code == "full"
    assert desk(tenant).book(massage, **SLOT, actor="cy", override=True).code == "invalid"
    over = desk(tenant).book(massage, **SLOT, actor="cy", override=True, reason="a regular")
    assert was(Appointment, over).version == 1
    assert desk(tenant).cancel(made.cancellation_token) is not None
    slots = desk(tenant).confirmed(massage, **SLOT)
    assert [x.appointment_id for x in slots] == [was(Appointment, over).appointment_id]


def test_a_reservation_moves_if_the_new_slot_is_free_and_the_version_is_the_current(
    tenant: Tenant,
) -> None:
    massage = service(tenant)
    held = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    other = was(Reserved, desk(tenant).reserve(massage, **LATER))
    taken = desk(tenant).reschedule(held.reservation_id, **LATER)
    assert taken.code == "full"
    half_an_hour_on: dict[str, Any] = {"start": at(30), "end": at(90)}
    moved = was(Reservation, desk(tenant).reschedule(held.reservation_id, **half_an_hour_on))
    assert moved.version == 2
    stale = desk(tenant).reschedule(held.reservation_id, **SLOT, version=1)
    assert was(o.Conflict, stale).actual == 2
    assert was(Reservation, desk(tenant).validate(held.reservation_id)).slot_start == at(30)
    assert was(Reservation, desk(tenant).validate(other.reservation_id)).slot_start == at(120)


def test_an_appointment_remembers_the_wall_clock_of_its_location(tenant: Tenant) -> None:
    catalogue = cast("Catalogue", part(tenant, "catalogue"))
    assert catalogue.create_location("kb", name="KB", time_zone="Europe/Berlin").ok
    massage = service(tenant, location_id="kb")
    held = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    (claim,) = tenant.booking(held.reservation_id).claims
    assert (claim.local_start, claim.time_zone) == ("2027-03-01T19:00:00", "Europe/Berlin")
    assert tenant.bookable("service:massage").location_id == "kb"


def test_who_may_touch_guests_alone_finds_no_other(tenant: Tenant) -> None:
    massage = service(tenant, capacity=2)
    own = was(Reserved, desk(tenant).reserve(massage, **SLOT, actor="ann"))
    unknown = desk(tenant)
    assert unknown.validate(own.reservation_id, whose=guests_only) is None
    for refused in (
        unknown.commit(own.reservation_id, contact=BEN, whose=guests_only),
        unknown.extend(own.reservation_id, whose=guests_only).outcome,
        unknown.reschedule(own.reservation_id, **LATER, whose=guests_only),
    ):
        assert refused == o.UnknownBooking(booking_id=own.reservation_id)
    guest = was(Reserved, desk(tenant).reserve(massage, **SLOT))
    assert unknown.validate(guest.reservation_id, whose=guests_only) is not None


@pytest.mark.parametrize("booking_id", ["", "no", "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"])
def test_what_is_no_reservation_is_unknown(tenant: Tenant, booking_id: str) -> None:
    service(tenant)
    assert desk(tenant).validate(booking_id) is None
    assert desk(tenant).commit(booking_id, contact=ANN).code == "unknown_booking"
    assert desk(tenant).extend(booking_id).outcome.code == "unknown_booking"
    assert desk(tenant).reschedule(booking_id, **SLOT).code == "unknown_booking"


def test_a_booking_of_something_else_is_no_reservation(tenant: Tenant) -> None:
    service(tenant)
    tenant.define_resource("lane")
    lane = lastseat.Claim(bookable="lane", **SLOT)
    booked = tenant.hold(lane, actor="guest:somebody")
    assert isinstance(booked, o.Held)
    assert desk(tenant).commit(booked.booking_id, contact=ANN).code == "unknown_booking"


def test_bad_slots_are_refused_by_name(tenant: Tenant) -> None:
    catalogue = cast("Catalogue", part(tenant, "catalogue"))
    assert catalogue.create_location("kb", name="KB", time_zone="Europe/Berlin").ok
    massage = service(tenant, duration_seconds=3600, location_id="kb")
    naive = at(0).replace(tzinfo=None)
    reserve = desk(tenant).reserve
    assert was(o.Invalid, reserve(massage, start=naive, end=at(60))).field == "start"
    assert was(o.Invalid, reserve(massage, start=at(0), end=at(59))).field == "end"
    assert was(o.Invalid, reserve(massage, start=at(60), end=at(0))).field == "end"
    for year in (1, 9999):
        far: dict[str, Any] = {"start": at(0).replace(year=year), "end": at(60).replace(year=year)}
        assert was(o.Invalid, reserve(massage, **far, key="far")).field.endswith("start")
        assert was(o.Invalid, desk(tenant).book(massage, **far)).field.endswith("start")
        assert was(o.Invalid, desk(tenant).capacity(massage, **far)).field.endswith("start")
        naive_far: dict[str, Any] = {k: v.replace(tzinfo=None) for k, v in far.items()}
        assert was(o.Invalid, reserve(massage, **naive_far, key="far")).field == "start"
    assert reserve("sauna", **SLOT).code == "unknown_bookable"
    assert desk(tenant).capacity("sauna", **SLOT) is None
    assert was(o.Invalid, desk(tenant).capacity(massage, start=at(0), end=at(1))).field == "end"


def test_an_empty_actor_is_refused_and_not_taken_for_a_guest(tenant: Tenant) -> None:
    massage = service(tenant)
    for had in (
        desk(tenant).reserve(massage, **SLOT, actor=""),
        desk(tenant).book(massage, **SLOT, contact=ANN, actor=""),
        desk(tenant).join_waitlist(massage, **SLOT, actor=""),
    ):
        assert was(o.Invalid, had).field == "actor"


def test_ten_at_once_for_two_places_two_get_one(engine: lastseat.Engine, tenant_id: str) -> None:
    """The race; its control is below."""
    tenant = engine.tenant(tenant_id)
    massage = service(tenant, capacity=2)
    with ThreadPoolExecutor(10) as crowd:
        answers = list(
            crowd.map(lambda n: tenant.reservations.reserve(massage, **SLOT, key=f"{n}"), range(10))
        )
    assert sorted(type(x).__name__ for x in answers) == ["Full"] * 8 + ["Reserved"] * 2


def test_control_who_looks_first_and_skips_the_check_oversells(
    engine: lastseat.Engine, tenant_id: str
) -> None:
    """Deciding by `capacity` instead of under the lock: what the race above would catch."""
    tenant = engine.tenant(tenant_id)
    massage = service(tenant, capacity=2)

    def look(_: int) -> int:
        return was(Capacity, tenant.reservations.capacity(massage, **SLOT)).available_slots

    def take(seen: int) -> bool:
        if seen == 0:
            return False
        over: dict[str, Any] = {"override": True, "reason": "it looked free"}
        return tenant.reservations.book(massage, **SLOT, **over).ok

    with ThreadPoolExecutor(10) as crowd:
        seen = list(crowd.map(look, range(10)))
        taken = sum(crowd.map(take, seen))
    assert taken == 10


def test_the_cleanup_journals_what_ran_out_for_every_tenant(clocked: Clocked) -> None:
    stage = clocked.stage
    engine = stage.engines[0]
    run = stage.run
    # What other tests' tenants hold would run out in between.
    clocked.it_is(at(24 * 60))
    run(cleanup(engine))
    clocked.it_is(T0)
    names = [f"{clocked.tenant.tenant_id}-{n}" for n in range(3)]
    tenants = [cast("Tenant", Awaited(engine.tenant(name), run)) for name in names]
    for minutes, tenant in enumerate(tenants, start=1):
        massage = service(tenant, capacity=2)
        assert desk(tenant).reserve(massage, **LATER, seconds=60 * minutes).ok
    assert run(lag(engine)) == 0
    clocked.it_is(at(3))
    assert run(lag(engine)) == 120
    first = run(cleanup(engine, limit=2))
    assert (first.cleaned, first.more) == (2, True)
    assert run(lag(engine)) == 0
    second = run(cleanup(engine, limit=2))
    assert (second.cleaned, second.more) == (1, False)
    assert [x.type for x in tenants[0].journal("service:massage")] == [
        "defined",
        "booked",
        "expired",
    ]


def test_the_metrics_tell_what_became_of_reservations(clocked: Clocked) -> None:
    # Ids carry the real time, so the clock must not stand far from it.
    with psycopg.connect(clocked.stage.conninfo) as connection:
        (now,) = connection.execute("SELECT clock_timestamp()").fetchone() or ()
    clocked.it_is(now)
    tenant = clocked.tenant
    massage = service(tenant, capacity=9)
    slot: dict[str, Any] = {
        "start": now + timedelta(days=1),
        "end": now + timedelta(days=1, hours=1),
    }
    held = [was(Reserved, desk(tenant).reserve(massage, **slot, seconds=s)) for s in (60, 60, 900)]
    tokens = []
    for contact in (ANN, BEN):
        mine = was(Reserved, desk(tenant).reserve(massage, **slot))
        done = was(Appointment, desk(tenant).commit(mine.reservation_id, contact=contact))
        tokens.append(done.cancellation_token)
    assert desk(tenant).cancel(tokens[0]) is not None
    assert desk(tenant).book(massage, **slot).ok
    assert tenant.expire() == 0
    clocked.it_is(now + timedelta(seconds=90))
    found = was(Metrics, desk(tenant).metrics())
    assert (found.active, found.overdue, found.lag_seconds) == (1, 2, 30)
    assert (found.committed, found.cancelled, found.expired) == (1, 1, 0)
    assert tenant.expire() == 2
    found = desk(tenant).metrics(window_seconds=3600)
    assert (found.overdue, found.lag_seconds, found.expired) == (0, 0, 2)
    assert held[2].expires_at == now + timedelta(seconds=900)


FACES = [(AsyncCatalogue, Catalogue), (AsyncReservations, Reservations)]


@pytest.mark.parametrize(("awaits", "waits"), FACES, ids=["catalogue", "reservations"])
def test_both_faces_have_the_same_operations(awaits: type, waits: type) -> None:
    def public(cls: type) -> dict[str, object]:
        return {
            name: (inspect.signature(getattr(cls, name)), get_type_hints(getattr(cls, name)))
            for name in dir(cls)
            if not name.startswith("_")
        }

    assert public(awaits) == public(waits)


def test_the_cleanup_is_there_for_threads_too(engine: lastseat.Engine) -> None:
    while engine.cleanup_reservations(limit=100).more:
        pass
    assert engine.cleanup_lag() < 5
    with pytest.raises(ValueError, match="limit must be"):
        engine.cleanup_reservations(limit=0)
