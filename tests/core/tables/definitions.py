"""What there is to book: bookables defined, their capacity changed, facts written beside them.

Not editing an event, which is test_editing.py.
"""

from tests.core import given as g
from tests.core.given import between, claim
from tests.core.tables.row import ANN, BEN, LANE, SHOW, SKIS, Row

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, Fact, Kind

YOGA = g.event("yoga", 2, "2026-11-23T18:00", "2026-11-30T18:00")
FIRST, SECOND = "yoga@2026-11-23T18:00", "yoga@2026-11-30T18:00"
TWO_ON_SHOW = (SHOW, ANN, BEN)
DOORS = Fact("doors", {"open": True})
ONCE = c.Define(**g.BASE | {"expected": {"skis": 0}}, bookable="skis", kind=Kind.POOL, capacity=4)


def changed(bookable: str, capacity: int, overbooked: int = 0) -> o.CapacityChanged:
    return o.CapacityChanged(bookable=bookable, capacity=capacity, overbooked=overbooked)


DEFINITIONS = [
    Row(
        "define",
        (),
        SHOW,
        o.Defined(bookable="show", created=True),
        (
            (
                "show",
                e.Defined(Kind.OCCURRENCE, 2, between(0, 60), actor_time=ActorTime.ALLOW),
            ),
        ),
    ),
    Row("define again", (SHOW,), SHOW, o.Defined(bookable="show", created=False)),
    Row(
        "define otherwise",
        (SHOW,),
        g.occurrence("show", 2, 0, 90),
        o.AlreadyDefined(bookable="show", field="during"),
    ),
    Row(
        "define as another kind",
        (SHOW,),
        g.pool("show", 2),
        o.AlreadyDefined(bookable="show", field="kind"),
    ),
    Row(
        "define only where there is nothing yet",
        (),
        ONCE,
        o.Defined(bookable="skis", created=True),
        (("skis", e.Defined(Kind.POOL, 4)),),
    ),
    Row(
        "more seats",
        TWO_ON_SHOW,
        g.change("show", 3),
        changed("show", 3),
        (("show", e.CapacityChanged(3)),),
    ),
    Row("as many seats", TWO_ON_SHOW, g.change("show", 2), changed("show", 2)),
    Row(
        "fewer seats than are taken",
        TWO_ON_SHOW,
        g.change("show", 1),
        o.BelowTaken(bookable="show", capacity=2, taken=2),
    ),
    Row(
        "fewer seats than are taken, by override",
        TWO_ON_SHOW,
        g.change("show", 1, override=True, reason="the fire officer"),
        changed("show", 1, 1),
        (("show", e.CapacityChanged(1, 1)),),
    ),
    Row(
        "the same override again",
        (*TWO_ON_SHOW, g.change("show", 1, override=True, reason="the fire officer")),
        g.change("show", 1, override=True, reason="the fire officer"),
        changed("show", 1, 1),
    ),
    Row(
        "fewer skis than are out at the peak to come",
        (SKIS, g.book("ann", claim("skis", 3, 0, 60))),
        g.change("skis", 2),
        o.BelowTaken(bookable="skis", capacity=4, taken=3),
        now=59,
    ),
    Row(
        "fewer skis than were out in the past",
        (SKIS, g.book("ann", claim("skis", 3, 0, 60))),
        g.change("skis", 2),
        changed("skis", 2),
        (("skis", e.CapacityChanged(2)),),
        now=60,
    ),
    Row(
        "a lane is one lane",
        (LANE,),
        g.change("lane", 2),
        o.Invalid(
            field="capacity",
            reason="an exclusive resource has capacity 1; define a pool instead",
        ),
    ),
    Row("capacity of nothing", (), g.change("nowhere", 2), o.UnknownBookable(bookable="nowhere")),
    Row(
        "an event's capacity is that of the occurrences that follow it",
        (
            YOGA,
            g.book("ann", claim(FIRST)),
            g.book("ben", claim(SECOND), number=2),
            g.change(SECOND, 5),
        ),
        g.change("yoga", 3),
        changed("yoga", 3),
        (("yoga", e.CapacityChanged(3)), (FIRST, e.CapacityChanged(3))),
    ),
    Row(
        "an event's past occurrences keep the capacity they had",
        (YOGA, g.book("ann", claim(FIRST)), g.book("ben", claim(SECOND), number=2)),
        g.change("yoga", 3),
        changed("yoga", 3),
        (("yoga", e.CapacityChanged(3)), (SECOND, e.CapacityChanged(3))),
        now=7 * 24 * 60 - 60,
    ),
    Row(
        "an event's capacity below what one occurrence has taken",
        (YOGA, g.book("ann", claim(FIRST, 2))),
        g.change("yoga", 1),
        o.BelowTaken(bookable=FIRST, capacity=2, taken=2),
    ),
    Row(
        "an occurrence goes its own way",
        (YOGA, g.book("ann", claim(FIRST))),
        g.change(FIRST, 5),
        changed(FIRST, 5),
        ((FIRST, e.CapacityChanged(5, 0, own=True)),),
    ),
    Row(
        "facts",
        (SHOW, LANE),
        c.Append(
            **g.BASE,
            facts={"show": (DOORS, DOORS), "lane": (DOORS,)},
            expected={"show": 1, "lane": 1},
        ),
        o.Appended(sequences={"show": 3, "lane": 2}),
        (("show", DOORS), ("show", DOORS), ("lane", DOORS)),
    ),
    Row(
        "facts on a stream that moved on: none of them",
        (SHOW, LANE, ANN),
        c.Append(
            **g.BASE,
            facts={"lane": (DOORS,), "show": (DOORS,)},
            expected={"lane": 1, "show": 1},
        ),
        o.Conflict(rule="expected_seq", bookable="show", actual=2),
    ),
    Row(
        "facts on nothing, observed to be nothing",
        (),
        c.Append(**g.BASE, facts={"nowhere": (DOORS,)}, expected={"nowhere": 0}),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row(
        "facts on nothing, observed to be something",
        (),
        c.Append(**g.BASE, facts={"nowhere": (DOORS,)}, expected={"nowhere": 3}),
        o.UnknownBookable(bookable="nowhere"),
    ),
]
