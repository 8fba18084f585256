"""The life of a booking: which status may follow which, every pair (MISSION C3)."""

from itertools import product

import pytest

from lastseat.core.status import FOLLOWS, FREED, RELOCATABLE, Status, may_follow

# Row: now. Column: then, in the same order. "x" may follow.
TABLE = """
                  WAIT HELD PEND RESE CONF CHEC COMP NO_S CANC EXPI REJE
WAITLISTED        .    x    .    .    .    .    .    .    x    x    .
HELD              .    .    x    x    x    .    .    .    x    x    .
PENDING_APPROVAL  .    .    .    x    x    .    .    .    x    x    x
RESERVED          .    .    .    .    x    x    .    x    x    .    .
CONFIRMED         .    .    .    .    .    x    .    x    x    .    .
CHECKED_IN        .    .    .    .    .    .    x    .    x    .    .
COMPLETED         .    .    .    .    .    .    .    .    .    .    .
NO_SHOW           .    .    .    .    .    x    .    .    .    .    .
CANCELLED         .    .    .    .    .    .    .    .    .    .    .
EXPIRED           .    .    .    .    .    .    .    .    .    .    .
REJECTED          .    .    .    .    .    .    .    .    .    .    .
"""

ROWS = {
    Status(cells[0]): dict(zip(Status, cells[1:], strict=True))
    for cells in (line.split() for line in TABLE.strip().splitlines()[1:])
}


@pytest.mark.parametrize(("now", "then"), list(product(Status, Status)))
def test_a_status_follows_another_as_the_table_says(now: Status, then: Status) -> None:
    assert may_follow(now, then) is (ROWS[now][then] == "x")


def test_what_freed_its_places_never_takes_them_back() -> None:
    """Else a booking that counts no more could count again without asking for room."""
    assert {now for now in FREED if FOLLOWS[now]} == set()


def test_only_a_live_booking_can_be_moved() -> None:
    assert set(RELOCATABLE) == {
        Status.HELD,
        Status.PENDING_APPROVAL,
        Status.RESERVED,
        Status.CONFIRMED,
    }
    assert not RELOCATABLE & FREED


def test_every_life_can_end() -> None:
    """From any status there is a way to one that nothing follows."""
    ends = {status for status in Status if not FOLLOWS[status]}
    reaching = set(ends)
    while more := {x for x in Status if FOLLOWS[x] & reaching} - reaching:
        reaching |= more
    assert reaching == set(Status)
