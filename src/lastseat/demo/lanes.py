"""An evening at the lanes: several side by side, what is offered when they are gone, the hall.

Told in a few lines, each of them a request over HTTP. The week itself is week.py's.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console

import lastseat
from lastseat.client import Client
from lastseat.core.commands import Claim
from lastseat.core.outcomes import AnyOutcome, Conflict, Refusal
from lastseat.demo.week import Dated
from lastseat.views.catalogue import Need, Terms
from lastseat.views.reservations import ServiceBooked


class NotAsPromised(lastseat.LastseatError):
    """A request of the evening did not come to what the demonstration says of it."""


def sell(tenant: Client, dated: Dated) -> None:
    """Make the service that takes lanes side by side, and the hall that is all of them."""
    week, group = dated.week, dated.week.group
    lanes = tuple(lane.id for lane in week.lanes)
    terms = Terms(
        name=group.title,
        location_id=week.house.id,
        duration_seconds=group.minutes * 60,
        needs=(Need(of=lanes, any=group.adjacent, adjacent=True),),
    )
    made = tenant.create_service(group.service, terms, max_simultaneous_bookings=len(lanes))
    if isinstance(made, Refusal):
        raise NotAsPromised(f"the service could not be made: {made}")
    _sound(tenant.define_composite(group.hall, parts=lanes, location=week.house.id))


def tell(tenant: Client, dated: Dated, console: Console) -> None:
    """Let three groups book, and print what each is told. Raises `NotAsPromised`."""
    group = dated.week.group
    during = dated.span(group.start, group.minutes)
    first = tenant.book_service(group.service, start=during.start, actor="ann")
    if not isinstance(first, ServiceBooked):
        raise NotAsPromised(f"the lanes could not be had: {first}")
    console.print(f"  ann, by one request: {', '.join(first.chosen)}")

    lane = Claim(bookable=first.chosen[1], start=during.start, end=during.end)
    answer = tenant.execute(tenant.commands.book(lane, actor="ben"))
    if not isinstance(answer.outcome, Conflict) or not answer.suggested:
        raise NotAsPromised(f"{lane.bookable} was sold, and ben is told {answer}")
    offered = [each.start for each in answer.suggested]
    console.print(f"  ben, {lane.bookable}: conflict; free at {_clocks(offered, dated)}")
    nearest = answer.suggested[0]
    _sound(tenant.book(nearest.claims, actor="ben"))
    console.print(f"  ben, {lane.bookable} at {_clocks([nearest.start], dated)}: booked")

    hall = Claim(bookable=group.hall, start=during.start, end=during.end)
    refused = tenant.book(hall, actor="cyd")
    if not isinstance(refused, Conflict):
        raise NotAsPromised(f"lanes were sold, and the whole {group.hall} came to {refused}")
    console.print(f"  cyd, the whole {group.hall}: conflict; {refused.bookable} is taken")


def _clocks(starts: Sequence[datetime], dated: Dated) -> str:
    zone = ZoneInfo(dated.week.time_zone)
    return ", ".join(f"{start.astimezone(zone):%H:%M}" for start in starts)


def _sound(outcome: AnyOutcome) -> None:
    if not outcome.ok:
        raise NotAsPromised(f"refused: {outcome}")
