"""What is asked for of bookables: claims, and choices among several. Data only."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from lastseat.core.interval import Interval


class Claim(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """`units` of a bookable, asked for.

    An occurrence has its own time, so `start` and `end` are left out; a resource or pool needs
    both (aware datetimes). `before` and `after` are the buffers in seconds: capacity is taken for
    `[start - before, end + after)`, the customer sees `[start, end)`.
    """

    bookable: str
    units: int = 1
    start: datetime | None = None
    end: datetime | None = None
    before: int = 0
    after: int = 0
    local_start: str | None = None
    time_zone: str | None = None

    @property
    def during(self) -> Interval | None:
        """What the customer sees, in UTC: times of one zone are compared by the wall otherwise."""
        if self.start is None or self.end is None:
            return None
        return Interval(self.start.astimezone(UTC), self.end.astimezone(UTC))

    @property
    def blocked(self) -> Interval | None:
        """The same with both buffers: what capacity is taken for."""
        during = self.during
        if during is None or not (self.before or self.after):
            return during
        before, after = timedelta(seconds=self.before), timedelta(seconds=self.after)
        return Interval(during.start - before, during.end + after)


class Choice(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """Any `any` of the bookables `of`, `units` of each, over one time; decided with the booking.

    The first that are free are taken, in the order of `of`; with `adjacent`, the first that follow
    each other there: `of` lists lanes as they lie. Times and buffers are those of a `Claim`.
    """

    of: tuple[str, ...]
    any: int = 1
    adjacent: bool = False
    units: int = 1
    start: datetime
    end: datetime
    before: int = 0
    after: int = 0
    local_start: str | None = None
    time_zone: str | None = None

    def claim(self, bookable: str) -> Claim:
        """The claim that taking this candidate comes to."""
        return Claim(
            bookable=bookable,
            units=self.units,
            start=self.start,
            end=self.end,
            before=self.before,
            after=self.after,
            local_start=self.local_start,
            time_zone=self.time_zone,
        )


class Awaited(Struct, frozen=True, omit_defaults=True):
    """What a waiting booking waits for (MISSION C7): claims and choices, as a booking has them.

    `on` are the bookables that any of it may be on, the queue's first: what comes free there may be
    what was waited for. The offer is a hold of `offer_seconds`.
    """

    claims: tuple[Claim, ...]
    choices: tuple[Choice, ...] = ()
    offer_seconds: int = 900
    on: tuple[str, ...] = ()

    def touches(self, during: Interval) -> bool:
        """Whether any of it, with buffers, is over this time. An occurrence's own always is."""
        asked = (*self.claims, *(choice.claim(choice.of[0]) for choice in self.choices))
        return any(x.blocked is None or x.blocked.overlaps(during) for x in asked)

    @property
    def during(self) -> Interval | None:
        """The time that is waited for in the queue; None is the occurrence's own."""
        return self.claims[0].during

    @property
    def blocked(self) -> Interval | None:
        """The same with buffers."""
        return self.claims[0].blocked
