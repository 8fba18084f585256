"""What a waiting booking waits for, and its place in line, as reads show them (MISSION C7).

The lines themselves are read in lines.py; no query here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.core.claim import Awaited
from lastseat.core.interval import Interval
from lastseat.ledger.rows import EPOCH, interval, moment

_AWAITED = msgspec.json.Decoder(Awaited)


class WaitingView(Struct, frozen=True, kw_only=True):
    """A place in the line of `bookable`: the one next for that time has position 1.

    `during` is the time that is waited for, `awaited` all of what an offer will be made for.
    """

    bookable: str
    units: int
    position: int
    during: Interval
    joined_at: datetime
    awaited: Awaited


class WaitlistEntry(WaitingView, frozen=True, kw_only=True):
    """Who has that place. `actor` is "" once they are forgotten."""

    booking_id: str
    actor: str
    version: int


def waiting_view(row: Sequence[Any]) -> WaitingView | None:
    """A row's columns from its line on, if it waits."""
    if row[0] is None:
        return None
    return WaitingView(**waiting_columns(row))


def waiting_columns(row: Sequence[Any]) -> dict[str, Any]:
    """The members of a `WaitingView`."""
    bookable, units, position, awaited, joined_at, starts, ends = row[:7]
    what = _AWAITED.decode(awaited)
    return {
        "bookable": bookable,
        "units": units,
        "position": int(position),
        "during": what.during or interval(starts, ends) or Interval(EPOCH, EPOCH),
        "joined_at": moment(joined_at) or EPOCH,
        "awaited": what,
    }
