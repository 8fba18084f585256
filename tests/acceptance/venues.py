"""Venues made at random: a location, lanes, a pool, a hall of both, a service, what is taken.

Plain data and how Hypothesis draws it. Nothing here asks the engine.
"""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec import Struct

from lastseat import Hours, RecurringBlock, Rules, Season, Span, SpecialDay
from lastseat.calendar.rules import BadRules, check_rules
from lastseat.calendar.zones import utc, zone
from lastseat.core.rules import Day
from lastseat.views.catalogue import Need

NOW = datetime(2027, 3, 27, 11, 37, 20, tzinfo=UTC)
"""The clock of every decision. In Paris the clocks are put forward that night; in Lord Howe they
are put back by half an hour a week later."""

ZONES = ("Europe/Paris", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu")
DAYS_AHEAD = (0, 1, 1, 3, 8)
WEEK: tuple[Day, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Service(Struct, frozen=True):
    """What is sold: minutes, buffers in seconds, how many at once, and of which resources."""

    needs: tuple[Need, ...]
    minutes: int
    before: int
    after: int
    limit: int
    party: int
    rules: Rules | None


class Taken(Struct, frozen=True):
    """A booking that is there; `minute` counts from the midnight before the day asked about.

    `how` is `book`, `hold`, `overdue` (a hold whose time is over), `cancelled`, or `waits` in line.
    """

    what: str
    minute: int
    minutes: int
    before: int
    after: int
    units: int
    how: str


class Venue(Struct, frozen=True):
    """All of it. `lanes` have their rules, or none; `hall` is the first two lanes and the pool."""

    zone: str
    day: date
    place: Rules | None
    lanes: tuple[Rules | None, ...]
    pool: int
    hall: Rules | None
    service: Service
    taken: tuple[Taken, ...]

    @property
    def lane_names(self) -> tuple[str, ...]:
        """As they lie."""
        return tuple(f"lane-{no}" for no in range(len(self.lanes)))

    @property
    def start(self) -> datetime:
        """Midnight of the day asked about, UTC."""
        return utc(datetime.combine(self.day, time()), zone(self.zone))

    @property
    def end(self) -> datetime:
        """The midnight after it."""
        return utc(datetime.combine(self.day + timedelta(days=1), time()), zone(self.zone))


_ALONE = ("book", "book", "hold", "overdue", "cancelled")
_IN_LINE = ("book", "hold", "cancelled", "waits", "waits")
"""Where somebody waits no hold is over: an attempt would make the offer, and undo it."""


def venues(*, ruled: bool = True, lines: bool = False) -> SearchStrategy[Venue]:
    """Venues of every kind, or those without rules; with people in line."""
    return _venues(ruled, lines)


@st.composite
def _venues(draw: DrawFn, has_rules: bool, lines: bool) -> Venue:
    name = draw(st.sampled_from(ZONES))
    today = NOW.astimezone(zone(name)).date()
    day = today + timedelta(days=draw(st.sampled_from(DAYS_AHEAD)))
    count = draw(st.integers(1, 4))
    lanes = tuple(f"lane-{no}" for no in range(count))
    ruled = draw(st.sampled_from(["nobody", "place", "lane", "all"])) if has_rules else "nobody"
    rules = st.one_of(st.none(), _rules(day)) if has_rules else st.none()
    return Venue(
        zone=name,
        day=day,
        place=draw(_rules(day)) if ruled in ("place", "all") else None,
        lanes=tuple(draw(rules) if ruled in ("lane", "all") else None for _ in lanes),
        pool=draw(st.integers(2, 5)),
        hall=draw(rules),
        service=draw(_service(lanes, rules)),
        taken=tuple(
            draw(st.lists(_taken(lanes, _IN_LINE if lines else _ALONE), min_size=2, max_size=12))
        ),
    )


@st.composite
def _service(draw: DrawFn, lanes: tuple[str, ...], rules: SearchStrategy[Rules | None]) -> Service:
    any_of = draw(st.integers(1, len(lanes)))
    choice = Need(of=lanes, any=any_of, adjacent=draw(st.booleans()))
    shoes = Need(of=("shoes",), units=draw(st.sampled_from(["party", 1, 2])))
    needs = draw(
        st.sampled_from(
            [
                (),
                (shoes,),
                (choice,),
                (choice, shoes),
                (shoes, choice),
                (Need(of=lanes[:2]),),
                (Need(of=("hall",)),),
                (Need(of=("hall", *lanes[2:]), any=1),),
            ]
        )
    )
    party = any(need.units == "party" for need in needs)
    return Service(
        needs=needs,
        minutes=draw(st.sampled_from([20, 45, 60, 60, 90, 150])),
        before=draw(st.sampled_from([0, 0, 300, 900])),
        after=draw(st.sampled_from([0, 600, 900, 1800])),
        limit=draw(st.integers(1, 3)),
        party=draw(st.integers(1, 3)) if party else 1,
        rules=draw(rules),
    )


@st.composite
def _taken(draw: DrawFn, lanes: tuple[str, ...], how: tuple[str, ...]) -> Taken:
    return Taken(
        what=draw(st.sampled_from([*lanes, "shoes", "shoes", "hall"])),
        minute=5 * draw(st.integers(-36, 300)),
        minutes=draw(st.sampled_from([15, 30, 60, 60, 120, 300])),
        before=draw(st.sampled_from([0, 0, 600])),
        after=draw(st.sampled_from([0, 0, 600, 1200])),
        units=draw(st.integers(1, 3)),
        how=draw(st.sampled_from(how)),
    )


# Rules -------------------------------------------------------------------------------------------


def _rules(day: date) -> SearchStrategy[Rules]:
    return _any_rules(day).filter(_sound)


def _sound(rules: Rules) -> bool:
    try:
        check_rules(rules, "rules")
    except BadRules:
        return False
    return True


@st.composite
def _any_rules(draw: DrawFn, day: date) -> Rules:
    rarely = st.integers(0, 4).map(lambda x: x == 0)
    return Rules(
        hours=draw(st.one_of(st.none(), _hours(day))),
        blocks=tuple(draw(st.lists(_block(day), max_size=2))),
        lead_seconds=draw(st.sampled_from([0, 0, 0, 3600, 20 * 3600, 100_000])),
        horizon_seconds=draw(st.sampled_from([2 * 86_400, 9 * 86_400])) if draw(rarely) else None,
        grid_seconds=draw(st.sampled_from([None, None, None, 600, 900, 1800, 3600])),
        min_seconds=3600 if draw(rarely) else None,
        max_seconds=5400 if draw(rarely) else None,
    )


@st.composite
def _hours(draw: DrawFn, day: date) -> Hours:
    weekly = draw(_weekly())
    seasons = draw(
        st.sampled_from([(), (), (Season(first="04-01", last="09-30", weekly=draw(_weekly())),)])
    )
    special = draw(
        st.sampled_from(
            [(), (), (), (SpecialDay(date=f"{day}", spans=draw(_spans()), name="feast"),)]
        )
    )
    return Hours(weekly=weekly, seasons=seasons, special=special)


@st.composite
def _weekly(draw: DrawFn) -> dict[Day, tuple[Span, ...]]:
    # Two patterns, so that most days are open, and neighbours differ.
    patterns = [draw(_spans()), draw(_spans())]
    return {name: patterns[draw(st.integers(0, 1))] for name in WEEK if draw(st.integers(0, 6))}


@st.composite
def _spans(draw: DrawFn) -> tuple[Span, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=4)))
    if len(edges) % 2:
        edges.pop()
    spans = [
        Span(opens=_half_hours(first), closes=_half_hours(last))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    if draw(st.integers(0, 3)) == 0 and edges[-2] >= 20:
        # Into the small hours.
        spans[-1] = Span(opens=_half_hours(edges[-2]), closes=_half_hours(draw(st.integers(0, 8))))
    return tuple(spans)


def _half_hours(count: int) -> str:
    return f"{count // 2:02}:{count % 2 * 30:02}"


@st.composite
def _block(draw: DrawFn, day: date) -> RecurringBlock:
    first = day - timedelta(days=draw(st.integers(0, 9)))
    at = _half_hours(draw(st.integers(0, 47)))
    rule: str = draw(st.sampled_from(["", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY"]))
    return RecurringBlock(
        start=f"{first}T{at}",
        seconds=60 * draw(st.sampled_from([20, 60, 240, 600])),
        rrule=(rule,) if rule else (),
        exdate=draw(st.sampled_from([(), (), (f"{first}T{at}",) if rule else ()])),
        name="cleaning",
    )
