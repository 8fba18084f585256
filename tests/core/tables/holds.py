"""What becomes of a booking once it is made: confirm, release, cancel, extend, expire.

Not the visit itself (test_visiting.py), nor a move (moves.py).
"""

from tests.core import given as g
from tests.core.given import an_id, at
from tests.core.tables.row import (
    ANN,
    HELD,
    LAPSED,
    SEAT,
    SHOW,
    STALE,
    UNKNOWN,
    Row,
    gone,
    on_show,
    won,
)

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.status import Status

HOLDS = [
    Row("confirm", (SHOW, HELD), g.confirm(1), won(o.Confirmed), on_show(e.Confirmed())),
    Row("confirm again", (SHOW, HELD, g.confirm(1)), g.confirm(1), won(o.Confirmed)),
    Row(
        "confirm what was reserved",
        (SHOW, g.book("ann", SEAT, confirmed=False)),
        g.confirm(1),
        won(o.Confirmed),
        on_show(e.Confirmed()),
    ),
    Row("confirm too late", (SHOW, HELD), g.confirm(1), LAPSED, now=10),
    Row("confirm what was cancelled", (SHOW, ANN, g.cancel(1)), g.confirm(1), gone()),
    Row("confirm nothing", (SHOW, HELD), g.confirm(7), UNKNOWN),
    Row("confirm a stale version", (SHOW, HELD), g.confirm(1, 2), STALE),
    Row("release", (SHOW, HELD), g.release(1), won(o.Released), on_show(e.Released())),
    Row(
        "release what is confirmed",
        (SHOW, ANN),
        g.release(1),
        o.NotHeld(booking_id=an_id(1), status=Status.CONFIRMED),
    ),
    Row("release too late", (SHOW, HELD), g.release(1), LAPSED, now=10),
    Row("release again", (SHOW, HELD, g.release(1)), g.release(1), gone()),
    Row("release nothing", (SHOW, HELD), g.release(7), UNKNOWN),
    Row("release a stale version", (SHOW, HELD), g.release(1, 2), STALE),
    Row("cancel", (SHOW, ANN), g.cancel(1), won(o.Cancelled), on_show(e.Cancelled())),
    Row("cancel a hold", (SHOW, HELD), g.cancel(1), won(o.Cancelled), on_show(e.Cancelled())),
    Row("cancel again", (SHOW, ANN, g.cancel(1)), g.cancel(1), gone()),
    Row("cancel what ran out", (SHOW, HELD), g.cancel(1), gone(), now=10),
    Row("cancel nothing", (SHOW, ANN), g.cancel(7), UNKNOWN),
    Row("cancel a stale version", (SHOW, ANN), g.cancel(1, 2), STALE),
    Row(
        "cancel by name",
        (SHOW, ANN),
        c.Cancel(**g.BASE, target=c.Seat("show", "ann")),
        won(o.Cancelled),
        on_show(e.Cancelled()),
    ),
    Row(
        "cancel somebody who is not there",
        (SHOW, ANN),
        c.Cancel(**g.BASE, target=c.Seat("show", "ben")),
        o.NotBooked(actor="ben", bookable="show"),
    ),
    Row(
        "cancel by name, again",
        (SHOW, ANN, g.cancel(1)),
        c.Cancel(**g.BASE, target=c.Seat("show", "ann")),
        o.NotBooked(actor="ann", bookable="show"),
    ),
    Row(
        "cancel somebody nowhere",
        (SHOW, ANN),
        c.Cancel(**g.BASE, target=c.Seat("nowhere", "ann")),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row(
        "extend",
        (SHOW, HELD),
        g.extend(1, 600),
        o.Extended(booking_id=an_id(1), actor="ann", version=2, expires_at=at(15)),
        on_show(e.Extended(at(15))),
        now=5,
    ),
    Row(
        "extend, never to sooner",
        (SHOW, HELD),
        g.extend(1, 60),
        o.Extended(booking_id=an_id(1), actor="ann", version=2, expires_at=at(10)),
        on_show(e.Extended(at(10))),
    ),
    Row(
        "extend past the limit",
        (SHOW, HELD),
        g.extend(1, 3601),
        o.ExtendLimit(booking_id=an_id(1), limit_at=at(60)),
    ),
    Row("extend too late", (SHOW, HELD), g.extend(1, 600), LAPSED, now=10),
    Row(
        "extend what is confirmed",
        (SHOW, ANN),
        g.extend(1, 600),
        o.NotHeld(booking_id=an_id(1), status=Status.CONFIRMED),
    ),
    Row("extend what was released", (SHOW, HELD, g.release(1)), g.extend(1, 600), gone()),
    Row("extend nothing", (SHOW, HELD), g.extend(7, 600), UNKNOWN),
    Row("extend a stale version", (SHOW, HELD), g.extend(1, 600, 2), STALE),
    Row("expire", (SHOW, HELD), g.expire(1), won(o.Expired), on_show(e.Expired()), now=10),
    Row(
        "expire too soon",
        (SHOW, HELD),
        g.expire(1),
        o.NotExpired(booking_id=an_id(1), expires_at=at(10)),
        now=9,
    ),
    Row("expire what is no hold", (SHOW, ANN), g.expire(1), o.NotExpired(booking_id=an_id(1))),
    Row("expire nothing", (SHOW, HELD), g.expire(7), UNKNOWN),
]
