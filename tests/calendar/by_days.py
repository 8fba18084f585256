"""What a rule comes to, by looking at each day in turn: the model that expansion is tested against.

Written from RFC 5545, 3.3.10, with none of the product's code; slow and plain. A rule here is a
`Parts`; `text` spells it.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Parts:
    freq: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    month: tuple[int, ...] = ()
    weekno: tuple[int, ...] = ()
    yearday: tuple[int, ...] = ()
    monthday: tuple[int, ...] = ()
    day: tuple[tuple[int, int], ...] = ()
    hour: tuple[int, ...] = ()
    minute: tuple[int, ...] = ()
    setpos: tuple[int, ...] = ()
    wkst: int = 0

    def text(self) -> str:
        listed = {
            "BYMONTH": self.month,
            "BYWEEKNO": self.weekno,
            "BYYEARDAY": self.yearday,
            "BYMONTHDAY": self.monthday,
            "BYDAY": [f"{n or ''}{WEEKDAYS[weekday]}" for weekday, n in self.day],
            "BYHOUR": self.hour,
            "BYMINUTE": self.minute,
            "BYSETPOS": self.setpos,
        }
        parts = [f"FREQ={self.freq}", f"INTERVAL={self.interval}", f"WKST={WEEKDAYS[self.wkst]}"]
        parts += [f"COUNT={self.count}"] if self.count else []
        parts += [f"UNTIL={self.until:%Y%m%dT%H%M%S}"] if self.until else []
        parts += [
            f"{name}={','.join(map(str, values))}" for name, values in listed.items() if values
        ]
        return ";".join(parts)


def by_days(rule: Parts, start: datetime, end: datetime) -> list[datetime]:
    """The starts from `start` to before `end` of a rule by days, weeks, months or years."""
    full = with_defaults(rule, start)
    times = [time(hour, minute) for hour in sorted(full.hour) for minute in sorted(full.minute)]
    periods: dict[int, list[datetime]] = {}
    first = period(full, start.date())
    # A set position counts in whole periods, of a year and some days at most.
    more = 372 * DAY if full.setpos else 0 * DAY
    day, last = start.date() - more, end.date() + more
    while day <= last:
        number = period(full, day)
        if number >= first and (number - first) % full.interval == 0 and matches(full, day):
            periods.setdefault(number, []).extend(datetime.combine(day, at) for at in times)
        day += DAY
    found: list[datetime] = []
    for _, given in sorted(periods.items()):
        if full.setpos:
            chosen = {given[p - 1] for p in full.setpos if 0 < p <= len(given)}
            chosen |= {given[p] for p in full.setpos if -len(given) <= p < 0}
            found += sorted(chosen)
        else:
            found += given
    found = [x for x in found if x >= start and (rule.until is None or x <= rule.until)]
    return [x for x in found[: rule.count] if x < end]


def by_minutes(rule: Parts, start: datetime, end: datetime) -> list[datetime]:
    """The same for a rule by hours or minutes, minute for minute."""
    step = 60 if rule.freq == "HOURLY" else 1
    begins = start.replace(minute=0) if rule.freq == "HOURLY" else start
    minutes = rule.minute or ((start.minute,) if rule.freq == "HOURLY" else tuple(range(60)))
    found: list[datetime] = []
    now = start
    while now < end:
        passed = int((now - begins).total_seconds()) // 60 // step
        if (
            passed % rule.interval == 0
            and now.minute in minutes
            and (not rule.hour or now.hour in rule.hour)
            and matches(rule, now.date())
        ):
            found.append(now)
        now += timedelta(minutes=1)
    return found[: rule.count]


def with_defaults(rule: Parts, start: datetime) -> Parts:
    """What the rule leaves open comes from its start."""
    full = replace(rule, hour=rule.hour or (start.hour,), minute=rule.minute or (start.minute,))
    weekday = ((start.weekday(), 0),)
    if rule.freq == "WEEKLY" and not rule.day:
        return replace(full, day=weekday)
    if rule.freq == "MONTHLY" and not (rule.day or rule.monthday):
        return replace(full, monthday=(start.day,))
    if rule.freq != "YEARLY" or rule.day or rule.yearday:
        return full
    if rule.weekno:
        return full if rule.monthday else replace(full, day=weekday)
    return replace(full, month=rule.month or (start.month,), monthday=rule.monthday or (start.day,))


def period(rule: Parts, day: date) -> int:
    """The number of the period that a day lies in."""
    if rule.freq == "YEARLY":
        return week(day, rule.wkst)[0] if rule.weekno else day.year
    if rule.freq == "MONTHLY":
        return day.year * 12 + day.month
    if rule.freq == "WEEKLY":
        return (day.toordinal() - 1 - rule.wkst) // 7
    return day.toordinal()


def week(day: date, wkst: int) -> tuple[int, int, int]:
    """A week's year (that of four of its days), its number, and its number from the year's end."""
    fourth = day - ((day.weekday() - wkst) % 7) * DAY + 3 * DAY
    from_end = (date(fourth.year, 12, 31) - fourth).days // 7
    return fourth.year, (fourth - date(fourth.year, 1, 1)).days // 7 + 1, -from_end - 1


@cache
def facts(day: date, wkst: int) -> tuple[frozenset[int], ...]:
    """Of a day: its month, its weeks, its places in the year and in the month, from both ends."""
    of_month = monthrange(day.year, day.month)[1]
    of_year = (date(day.year, 12, 31) - date(day.year, 1, 1)).days + 1
    yearday = (day - date(day.year, 1, 1)).days + 1
    in_year, in_month = (
        frozenset({0, (place - 1) // 7 + 1, -((length - place) // 7) - 1})
        for place, length in ((yearday, of_year), (day.day, of_month))
    )
    return (
        frozenset({day.month}),
        frozenset(week(day, wkst)[1:]),
        frozenset({yearday, yearday - of_year - 1}),
        frozenset({day.day, day.day - of_month - 1}),
        in_year,
        in_month,
    )


def matches(rule: Parts, day: date) -> bool:
    month, weekno, yearday, monthday, in_year, in_month = facts(day, rule.wkst)
    numbers = in_month if rule.freq == "MONTHLY" or rule.month else in_year
    return (
        (not rule.month or not month.isdisjoint(rule.month))
        and (not rule.weekno or not weekno.isdisjoint(rule.weekno))
        and (not rule.yearday or not yearday.isdisjoint(rule.yearday))
        and (not rule.monthday or not monthday.isdisjoint(rule.monthday))
        and (
            not rule.day
            or any(weekday == day.weekday() and number in numbers for weekday, number in rule.day)
        )
    )
