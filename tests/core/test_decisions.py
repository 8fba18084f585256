"""The core decides as its tables say: given this world, when this command, then this answer.

One row for each refusal of each command, and the successes; the rows stand in `tables`. Here is
what holds the core to them, and what one row can't say: several commands, the clock, the zone. What
comes first when several refusals hold is in test_precedence.py.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.core import given as g
from tests.core.given import an_id, claim
from tests.core.tables.definitions import DEFINITIONS
from tests.core.tables.holds import HOLDS
from tests.core.tables.moves import MOVES
from tests.core.tables.places import PLACES
from tests.core.tables.row import ANN, BEN, HELD, LANE, LATE, SEAT, SHOW, Row, booked
from tests.core.tables.times import TIMES

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.decide import expire_due, settle
from lastseat.core.events import Kind
from lastseat.core.status import Status

ROWS = PLACES + TIMES + HOLDS + MOVES + DEFINITIONS


@pytest.mark.parametrize("row", [pytest.param(row, id=row.what) for row in ROWS])
def test_given_when_then(row: Row) -> None:
    outcome, entries = g.when(g.given(*row.given, now=row.now), row.when)
    assert outcome == row.then
    assert [(entry.stream, entry.event) for entry in entries] == list(row.entries)
    leads = {entry.booking_id: entry.lead for entry in reversed(entries)}
    assert all(leads.values()), "the first entry of each change is its lead"
    assert sum(entry.lead for entry in entries) == len(leads)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.what) for row in ROWS if row.then.ok])
def test_what_was_decided_is_seen_by_the_next_command_of_the_batch(row: Row) -> None:
    """The same command again finds its own effect: it books, frees and counts nothing twice."""
    world = g.given(*row.given, now=row.now)
    g.prepare(world, row.when)
    settle(world, row.when)
    taken = {name: x.taken for name, x in world.bookables.items()}
    capacity = {name: x.capacity for name, x in world.bookables.items()}
    settle(world, row.when)
    assert {name: x.taken for name, x in world.bookables.items()} == taken
    assert {name: x.capacity for name, x in world.bookables.items()} == capacity


def test_two_bookers_on_one_snapshot_one_booked_one_conflict() -> None:
    """MISSION A3, with one seat: the second is told that the picture is stale, not `full`."""
    world = g.given(g.occurrence("show", 1))
    seen = {"show": world.bookables["show"].seq}
    first = g.book("ann", SEAT, expected=seen)
    second = g.book("ben", SEAT, number=2, expected=seen)
    g.prepare(world, first)
    g.prepare(world, second)
    answers = [settle(world, command)[0].code for command in (first, second)]
    assert answers == [o.Code.BOOKED, o.Code.CONFLICT]


def test_the_last_seat_is_sold_once_whoever_asks_first() -> None:
    world = g.given(g.occurrence("show", 3))
    answers = []
    for number in range(1, 9):
        command = g.book(f"actor {number}", SEAT, number=number)
        g.prepare(world, command)
        answers.append(settle(world, command)[0])
    assert [x.seat for x in answers if isinstance(x, o.Booked)] == [1, 2, 3]
    assert [x.code for x in answers[3:]] == [o.Code.FULL] * 5


def test_a_cancelled_actor_books_again_at_the_end_of_the_roster() -> None:
    world = g.given(SHOW, ANN, BEN, g.cancel(1))
    assert g.answer(world, g.book("ann", SEAT, number=3)) == booked(2, number=3)


def test_after_a_swap_both_actors_are_on_their_new_rosters() -> None:
    """Also where one actor has both: a swap must not forget where anybody sits."""
    world = g.given(SHOW, LATE, ANN, g.book("ann", claim("late"), number=2))
    g.run(world, g.move(g.to(1, claim("late")), g.to(2, SEAT)))
    for name, number in (("late", 1), ("show", 2)):
        again = g.answer(world, g.book("ann", claim(name), number=3))
        assert again == o.Already(
            booking_id=an_id(number), actor="ann", bookable=name, seat=1, status=Status.CONFIRMED
        )


def test_an_expired_hold_frees_its_seat_for_the_same_batch() -> None:
    """One predicate (MISSION A9): at the very instant it expires the seat is free, not before."""
    for now, code in ((9, o.Code.FULL), (10, o.Code.BOOKED)):
        world = g.given(g.occurrence("show", 1), HELD, now=now)
        expire_due(world)
        assert g.answer(world, BEN).code is code


@pytest.mark.parametrize(
    "command",
    [
        g.confirm(1),
        g.release(1),
        g.extend(1, 60),
        g.cancel(1),
        g.move(g.to(1, claim("late"))),
    ],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize("now", [9, 10])
def test_a_hold_whose_time_is_over_is_over_whether_the_journal_says_so_or_not(
    command: c.AnyCommand, now: int
) -> None:
    swept = g.given(SHOW, LATE, HELD, now=now)
    unswept = g.given(SHOW, LATE, HELD, now=now)
    expire_due(swept)
    outcome = g.answer(unswept, command)
    assert outcome.ok is (now == 9)
    if isinstance(command, c.Move) and outcome.code is o.Code.NOT_BOOKED:
        assert g.answer(swept, command) == outcome
    else:
        assert g.answer(swept, command).code is outcome.code


def test_times_are_counted_in_truth_not_by_the_wall() -> None:
    """The night the clocks go back, 01:30 to 02:30 and a two-hour buffer before it."""
    zone = ZoneInfo("Europe/Brussels")
    start = datetime(2026, 10, 25, 3, 30, tzinfo=zone)
    end = datetime(2026, 10, 25, 4, 0, tzinfo=zone)
    wanted = c.Claim(bookable="lane", start=start, end=end, before=7200)
    _, entries = g.when(g.given(LANE), g.book("ann", wanted))
    event = entries[0].event
    assert isinstance(event, e.Booked)
    blocked = event.claims[0].blocked
    assert blocked is not None
    assert blocked.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert '"2026-10-25T02:30:00Z"' in e.encode(event), "the journal's times are UTC"


def test_an_occurrence_is_defined_in_utc() -> None:
    zone = ZoneInfo("Europe/Brussels")
    start, end = (datetime(2026, 11, 23, hour, tzinfo=zone) for hour in (18, 19))
    define = c.Define(
        **g.BASE, bookable="show", kind=Kind.OCCURRENCE, capacity=1, start=start, end=end
    )
    _, entries = g.when(g.given(), define)
    assert '"2026-11-23T17:00:00Z"' in e.encode(entries[0].event)


def test_time_never_goes_back_within_a_stream() -> None:
    """A clock a little behind is written as the last entry's time; far behind it is refused."""
    world = g.given(SHOW, ANN)
    world.now = g.T0 - timedelta(seconds=5)
    g.run(world, BEN)
    assert world.entries[-1].at == g.T0
    world.now = g.T0 - timedelta(seconds=6)
    assert g.answer(world, g.cancel(1)) == o.ClockBehind(
        bookable="show", last=g.T0, clock=world.now
    )


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_seats_behind_move_up_when_a_party_leaves(order: tuple[int, ...]) -> None:
    world = g.given(g.occurrence("show", 6))
    for number in (1, 2, 3):
        g.run(world, g.book(f"actor {number}", claim("show", number), number=number))
    for number in order:
        claims = sorted(world.bookables["show"].claims.values(), key=lambda x: x.seq)
        place = 1
        for each in claims:
            assert each.place == place
            place += each.units
        g.run(world, g.cancel(number))
    assert world.bookables["show"].taken == 0
