"""Whether rules make sense: checked before they are set, so that whoever reads them need not.

Each refusal names the field and the reason. What the rules then come to is in broken.py.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice, pairwise
from typing import Final

import msgspec

from lastseat.calendar.blocks import segment
from lastseat.calendar.hours import MINUTES_A_DAY, WEEKDAYS, span_minutes
from lastseat.calendar.recurrence import EARLIEST, LATEST, BadRule, check_segment, starts
from lastseat.calendar.rrule import read_rule, times_a_day
from lastseat.calendar.zones import zone
from lastseat.core import fields, limits
from lastseat.core.rules import Day, Hours, RecurringBlock, Rules, Season, Span, SpecialDay

MOST_SPANS: Final = 20
"""Spans of one day."""

MOST_SEASONS: Final = 20
MOST_SPECIAL: Final = 366
"""Special days, and the days that one of them may last."""

MOST_BLOCKS: Final = 100
MOST_BLOCK_DATES: Final = 366
"""Dates that one block adds, and as many that it takes away."""

MOST_A_DAY: Final = 24
"""Times a day that one block may come."""

MOST_A_DAY_TOGETHER: Final = 100
"""Times a day that all blocks together may come: each decision looks at them."""

STARTS_LOOKED_AT: Final = 200
"""Starts of one block that are looked at, for whether it is over when it comes again."""

DAY: Final = 86_400
LONGEST_BLOCK: Final = 366 * DAY
LONGEST_LEAD: Final = 366 * DAY
LONGEST_HORIZON: Final = 10 * 366 * DAY
LEAST_GRID: Final = 60
LONGEST: Final = limits.LONGEST.days * DAY
"""All in seconds."""


class BadRules(ValueError):
    """Rules that can't be taken: `field` says which, `reason` why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def check_rules(rules: Rules, field: str) -> None:
    """Raise `BadRules` for the first thing wrong with `rules`, its field beginning with `field`."""
    _check_types(rules, field)
    try:
        if rules.hours is not None:
            _check_hours(rules.hours, f"{field}.hours")
        _check_blocks(rules.blocks, f"{field}.blocks")
        _check_numbers(rules, field)
    except fields.Bad as bad:
        raise BadRules(bad.invalid.field, bad.invalid.reason) from None
    except BadRule as bad:
        raise BadRules(bad.field, bad.reason) from None


def _check_types(rules: Rules, field: str) -> None:
    """Structs made in Python may hold anything; what is journalled has to be read back the same."""
    try:
        read = msgspec.convert(msgspec.to_builtins(rules), Rules)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at ")
        path = where.rpartition("`$")[2].rstrip("`")
        raise BadRules(field + path, reason[:1].lower() + reason[1:]) from None
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadRules(field, f"must be Rules of plain values: {error}") from None
    if read != rules:
        raise BadRules(field, "must be Rules, with tuples where they have lists")


def _check_hours(hours: Hours, field: str) -> None:
    _check_week(hours.weekly, f"{field}.weekly")
    _at_most(hours.seasons, MOST_SEASONS, f"{field}.seasons", "seasons")
    for number, season in enumerate(hours.seasons):
        _check_season(season, f"{field}.seasons[{number}]")
    _at_most(hours.special, MOST_SPECIAL, f"{field}.special", "special days")
    for number, special in enumerate(hours.special):
        _check_special(special, f"{field}.special[{number}]")


def _check_week(weekly: dict[Day, tuple[Span, ...]], field: str) -> None:
    """No two spans of the week overlap, those that go past midnight neither, Sunday's neither."""
    found: list[tuple[int, int, str]] = []
    for day, name in enumerate(WEEKDAYS):
        spans = weekly.get(name, ())
        _at_most(spans, MOST_SPANS, f"{field}.{name}", "spans a day")
        for number, span in enumerate(spans):
            where = f"{field}.{name}[{number}]"
            opens, closes = _check_span(span, where)
            midnight = day * MINUTES_A_DAY
            found.append((midnight + opens, midnight + closes, where))
    found.sort()
    if found:
        week = 7 * MINUTES_A_DAY
        opens, closes, where = found[0]
        found.append((opens + week, closes + week, where))
    for (_, closes, earlier), (opens, _, later) in pairwise(found):
        if opens < closes:
            raise BadRules(later, f"overlaps {earlier}")


def _check_season(season: Season, field: str) -> None:
    if len(season.first) != len(season.last):
        raise BadRules(f"{field}.last", "must be a date spelled as first is, with or without year")
    first, last = (
        _season_date(season.first, f"{field}.first"),
        _season_date(season.last, f"{field}.last"),
    )
    every_year = len(season.first) == len("12-24")
    if last < first and not every_year:
        raise BadRules(f"{field}.last", "is before first")
    _check_week(season.weekly, f"{field}.weekly")


def _season_date(text: str, field: str) -> date:
    # 29 February is a date of every year's season: it begins or ends as if the day were there.
    return _date(f"2000-{text}" if len(text) == len("12-24") else text, field, "or 12-24")


def _check_special(special: SpecialDay, field: str) -> None:
    first = _date(special.date, f"{field}.date")
    if special.last is not None:
        last = _date(special.last, f"{field}.last")
        if last < first:
            raise BadRules(f"{field}.last", "is before date")
        if (last - first).days >= MOST_SPECIAL:
            raise BadRules(f"{field}.last", f"is {MOST_SPECIAL} days after date, or more")
    if special.name is not None:
        fields.name(f"{field}.name", special.name)
    _at_most(special.spans, MOST_SPANS, f"{field}.spans", "spans a day")
    found = sorted(
        (*_check_span(span, where), where)
        for number, span in enumerate(special.spans)
        for where in (f"{field}.spans[{number}]",)
    )
    for (_, closes, earlier), (opens, _, later) in pairwise(found):
        if opens < closes:
            raise BadRules(later, f"overlaps {earlier}")


_TIME = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _check_span(span: Span, field: str) -> tuple[int, int]:
    if _TIME.fullmatch(span.opens) is None:
        raise BadRules(f"{field}.opens", "must be a time such as 09:30")
    if span.closes != "24:00" and _TIME.fullmatch(span.closes) is None:
        raise BadRules(f"{field}.closes", "must be a time such as 17:30, at most 24:00")
    return span_minutes(span)


def _date(text: str, field: str, also: str = "") -> date:
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise BadRules(field, f"must be a date such as 2027-12-24 {also}".strip())
    if not limits.EARLIEST.date() <= found < limits.LATEST.date():
        raise BadRules(field, f"must be from {limits.EARLIEST:%Y} to {limits.LATEST:%Y}")
    return found


def _check_blocks(blocks: tuple[RecurringBlock, ...], field: str) -> None:
    _at_most(blocks, MOST_BLOCKS, field, "blocks")
    a_day = 0
    for number, block in enumerate(blocks):
        where = f"{field}[{number}]"
        fields.integer(f"{where}.seconds", block.seconds, 1, LONGEST_BLOCK)
        if block.name is not None:
            fields.name(f"{where}.name", block.name)
        _at_most(block.rdate, MOST_BLOCK_DATES, f"{where}.rdate", "dates")
        _at_most(block.exdate, MOST_BLOCK_DATES, f"{where}.exdate", "dates")
        times = _times_a_day(block, where)
        if times > MOST_A_DAY:
            raise BadRules(f"{where}.rrule", f"comes more than {MOST_A_DAY} times a day")
        a_day += times
        if a_day > MOST_A_DAY_TOGETHER:
            raise BadRules(field, f"come more than {MOST_A_DAY_TOGETHER} times a day together")
        # A UNTIL in UTC is all that a zone could make different; the owner's is not known here.
        check_segment(segment(block), where, zone("UTC"))
        _check_over(block, where)


def _check_over(block: RecurringBlock, field: str) -> None:
    """A block is over when it comes again: else a decision would meet it hundreds of times."""
    known = starts(segment(block), EARLIEST, LATEST, zone("UTC"))
    for start, again in pairwise(islice(known, STARTS_LOOKED_AT)):
        if again - start < timedelta(seconds=block.seconds):
            reason = f"lasts longer than until the next, {again:%Y-%m-%dT%H:%M}"
            raise BadRules(f"{field}.seconds", reason)


def _times_a_day(block: RecurringBlock, field: str) -> int:
    """How many times a day a block comes at most; its dates are bounded apart."""
    rules = [read_rule(text, f"{field}.rrule[{no}]") for no, text in enumerate(block.rrule)]
    return sum(map(times_a_day, rules))


def _check_numbers(rules: Rules, field: str) -> None:
    fields.integer(f"{field}.lead_seconds", rules.lead_seconds, 0, LONGEST_LEAD)
    bounds = {
        "horizon_seconds": (1, LONGEST_HORIZON),
        "grid_seconds": (LEAST_GRID, DAY),
        "min_seconds": (1, LONGEST),
        "max_seconds": (1, LONGEST),
    }
    for name, (least, most) in bounds.items():
        value = getattr(rules, name)
        if value is not None:
            fields.integer(f"{field}.{name}", value, least, most)
    horizon, shortest, longest = rules.horizon_seconds, rules.min_seconds, rules.max_seconds
    if horizon is not None and horizon < rules.lead_seconds:
        raise BadRules(f"{field}.horizon_seconds", "is less than lead_seconds: nothing could begin")
    if shortest is not None and longest is not None and longest < shortest:
        raise BadRules(f"{field}.max_seconds", "is less than min_seconds: nothing could be booked")


def _at_most(what: Iterable[object], most: int, field: str, of: str) -> None:
    if sum(1 for _ in what) > most:
        raise BadRules(field, f"has more than {most} {of}")
