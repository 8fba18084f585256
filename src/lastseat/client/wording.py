"""Arguments as the service's JSON has them: claims, times, lengths. Nothing is judged here.

What is nothing of the kind is left as it is, for the service to refuse by name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lastseat.core.commands import Choice, Claim

Claims = str | Claim | Sequence[str | Claim]
"""What a booking takes: an occurrence's id, a `Claim`, or several of them, all or nothing.

The argument `units` beside it is the party's size on each occurrence named by its id."""

Seconds = int | timedelta


def claims_of(claims: Claims, units: int) -> Any:
    """`units` goes to each id. Beside a `Claim`, which has its own, it must not get lost.

    A lone id is sent as a claim, too: what is wrong with it is then told as the library tells it.
    """
    several = listed((claims,) if isinstance(claims, str | Claim) else claims)
    if not isinstance(several, list):
        return several
    if units != 1 and any(isinstance(x, Claim) for x in several):
        raise ValueError("units go with an occurrence's id; a Claim has units of its own")
    return [{"bookable": x, "units": units} if isinstance(x, str) else _claim(x) for x in several]


def _claim(claim: Claim) -> Any:
    return _asked(claim, ("bookable", "units", "start", "end", "before", "after"))


def choices_of(choices: Sequence[Choice]) -> Any:
    """Choices as the service takes them."""
    fields = ("of", "any", "adjacent", "units", "start", "end", "before", "after")
    return each(choices, lambda choice: _asked(choice, fields))


def _asked(asked: object, fields: Sequence[str]) -> Any:
    """With the zone of its start, which an offset would not say."""
    if not isinstance(asked, Claim | Choice):
        return asked
    # A claim where choices belong has other fields than they; the service says so.
    found = {name: value for name in fields if (value := getattr(asked, name, None)) is not None}
    zone = zone_of(asked.start) or asked.time_zone
    return found | ({"time_zone": zone} if zone is not None else {})


def zone_of(time: object) -> str | None:
    """The name of its zone, which its offset would not say."""
    tzinfo = time.tzinfo if isinstance(time, datetime) else None
    return tzinfo.key if isinstance(tzinfo, ZoneInfo) else None


def locals_of(times: Sequence[datetime | str] | None) -> Any:
    """Several starts on the wall; None: nothing is said of them."""
    return each(times, local)


def several_of(names: str | Sequence[str] | None) -> Any:
    """One name, or one rule, or several."""
    return [names] if isinstance(names, str) else listed(names)


def each(values: object, worded: Callable[[Any], Any]) -> Any:
    """Each of several values, worded."""
    several = listed(values)
    return [worded(x) for x in several] if isinstance(several, list) else several


def listed(values: object) -> Any:
    """Several values as a list, whatever they are in."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        return values
    return list(values)


def local(time: datetime | str) -> str:
    """A start on the wall, to the minute. What is more than that is for the service to refuse."""
    if not isinstance(time, datetime):
        return time
    return time.isoformat(timespec="auto" if time.second or time.microsecond else "minutes")


def seconds(length: Seconds) -> int:
    """A length of time in whole seconds."""
    return int(length.total_seconds()) if isinstance(length, timedelta) else length
