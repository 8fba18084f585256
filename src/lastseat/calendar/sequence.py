"""The starts of one rule without an end, from a given time on: dateutil, and what it gets wrong.

Not for COUNT, UNTIL, EXDATE and the rest of a segment: see recurrence.py.
"""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Final

from dateutil import rrule as dateutil

from lastseat.calendar.rrule import FREQUENCIES, MOST_IN_MONTH, MOST_IN_YEAR, Rule

BY_DAYS: Final = frozenset({"DAILY", "HOURLY", "MINUTELY"})
"""The frequencies at which dateutil goes through each day until the next match."""

CYCLES: Final = timedelta(days=19 * 146_097)
"""Nineteen times the 400 years after which the calendar repeats, weekdays and all.

dateutil looks for a match until the last year that Python has, 9999. Its rules are run that much
later, so that a rule which matches nothing any more is given up after 400 years instead of 8,000.
"""

LAST_YEAR: Final = 2399
"""The last year there is then: datetime's, CYCLES before."""


def sequence(rule: Rule, start: datetime, near: datetime) -> Iterator[datetime]:
    """What an anchored rule gives from the period of `near` on, without COUNT and UNTIL.

    A period is a year, a month, a week and so on, a multiple of INTERVAL after the one of `start`.
    Beginning there and not at `start` keeps a window cheap however old the rule; and BYSETPOS
    counts from the period's beginning, where dateutil counts in the first week from the start on.
    """
    first = _period(rule, start, near)
    if rule.weeks:
        return _in_weeks(rule, first.year)
    return (given - CYCLES for given in _dateutil(rule, first + CYCLES))


def first_day(rule: Rule, near: datetime, before: datetime) -> datetime | None:
    """From when on a rule by days, hours or minutes can give a start in `[near, before)`, if ever.

    For dateutil goes on to the next match, through every hour of the years until then if asked to.
    """
    limited = rule.months or rule.month_days or rule.year_days or rule.days
    if not limited or rule.freq not in BY_DAYS:
        return near
    for later in range((before - near).days + 2):
        day = near.date() + timedelta(days=later)
        if _matches(rule, day):
            return datetime.combine(day, time()) if later else near
    return None


def _period(rule: Rule, start: datetime, near: datetime) -> datetime:
    """The beginning of the rule's last period that begins at or before `near`."""
    step = rule.interval
    match rule.freq:
        case "YEARLY":
            year = _week_year if rule.weeks else _year
            first = year(start, rule.week_start)
            return datetime(first + (year(near, rule.week_start) - first) // step * step, 1, 1)
        case "MONTHLY":
            first = start.year * 12 + start.month - 1
            month = first + (near.year * 12 + near.month - 1 - first) // step * step
            return datetime(month // 12, month % 12 + 1, 1)
        case "WEEKLY":
            begins = _midnight(start) - timedelta(days=(start.weekday() - rule.week_start) % 7)
            length = timedelta(weeks=step)
        case "DAILY":
            begins, length = _midnight(start), timedelta(days=step)
        case "HOURLY":
            begins, length = start.replace(minute=0), timedelta(hours=step)
        case _:
            begins, length = start, timedelta(minutes=step)
    return begins + (near - begins) // length * length


def _dateutil(rule: Rule, first: datetime) -> Iterator[datetime]:
    """What dateutil gives from the beginning of a period on, every part named."""
    try:
        yield from dateutil.rrule(
            FREQUENCIES.index(rule.freq),
            dtstart=first,
            interval=rule.interval,
            wkst=rule.week_start,
            bysetpos=rule.positions or None,
            bymonth=rule.months or None,
            bymonthday=rule.month_days or None,
            byyearday=rule.year_days or None,
            byweekday=_weekdays(rule) or None,
            byhour=rule.hours or None,
            byminute=rule.minutes or None,
            bysecond=0,
        )
    except ValueError:
        # Its word for hours or minutes that the interval never comes to.
        return


def _weekdays(rule: Rule) -> list[dateutil.weekday]:
    """BYDAY for dateutil, which takes `MO,2TU` for what is both: so each Monday gets its number."""
    most = MOST_IN_MONTH if rule.freq == "MONTHLY" or rule.months else MOST_IN_YEAR
    numbered = any(ordinal for _, ordinal in rule.days)
    found: list[dateutil.weekday] = []
    for day, ordinal in rule.days:
        each = range(1, most + 1) if numbered and not ordinal else [ordinal or None]
        found += [dateutil.weekday(day, number) for number in each]
    return found


def _in_weeks(rule: Rule, first: int) -> Iterator[datetime]:
    """A yearly rule with BYWEEKNO, from the year `first` on.

    dateutil counts a week's days to the year of the calendar that they lie in, and is wrong about
    the last week of some years. Here a week belongs with all its days to the year that numbers it.
    """
    times = [time(hour, minute) for hour in rule.hours for minute in rule.minutes]
    for year in count(first, rule.interval):
        if year > LAST_YEAR:
            return
        begins = _first_week(year, rule.week_start)
        weeks = (_first_week(year + 1, rule.week_start) - begins).days // 7
        chosen = sorted({week - 1 if week > 0 else weeks + week for week in rule.weeks})
        days = [
            begins + timedelta(weeks=week, days=day)
            for week in chosen
            if 0 <= week < weeks
            for day in range(7)
        ]
        given = [datetime.combine(d, at) for d in days if _matches(rule, d) for at in times]
        if rule.positions:
            places = {place - 1 if place > 0 else len(given) + place for place in rule.positions}
            given = [given[place] for place in sorted(places) if 0 <= place < len(given)]
        yield from given


def _matches(rule: Rule, day: date) -> bool:
    """Whether `day` is one of the months, days and weekdays asked for; weekdays have no number."""
    of_month = {day.day, day.day - monthrange(day.year, day.month)[1] - 1}
    of_year = {day.timetuple().tm_yday, day.timetuple().tm_yday - 366 - isleap(day.year)}
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or not of_month.isdisjoint(rule.month_days))
        and (not rule.year_days or not of_year.isdisjoint(rule.year_days))
        and (not rule.days or (day.weekday(), 0) in rule.days)
    )


def _first_week(year: int, week_start: int) -> date:
    """The first day of the first week with four days in `year`: the week of its 4th January."""
    fourth = date(year, 1, 4)
    return fourth - timedelta(days=(fourth.weekday() - week_start) % 7)


def _week_year(when: datetime, week_start: int) -> int:
    """The year that numbers the week in which `when` lies."""
    day = when.date()
    if day >= _first_week(when.year + 1, week_start):
        return when.year + 1
    return when.year if day >= _first_week(when.year, week_start) else when.year - 1


def _year(when: datetime, _week_start: int) -> int:
    return when.year


def _midnight(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0)
