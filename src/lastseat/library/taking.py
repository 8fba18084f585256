"""What booking a service takes at a time: one of its limit, and what it needs. Nothing is sent.

Claims remember the wall clock of the service's location. For what needs are see
catalogue/needs.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from lastseat.calendar import zones
from lastseat.catalogue import needs
from lastseat.catalogue.needs import Taking
from lastseat.catalogue.slots import Taken
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.views.catalogue import Service

Parts = Mapping[str, Sequence[str]]
"""Of each composite its parts: they are claimed in its place."""


class Asked(Struct, frozen=True):
    """What to claim, and what to pick from."""

    claims: tuple[c.Claim, ...]
    choices: tuple[c.Choice, ...] = ()


def asked(service: Service, start: datetime, end: datetime, party: int = 1) -> Asked | o.Invalid:
    """One unit of the service and what it needs for a party, with its buffers."""
    times: tuple[tuple[str, object], ...] = (("start", start), ("end", end))
    for field, moment in times:
        if not isinstance(moment, datetime):
            return o.Invalid(field=field, reason="must be a datetime")
        if moment.tzinfo is None:
            return o.Invalid(field=field, reason="is naive: give its time zone")
    lasts = service.duration_seconds
    if lasts is not None and (end - start).total_seconds() != lasts:
        return o.Invalid(field="end", reason=f"must be {lasts} seconds after start")
    if not 1 <= party <= limits.UNITS:
        return o.Invalid(field="party", reason=f"must be from 1 to {limits.UNITS}")
    if not needs.fits(service.needs, party):
        return o.Invalid(field="party", reason="must be 1: the service takes the same for any")
    # What lies outside is refused later; it may have no time in another zone.
    zone = service.time_zone if limits.EARLIEST <= start < limits.LATEST else None
    taking = Taking(
        start=start.astimezone(zones.zone(zone)) if zone else start,
        end=end,
        before=service.before_seconds,
        after=service.after_seconds,
        party=party,
    )
    limit = c.Claim(
        bookable=service.bookable,
        start=taking.start,
        end=taking.end,
        before=taking.before,
        after=taking.after,
    )
    return Asked(
        (limit, *needs.claims(service.needs, taking)), needs.choices(service.needs, taking)
    )


def party_of(service: Service, taken: Sequence[Taken], parts: Parts) -> int | None:
    """For how many a booking of the service was made; None when it takes more than the service.

    `taken` is what it has beside the service's limit.
    """
    could: set[str] = set()
    party = 1
    for need in service.needs:
        mine = _whole(need.of, parts)
        could |= mine
        if need.units == needs.PARTY:
            party = next((x.units for x in taken if x.bookable in mine), party)
    return party if all(x.bookable in could for x in taken) else None


def fixed(service: Service) -> tuple[str, ...]:
    """The bookables that the service takes in any case."""
    return tuple(name for need in service.needs if need.any is None for name in need.of)


def _whole(names: Iterable[str], parts: Parts) -> set[str]:
    return {x for name in names for x in (name, *parts.get(name, ()))}
