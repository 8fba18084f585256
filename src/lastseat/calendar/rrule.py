"""One recurrence rule of RFC 5545, read strictly: `FREQ=MONTHLY;BYDAY=2TU` to a `Rule`.

What the RFC forbids is refused, and so is what readers of the RFC disagree about: a rule has to
mean the same everywhere. What a rule comes to is in `recurrence.py`.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

LENGTH: Final = 2_000
"""Characters in a rule. One that lists every day of the year is shorter."""

MOST_INTERVAL: Final = 100_000
"""The largest INTERVAL: 69 days of minutes."""

MOST_COUNT: Final = 10_000
"""The largest COUNT. A rule without one has no end, unless it has UNTIL."""

MOST_IN_MONTH: Final = 5
MOST_IN_YEAR: Final = 53
"""How often a weekday comes in a month or a year at most."""

MOST_A_DAY: Final = 100
"""Starts a day by BYHOUR and BYMINUTE."""

FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
"""From the longest period to the shortest. SECONDLY is refused: starts are to the minute."""

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class BadRule(ValueError):
    """A rule, a date or a schedule that can't be taken: `field` says which, `reason` why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Rule(Struct, frozen=True):
    """A rule, its parts named in plain words. What it does not say is empty.

    `days` are weekdays (0 is Monday) with their ordinal, or 0 for each such day. `until` is a date
    (that whole day counts), a naive local time, or an aware one in UTC.
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def read_rule(text: object, field: str) -> Rule:
    """The rule that `text` spells; raises `BadRule` for `field`."""
    if not isinstance(text, str) or not text:
        raise BadRule(field, "must be a rule such as FREQ=WEEKLY;BYDAY=TU")
    if len(text) > LENGTH:
        raise BadRule(field, f"is longer than {LENGTH} characters")
    parts: dict[str, str] = {}
    for pair in text.upper().split(";"):
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise BadRule(field, f"{pair[:40]!r} is not NAME=value")
        if name in parts:
            raise BadRule(field, f"names {name[:40]} twice")
        parts[name] = value
    rule = _read(parts, field)
    _agree(rule, field)
    return rule


def times_a_day(rule: Rule) -> int:
    """How many starts a rule gives on one day at most; it may give fewer."""
    hours, minutes = len(rule.hours), len(rule.minutes)
    if rule.freq == "HOURLY":
        return (hours or -(-24 // rule.interval)) * (minutes or 1)
    if rule.freq == "MINUTELY":
        return min((hours or 24) * (minutes or 60), -(-24 * 60 // rule.interval))
    return (hours or 1) * (minutes or 1)


def anchored(rule: Rule, start: datetime) -> Rule:
    """The rule with what it leaves open taken from its first start (RFC 5545, 3.3.10).

    Where dateutil would take too much: a year's week without a weekday is not its seven days but
    the start's weekday, and a yearly day of the month without a month is not in every month but in
    the start's. Calendars write the latter for birthdays.
    """
    months, month_days, days = rule.months, rule.month_days, rule.days
    if rule.freq == "YEARLY":
        if not (rule.weeks or rule.year_days or days):
            months = months or (start.month,)
            month_days = month_days or (start.day,)
        elif rule.weeks and not (rule.year_days or month_days or days):
            days = ((start.weekday(), 0),)
    elif rule.freq == "MONTHLY" and not (month_days or days):
        month_days = (start.day,)
    elif rule.freq == "WEEKLY":
        days = days or ((start.weekday(), 0),)
    daily = rule.freq not in {"HOURLY", "MINUTELY"}
    return replace(
        rule,
        months=months,
        month_days=month_days,
        days=days,
        hours=rule.hours or ((start.hour,) if daily else ()),
        minutes=rule.minutes or ((start.minute,) if rule.freq != "MINUTELY" else ()),
    )


def _read(parts: dict[str, str], field: str) -> Rule:
    """The parts one by one."""
    freq = parts.pop("FREQ", None)
    if freq is None:
        raise BadRule(field, "has no FREQ")
    if freq == "SECONDLY":
        raise BadRule(field, "FREQ=SECONDLY: starts are to the minute")
    if freq not in FREQUENCIES:
        raise BadRule(field, f"FREQ must be one of {', '.join(FREQUENCIES)}")
    if parts.pop("BYSECOND", "0") not in {"0", "00"}:
        raise BadRule(field, "BYSECOND: starts are to the minute")
    until = parts.pop("UNTIL", None)
    count = parts.pop("COUNT", None)
    week_start = parts.pop("WKST", "MO")
    if week_start not in WEEKDAYS:
        raise BadRule(field, f"WKST must be one of {', '.join(WEEKDAYS)}")
    rule = Rule(
        freq=freq,
        interval=_number(parts.pop("INTERVAL", "1"), "INTERVAL", MOST_INTERVAL, field),
        count=None if count is None else _number(count, "COUNT", MOST_COUNT, field),
        until=None if until is None else _until(until, field),
        months=_numbers(parts, "BYMONTH", 1, 12, field),
        weeks=_numbers(parts, "BYWEEKNO", -53, 53, field),
        year_days=_numbers(parts, "BYYEARDAY", -366, 366, field),
        month_days=_numbers(parts, "BYMONTHDAY", -31, 31, field),
        days=_days(parts.pop("BYDAY", None), field),
        hours=_numbers(parts, "BYHOUR", 0, 23, field),
        minutes=_numbers(parts, "BYMINUTE", 0, 59, field),
        positions=_numbers(parts, "BYSETPOS", -366, 366, field),
        week_start=WEEKDAYS.index(week_start),
    )
    if parts:
        raise BadRule(field, f"{min(parts)[:40]!r} is not a part of a rule (RFC 5545, 3.3.10)")
    return rule


def _agree(rule: Rule, field: str) -> None:
    """Refuse parts that don't go together."""
    for refused, reason in (*_against_frequency(rule), *_against_each_other(rule)):
        if refused:
            raise BadRule(field, reason)


def _against_frequency(rule: Rule) -> Iterator[tuple[bool, str]]:
    freq = rule.freq
    numbered = any(ordinal for _, ordinal in rule.days)
    yield bool(rule.weeks) and freq != "YEARLY", f"BYWEEKNO does not go with FREQ={freq}"
    yield (
        bool(rule.year_days) and freq in {"DAILY", "WEEKLY", "MONTHLY"},
        f"BYYEARDAY does not go with FREQ={freq}",
    )
    yield bool(rule.month_days) and freq == "WEEKLY", "BYMONTHDAY does not go with FREQ=WEEKLY"
    yield (
        numbered and freq not in {"YEARLY", "MONTHLY"},
        f"BYDAY with a number, such as 2TU, does not go with FREQ={freq}",
    )
    yield numbered and bool(rule.weeks), "BYDAY with a number does not go with BYWEEKNO"
    most = MOST_IN_MONTH if freq == "MONTHLY" or rule.months else MOST_IN_YEAR
    yield (
        any(abs(ordinal) > most for _, ordinal in rule.days),
        f"BYDAY: there are never more than {most} of a weekday",
    )
    yield (
        freq == "YEARLY"
        and bool(rule.month_days and rule.days)
        and not (rule.months or rule.weeks or rule.year_days),
        "FREQ=YEARLY with BYMONTHDAY and BYDAY needs BYMONTH: readers of the RFC differ on it",
    )


def _against_each_other(rule: Rule) -> Iterator[tuple[bool, str]]:
    yield rule.count is not None and rule.until is not None, "has both COUNT and UNTIL"
    yield (
        bool(rule.positions) and not _has_by(rule),
        "BYSETPOS needs another BY part to choose from",
    )
    most = _largest_set(rule)
    yield (
        any(abs(position) > most for position in rule.positions),
        f"BYSETPOS: FREQ={rule.freq} never gives more than {most} to choose from",
    )
    dates = list(product(rule.months, rule.month_days))
    yield (
        bool(dates) and not any(_exists(month, day) for month, day in dates),
        "BYMONTHDAY: there is no such day in the months of BYMONTH",
    )
    yield (
        max(len(rule.hours), 1) * max(len(rule.minutes), 1) > MOST_A_DAY,
        f"gives more than {MOST_A_DAY} starts a day",
    )


def _has_by(rule: Rule) -> bool:
    return any(
        (
            *(rule.months, rule.weeks, rule.year_days, rule.month_days),
            *(rule.days, rule.hours, rule.minutes),
        )
    )


def _largest_set(rule: Rule) -> int:
    """How many starts a period has at most."""
    days = {"YEARLY": 371, "MONTHLY": 31, "WEEKLY": 7}.get(rule.freq, 1)
    hours = 1 if rule.freq in {"HOURLY", "MINUTELY"} else max(len(rule.hours), 1)
    minutes = 1 if rule.freq == "MINUTELY" else max(len(rule.minutes), 1)
    return days * hours * minutes


def _exists(month: int, day: int) -> bool:
    return abs(day) <= monthrange(2000, month)[1]  # a leap year


def _number(value: str, name: str, most: int, field: str) -> int:
    if re.fullmatch("[0-9]{1,15}", value) is None or not 1 <= int(value) <= most:
        raise BadRule(field, f"{name} must be from 1 to {most}")
    return int(value)


def _numbers(
    parts: dict[str, str], name: str, least: int, most: int, field: str
) -> tuple[int, ...]:
    """A part that lists numbers, in order, each once. Where they may be negative 0 is none."""
    value = parts.pop(name, None)
    if value is None:
        return ()
    found = set[int]()
    for item in value.split(","):
        number = int(item) if re.fullmatch("[+-]?[0-9]{1,3}", item) else None
        if number is None or not least <= number <= most or (number == 0 and least < 0):
            each = f"{least} to {most}" if least >= 0 else f"1 to {most} or -1 to {least}"
            raise BadRule(field, f"{name} lists whole numbers from {each}")
        found.add(number)
    return tuple(sorted(found))


def _days(value: str | None, field: str) -> tuple[tuple[int, int], ...]:
    if value is None:
        return ()
    found = set[tuple[int, int]]()
    for item in value.split(","):
        day = re.fullmatch("([+-]?[0-9]{1,2})?([A-Z]{2})", item)
        ordinal = int(day[1] or 0) if day else 0
        if (
            day is None
            or day[2] not in WEEKDAYS
            or abs(ordinal) > MOST_IN_YEAR
            or (day[1] and not ordinal)
        ):
            raise BadRule(field, "BYDAY lists weekdays such as MO, 2TU or -1FR")
        found.add((WEEKDAYS.index(day[2]), ordinal))
    return tuple(sorted(found))


def _until(value: str, field: str) -> date | datetime:
    """A date, a local time or one in UTC. The RFC wants UTC of a zoned event; files have all."""
    form = re.fullmatch("([0-9]{8})(?:T([0-9]{6})(Z)?)?", value)
    try:
        when = datetime.fromisoformat(f"{form[1]}T{form[2] or '000000'}") if form else None
    except ValueError:
        when = None
    if form is None or when is None:
        raise BadRule(field, "UNTIL must be such as 20271224, 20271224T090000 or 20271224T080000Z")
    if form[2] is None:
        return when.date()
    return when.replace(tzinfo=UTC) if form[3] else when
