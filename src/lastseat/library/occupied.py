"""What is taken: when something or somebody is busy, and which bookings overlap (MISSION B4)."""

from collections.abc import Iterable, Iterator, Sequence

from lastseat.calendar.ranges import joined, micros
from lastseat.calendar.ranges import moment as instant
from lastseat.core.interval import Interval
from lastseat.library.offering import Wanted, lacking
from lastseat.library.seeking import things
from lastseat.reads import availability as reads
from lastseat.reads.rows import Connection
from lastseat.views.times import BusyInterval, Clash


async def busy(
    connection: Connection, tenant: str, name: str, window: Interval
) -> list[BusyInterval]:
    """When a bookable is in use, with how many units; a composite while any part is."""
    there = await things(connection, tenant, (name,))
    if there.found[name].parts:
        asked = lacking(there, (Wanted((name,)),))
        taken = await reads.taken(connection, tenant, there, asked, window)
        together = joined(pair for times in taken.values() for pair in times)
        return _cut((reads.Step(first, end, 1) for first, end in together), window)
    steps = await reads.steps(connection, tenant, (name,), window)
    return _cut(steps.get(name, ()), window)


async def own_busy(
    connection: Connection, tenant: str, actor: str, window: Interval
) -> list[BusyInterval]:
    """When an actor has something on that takes their time (MISSION B8)."""
    found = await reads.steps(connection, tenant, (), window, actor=actor)
    return [each for steps in found.values() for each in _cut(steps, window)]


def _cut(steps: Iterable[reads.Step], window: Interval) -> list[BusyInterval]:
    first, end = micros(window.start), micros(window.end)
    return [
        BusyInterval(instant(max(step.first, first)), instant(min(step.end, end)), step.units)
        for step in steps
    ]


async def clashes(
    connection: Connection,
    tenant: str,
    name: str | None,
    actor: str | None,
    window: Interval,
    limit: int,
) -> list[Clash]:
    """The pairs of bookings that overlap, by the start of what they share."""
    names: list[str] = []
    if name is not None:
        there = await things(connection, tenant, (name,))
        names = [leaf.bookable for leaf in there.leaves(name)]
    claims = await reads.claims_over(connection, tenant, names, window, actor=actor)
    found: dict[tuple[str, str], Clash] = {}
    for claim, still in _with_earlier(claims):
        for other in still:
            pair = other.booking_id, claim.booking_id
            if pair[0] != pair[1] and pair not in found and pair[::-1] not in found:
                end = min(other.blocked.end, claim.blocked.end)
                found[pair] = Clash(*pair, Interval(claim.blocked.start, end))
                if len(found) == limit:
                    return _in_order(found.values())
    return _in_order(found.values())


def _in_order(found: Iterable[Clash]) -> list[Clash]:
    return sorted(found, key=lambda x: (x.during, x.first, x.second))


def _with_earlier(
    claims: Sequence[reads.ClaimOver],
) -> Iterator[tuple[reads.ClaimOver, list[reads.ClaimOver]]]:
    """Each claim with those before it, on the same bookable, that are not over when it begins."""
    still: list[reads.ClaimOver] = []
    for claim in claims:
        still = [
            other
            for other in still
            if other.bookable == claim.bookable and other.blocked.end > claim.blocked.start
        ]
        yield claim, still
        still.append(claim)
