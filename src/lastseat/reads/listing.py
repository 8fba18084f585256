"""Lists of bookings and bookables, a page at a time. Never used to decide capacity.

A list is in the order of its key, and a page begins after the last key of the page before it, so
what is made meanwhile neither repeats nor hides a row. Which index a page walks is chosen here, by
the filters (listing.sql has the pieces); the others are applied to what the walk finds. A walk that
finds little ends after `ROUNDS * SCANNED` rows: its page may be short, or even empty, and still
name a next one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from lastseat.core.events import Kind
from lastseat.core.status import Status
from lastseat.reads.bookings import bookable_view, booking_views
from lastseat.reads.rows import QUERIES, Connection, fetch
from lastseat.views.bookings import BookableView, BookingView
from lastseat.views.page import Page

T = TypeVar("T")

MOST_LISTED = 1_000
"""Rows of one page of a list, at most."""

SCANNED = 2_500
"""Rows that one statement looks at where a filter has no index."""

ROUNDS = 8
"""How many such statements make one page, at most."""

NOT_LISTED = frozenset({Kind.ACTOR, Kind.LOCATION})
"""Kinds that are no bookables: whose time it is, and where."""

NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""Before it is every booking."""


class BookingFilter(Struct, frozen=True):
    """Which bookings are asked for: those that everything given here is true of.

    `bookable`, `location` and the time `[starts_from, starts_to)` are all about one claim. Either
    end of the time may be left open.
    """

    actor: str | None = None
    bookable: str | None = None
    location: str | None = None
    status: tuple[Status, ...] = ()
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    series: str | None = None

    @property
    def claimed(self) -> bool:
        """Whether a claim has to be looked at."""
        return bool(self.bookable or self.location or self.timed)

    @property
    def timed(self) -> bool:
        """Whether only some time is asked for."""
        return self.starts_from is not None or self.starts_to is not None


async def bookings(
    connection: Connection, tenant: str, wanted: BookingFilter, *, after: str | None, limit: int
) -> Page[BookingView]:
    """The newest bookings made before `after`, newest first."""
    items: list[BookingView] = []
    for _ in range(ROUNDS):
        statement, params = booking_query(wanted, after=after, limit=limit - len(items))
        rows = await fetch(connection, statement, tenant=tenant, **params)
        if not rows:
            break
        items += booking_views(rows)
        if len(items) > limit:
            return Page(items[:limit], items[limit - 1].booking_id)
        if rows[0][0] < params["scan"]:
            break
        after = rows[0][1]
    else:
        return Page(items, after)
    return Page(items)


def booking_query(
    wanted: BookingFilter, *, after: str | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """A page's statement, and its parameters but for the tenant."""
    # Those of one of these statuses may be another's by what is shown, or have no index.
    mixed = {Status.HELD, Status.EXPIRED, Status.CONFIRMED}
    filtered = (
        wanted.claimed
        or not mixed.isdisjoint(wanted.status)
        or (wanted.status and wanted.actor is not None)
        or (wanted.series is not None and wanted.actor is not None)
    )
    params = {
        "actor": wanted.actor,
        "bookable": wanted.bookable,
        "location": wanted.location,
        "statuses": [str(x) for x in wanted.status] or None,
        "stored": _stored(wanted.status),
        "claimed": wanted.claimed,
        "series": wanted.series,
        "starts_from": wanted.starts_from,
        "starts_to": wanted.starts_to,
        "after": after or NEWEST,
        "scan": max(SCANNED, limit + 1) if filtered else limit + 1,
        "limit": limit,
    }
    return _booking_statement(wanted), params


async def bookables(
    connection: Connection,
    tenant: str,
    *,
    kinds: Collection[Kind],
    location: str | None,
    after: str | None,
    limit: int,
) -> Page[BookableView]:
    """The bookables past `after`, in the order of their ids' bytes."""
    statement, params = bookable_query(kinds, location, after=after, limit=limit)
    rows = await fetch(connection, statement, tenant=tenant, **params)
    items = [bookable_view(row) for row in rows]
    if len(items) <= limit:
        return Page(items)
    return Page(items[:limit], items[limit - 1].bookable)


def bookable_query(
    kinds: Collection[Kind], location: str | None, *, after: str | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The same for a page of bookables."""
    source = "bookables_of_kinds" if location is None else "bookables_at_location"
    listed = [x for x in kinds or Kind if x not in NOT_LISTED]
    params = {
        "kinds": [str(x) for x in dict.fromkeys(listed)],
        "location": location,
        "after": after or "",
        "limit": limit,
    }
    return _together(("source", source)) + QUERIES["shown_bookables"], params


def _booking_statement(wanted: BookingFilter) -> str:
    """The page's query, on the source that the filters leave least of."""
    pieces: list[tuple[str, str]]
    if wanted.actor is not None:
        pieces = [("source", "bookings_of_actor")]
    elif wanted.series is not None:
        pieces = [("source", "bookings_of_series")]
    elif wanted.bookable is not None:
        pieces = [("wanted", "wanted_bookable"), ("source", "bookings_on_wanted")]
    elif wanted.timed and wanted.location is not None:
        pieces = [("wanted", "wanted_at_location"), ("source", "bookings_on_wanted")]
    elif wanted.timed:
        pieces = [("wanted", "wanted_in_time"), ("source", "bookings_on_wanted")]
    elif wanted.status and Status.CONFIRMED not in wanted.status:
        pieces = [("source", "bookings_in_status")]
    else:
        pieces = [("source", "newest_bookings")]
    page, shown = QUERIES["page_of_bookings"], QUERIES["shown_bookings"]
    return f"{_together(*pieces).rstrip()},\n{page}\n{shown}"


def _together(*pieces: tuple[str, str]) -> str:
    steps = [f"{name} AS MATERIALIZED (\n{QUERIES[query]}\n)" for name, query in pieces]
    return "WITH " + ", ".join(steps) + "\n"


def _stored(shown: Sequence[Status]) -> list[str]:
    """The statuses in the table of what is shown as one of these: an overdue hold is HELD there."""
    also = [Status.HELD] if Status.EXPIRED in shown else []
    return [str(x) for x in dict.fromkeys([*shown, *also])]
