"""The calls about time: what is taken, what is free, what is on, and the rules of all that.

The library's, with its names. What it answers in a list comes here page by page as it is read.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from lastseat.client.call import Call, change, read, write
from lastseat.client.looking import PAGE_SIZE
from lastseat.client.wired import Suggestions
from lastseat.client.wording import Claims, Seconds, choices_of, claims_of, seconds, several_of
from lastseat.core.commands import Choice
from lastseat.core.interval import Interval
from lastseat.core.outcomes import AnyOutcome
from lastseat.core.rules import Rules
from lastseat.views.page import Page
from lastseat.views.times import (
    AgendaItem,
    BusyInterval,
    Clash,
    DayHours,
    Days,
    IsFree,
    NextFree,
    Opening,
    OpenSlot,
    OutsideAnswer,
    OutsideRules,
    RulesView,
    Suggestion,
)

WITHIN = 7_200
MOST = 3
"""How far other times are looked for, in seconds, and how many, unless told otherwise."""


class Times:
    """Availability, agendas, rules."""

    def busy(
        self,
        bookable: str | None = None,
        *,
        actor: str | None = None,
        start: datetime,
        end: datetime,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[BusyInterval]]:
        """When a bookable, or an actor, is in use in `[start, end)`, in order (B4)."""
        query = {"bookable": bookable, "actor": actor, "start": start, "end": end}
        return read(Page[BusyInterval], "v1", "busy", query={**query, "limit": page_size})

    def conflicts(
        self,
        bookable: str | None = None,
        *,
        actor: str | None = None,
        start: datetime,
        end: datetime,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[Clash]]:
        """The pairs of bookings that overlap on a bookable, or for an actor; each once (B4)."""
        query = {"bookable": bookable, "actor": actor, "start": start, "end": end}
        return read(Page[Clash], "v1", "conflicts", query={**query, "limit": page_size})

    def free(
        self,
        bookable: str,
        *,
        start: datetime,
        end: datetime,
        units: int = 1,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[Interval]]:
        """When `units` of a bookable are free in `[start, end)`: open, not blocked, not taken."""
        query = {"bookable": bookable, "start": start, "end": end, "units": units}
        return read(Page[Interval], "v1", "free", query={**query, "limit": page_size})

    def is_free(
        self,
        bookables: str | Sequence[str],
        *,
        start: datetime,
        end: datetime,
        units: int = 1,
        before: int = 0,
        after: int = 0,
    ) -> Call[bool]:
        """Whether all `bookables` could be booked over `[start, end)` now, with these buffers."""
        query = {
            "of": several_of(bookables),
            "start": start,
            "end": end,
            "units": units,
            "before": before,
            "after": after,
        }
        return read(IsFree, "v1", "is-free", query=query, take=attrgetter("free"))

    def next_free(
        self,
        of: str | Sequence[str],
        *,
        duration: Seconds,
        after: datetime,
        horizon: datetime,
        any: int | None = None,  # noqa: A002 - as in Choice
        adjacent: bool = False,
        units: int = 1,
        before: int = 0,
        after_buffer: int = 0,
        step: int | None = None,
    ) -> Call[Opening | None]:
        """The earliest time from `after` on that can be had and ends by `horizon`, or None (B5)."""
        query = {
            "of": several_of(of),
            "duration_seconds": seconds(duration),
            "after": after,
            "horizon": horizon,
            "any": any,
            "adjacent": adjacent,
            "units": units,
            "before": before,
            "after_buffer": after_buffer,
            "step": step,
        }
        return read(NextFree, "v1", "next-free", query=query, take=attrgetter("opening"))

    def slots(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        duration: Seconds | None = None,
        step: int | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[OpenSlot]]:
        """The slots of a service that begin in `[start, end)` and can be had, in order."""
        query = {
            "start": start,
            "end": end,
            "party": party,
            "duration_seconds": None if duration is None else seconds(duration),
            "step": step,
            "limit": page_size,
        }
        return read(Page[OpenSlot], "v1", "services", service_id, "slots", query=query)

    def suggest(
        self,
        claims: Claims = (),
        choices: Sequence[Choice] = (),
        *,
        actor: str | None = None,
        units: int = 1,
        within: Seconds = WITHIN,
        most: int = MOST,
        step: int | None = None,
    ) -> Call[list[Suggestion]]:
        """Other times for the same booking, the nearest first, earlier before later (C10).

        A refused booking has some with it already: `client.execute(call).suggested`.
        """
        body: dict[str, Any] = {
            "claims": claims_of(claims, units),
            "actor": actor,
            "within_seconds": seconds(within),
            "most": most,
            "step": step,
        }
        if choices:
            body["choices"] = choices_of(choices)
        given = {name: value for name, value in body.items() if value is not None}
        return change(Suggestions, "v1", "suggestions", body=given, take=attrgetter("items"))

    def agenda(
        self,
        *,
        start: datetime,
        end: datetime,
        location: str | None = None,
        resource: str | None = None,
        actor: str | None = None,
        event: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[AgendaItem]]:
        """What is on in `[start, end)`: occurrences, bookings and blocks, in order (B6)."""
        query = {
            "start": start,
            "end": end,
            "location": location,
            "resource": resource,
            "actor": actor,
            "event": event,
            "limit": page_size,
        }
        return read(Page[AgendaItem], "v1", "agenda", query=query)

    def effective_hours(self, owner: str, first: date, last: date) -> Call[list[DayHours]]:
        """The opening hours of each date from `first` to `last`, both included (C2)."""
        query = {"first": first, "last": last}
        return read(Days, "v1", "hours", owner, query=query, take=attrgetter("items"))

    def outside_rules(self, owner: str, *, limit: int = 100) -> Call[list[OutsideRules]]:
        """Bookings to come that today's rules would refuse, by their start (C2)."""
        query = {"limit": limit}
        return read(
            OutsideAnswer, *("v1", "rules", owner, "outside"), query=query, take=attrgetter("items")
        )

    def rules(self, owner: str) -> Call[RulesView]:
        """When `owner` may be booked: a bookable, a `service:<id>` or a `location:<id>` (C2)."""
        return read(RulesView, "v1", "rules", owner)

    def set_rules(
        self,
        owner: str,
        rules: Rules,
        *,
        expected: Mapping[str, int] | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Replace all rules of `owner`: opening hours, blocks, lead time and so on (C2)."""
        body = {"rules": rules, "expected": expected, "reason": reason}
        return write("PUT", AnyOutcome, "v1", "rules", owner, body=body, key=key)
