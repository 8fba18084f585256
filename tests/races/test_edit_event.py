"""Edits of an event that meet bookings: none keeps an old time, none is cancelled unasked.

The interleavings are made by hand, as in test_traps_of_locking.py; each with its control.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
from tests.races import audit
from tests.races.moments import until
from tests.races.sabotage import (
    read_the_schedule_before_the_lock,
    without_asking_when_it_is,
    without_for_share,
    without_looking_who_is_there,
)
from tests.races.strangers import an_engine_waits

import lastseat
from lastseat import outcomes
from lastseat.calendar.editing import Edit, edited
from lastseat.core.commands import EditEvent, OccurrenceEdit
from lastseat.core.interval import Interval
from lastseat.core.schedule import Schedule, Segment
from lastseat.engine.ids import new_id
from lastseat.ledger.verify import verify

FRIDAYS = ["2031-05-02T18:00", "2031-05-09T18:00"]
FIRST, SECOND = (f"yoga@{at}" for at in FRIDAYS)


def define(tenant: lastseat.Tenant) -> None:
    outcome = tenant.define_event(
        "yoga", start=FRIDAYS[0], rrule="FREQ=WEEKLY", duration=3600, time_zone="UTC", capacity=5
    )
    assert outcome.ok


def begins(tenant: lastseat.Tenant, name: str) -> int:
    """The hour at which an occurrence begins."""
    during = tenant.bookable(name).during
    assert during is not None
    return during.start.hour


def longer(tenant: lastseat.Tenant) -> EditEvent:
    """The edit of an event that nobody has booked yet: two hours instead of one."""
    old = Schedule((Segment(FRIDAYS[0], 3600, ("FREQ=WEEKLY",)),))
    return EditEvent(
        tenant_id=tenant.tenant_id,
        command_id=new_id(),
        event="yoga",
        capacity=5,
        expected={"yoga": 1},
        schedule=edited(old, "UTC", Edit(scope="all", seconds=7200)),
    )


def open_during_an_edit(conninfo: str, tenant_id: str) -> tuple[int, int]:
    """An occurrence is opened while an edit makes it two hours instead of one; its hours then."""
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as editing,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        define(tenant)
        assert lastseat.execute_in(editing, [longer(tenant)])[0].ok
        future = pool.submit(tenant.book, FIRST, actor="ann")
        until(lambda: future.done() or an_engine_waits(conninfo))
        editing.commit()
        assert future.result().ok
        during = tenant.bookable(FIRST).during
        assert during is not None
        return during.start.hour, during.end.hour


def test_an_occurrence_being_opened_waits_for_the_edit_and_is_as_that_has_it(
    conninfo: str, tenant_id: str
) -> None:
    assert open_during_an_edit(conninfo, tenant_id) == (18, 20)


@pytest.mark.parametrize(
    "sabotage", [without_for_share, read_the_schedule_before_the_lock], ids=["share", "order"]
)
def test_control_read_too_early_it_is_as_it_was_before(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch, sabotage: object
) -> None:
    assert callable(sabotage)
    sabotage(monkeypatch)
    assert open_during_an_edit(conninfo, tenant_id) == (18, 19)


def edit_during_the_first_booking(conninfo: str, tenant_id: str) -> tuple[lastseat.AnyOutcome, int]:
    """A first booking opens an occurrence; meanwhile somebody moves the event to 20:00."""
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as booking,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        define(tenant)
        assert lastseat.execute_in(booking, [tenant.commands.book(FIRST, actor="ann")])[0].ok
        future = pool.submit(tenant.edit_event, "yoga", scope="all", start="20:00")
        until(lambda: future.done() or an_engine_waits(conninfo))
        booking.commit()
        return future.result(), begins(tenant, FIRST)


def test_an_edit_sees_the_first_booking_that_it_waited_for(conninfo: str, tenant_id: str) -> None:
    outcome, hour = edit_during_the_first_booking(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.WouldAffect)
    assert [(x.bookable, x.effect) for x in outcome.affected] == [(FIRST, "moved")]
    assert hour == 18, "nothing was done"


def test_control_without_for_share_it_moves_the_event_from_under_the_booking(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_for_share(monkeypatch)
    outcome, hour = edit_during_the_first_booking(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.EventEdited)
    assert hour == 18, "the booked occurrence is not where its event is"


def drop_while_somebody_books(conninfo: str, tenant_id: str) -> tuple[lastseat.AnyOutcome, int]:
    """An occurrence is opened and empty; while an edit would drop it, it is booked."""
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as booking,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        define(tenant)
        assert tenant.book(SECOND, actor="bob").ok
        assert tenant.cancel(SECOND, actor="bob").ok
        assert lastseat.execute_in(booking, [tenant.commands.book(SECOND, actor="ann")])[0].ok
        future = pool.submit(tenant.edit_event, "yoga", scope="all", rrule="FREQ=WEEKLY;COUNT=1")
        until(lambda: future.done() or an_engine_waits(conninfo))
        booking.commit()
        return future.result(), tenant.booking_count(SECOND)


def test_who_books_while_the_edit_waits_is_asked_about(conninfo: str, tenant_id: str) -> None:
    outcome, count = drop_while_somebody_books(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.WouldAffect)
    assert [(x.bookable, x.effect) for x in outcome.affected] == [(SECOND, "dropped")]
    assert count == 1


def test_control_without_looking_again_the_booking_is_cancelled_unasked(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_looking_who_is_there(monkeypatch)
    outcome, count = drop_while_somebody_books(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.EventEdited)
    assert count == 0


def book_while_it_moves(conninfo: str, tenant_id: str) -> lastseat.AnyOutcome:
    """Ann, who is elsewhere at 20:00, books the class at 18:00 while it is moved to 20:00."""
    start, end = (datetime(2031, 5, 2, hour, tzinfo=UTC) for hour in (20, 21))
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as editing,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        define(tenant)
        assert tenant.define_occurrence("dinner", start=start, end=end, capacity=5).ok
        assert tenant.book("dinner", actor="ann").ok
        assert tenant.book(FIRST, actor="bob").ok
        later = EditEvent(
            tenant_id=tenant_id,
            command_id=new_id(),
            event="yoga",
            capacity=5,
            expected={"yoga": 1},
            followers=(FIRST,),
            edits=(OccurrenceEdit(bookable=FIRST, during=Interval(start, end)),),
        )
        assert lastseat.execute_in(editing, [later])[0].ok
        future = pool.submit(tenant.book, FIRST, actor="ann")
        until(lambda: future.done() or an_engine_waits(conninfo))
        editing.commit()
        return future.result()


def test_who_is_elsewhere_at_the_new_time_is_busy(conninfo: str, tenant_id: str) -> None:
    outcome = book_while_it_moves(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.ActorBusy)
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


def test_control_asked_about_the_old_time_they_are_in_two_places(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_asking_when_it_is(monkeypatch)
    assert isinstance(book_while_it_moves(conninfo, tenant_id), outcomes.Booked)
    assert verify(conninfo, tenant_id=tenant_id).differences != ()


def test_bookings_and_edits_at_once_leave_every_booking_where_its_occurrence_is(
    conninfo: str, tenant_id: str
) -> None:
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        define(tenant)
        names = [
            f"yoga@{datetime(2031, 5, day, 18, tzinfo=UTC):%Y-%m-%dT%H:%M}" for day in (2, 9, 16)
        ]

        def book(number: int) -> lastseat.AnyOutcome:
            return tenant.book(names[number % 3], actor=f"actor {number}")

        def edit(number: int) -> lastseat.AnyOutcome:
            start = f"{18 + number % 3}:{15 * (number % 4):02}"
            if number % 2:
                at = names[number % 3]
                return tenant.edit_event("yoga", scope="this", at=at, start=start, on_moved="move")
            return tenant.edit_event("yoga", scope="all", start=start, on_moved="move")

        with ThreadPoolExecutor(6) as pool:
            edits = [pool.submit(edit, number) for number in range(6)]
            books = [pool.submit(book, number) for number in range(15)]
            answers = [future.result() for future in books]
            edited = [future.result().code for future in edits]
        # One that was booked in vain is known by another start after an edit of all.
        assert set(edited) <= {"event_edited", "conflict", "invalid"}
        assert "event_edited" in edited
        booked = [x for x in answers if isinstance(x, outcomes.Booked)]
        assert {x.code for x in answers} <= {"booked", "unknown_bookable", "not_bookable"}
        for answer in booked:
            (claim,) = tenant.booking(answer.booking_id).claims
            assert claim.live
            assert claim.during == tenant.bookable(claim.bookable).during
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()
