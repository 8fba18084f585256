"""The rules that hold for bookables, from rows of `read_rules`. Nothing is worked out here.

A bookable's chain is its own rules and those of the place where it is, and both hold. A bookable
without a time zone of its own has its place's, or else UTC.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from lastseat.calendar.broken import Ruled
from lastseat.core.rules import Rules
from lastseat.core.state import LOCATION_PREFIX
from lastseat.ledger.rows import Row


@lru_cache(maxsize=1_024)
def rules(body: str) -> Rules:
    """Rules as their column has them."""
    return msgspec.json.decode(body, type=Rules)


def chains(found: Iterable[Row]) -> dict[str, tuple[Ruled, ...]]:
    """Bookables to their rules; one that has none is left out. A place's are in one of its rows."""
    rows = list(found)
    places = {
        location: Ruled(LOCATION_PREFIX + location, rules(place), place_zone)
        for _, _, _, location, place, place_zone in rows
        if place is not None
    }
    known: dict[str, tuple[Ruled, ...]] = {}
    for name, own, zone, location, _, place_zone in rows:
        chain: tuple[Ruled, ...] = ()
        if own is not None:
            chain = (Ruled(name, rules(own), zone or place_zone or "UTC"),)
        if location in places:
            chain = (*chain, places[location])
        known[name] = chain
    return known
