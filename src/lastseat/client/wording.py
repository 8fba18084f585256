"""Arguments as the service's JSON has them: claims, times, lengths. Nothing is judged here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lastseat.core.commands import Choice, Claim

Claims = str | Claim | Sequence[str | Claim]
"""What a booking takes: an occurrence's id, a `Claim`, or several of them, all or nothing.

The argument `units` beside it is the party's size on each occurrence named by its id."""

Seconds = int | timedelta


def claims_of(claims: Claims, units: int) -> list[dict[str, Any]]:
    """`units` goes to each id. Beside a `Claim`, which has its own, it must not get lost.

    A lone id is sent as a claim, too: what is wrong with it is then told as the library tells it.
    """
    several = (claims,) if isinstance(claims, str | Claim) else claims
    if units != 1 and any(isinstance(x, Claim) for x in several):
        raise ValueError("units go with an occurrence's id; a Claim has units of its own")
    return [{"bookable": x, "units": units} if isinstance(x, str) else _claim(x) for x in several]


def _claim(claim: Claim) -> dict[str, Any]:
    return _asked(claim, ("bookable", "units", "start", "end", "before", "after"))


def choices_of(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Choices as the service takes them."""
    fields = ("of", "any", "adjacent", "units", "start", "end", "before", "after")
    return [_asked(choice, fields) for choice in choices]


def _asked(asked: Claim | Choice, fields: Sequence[str]) -> dict[str, Any]:
    """With the zone of its start, which an offset would not say."""
    found = {name: value for name in fields if (value := getattr(asked, name)) is not None}
    zone = zone_of(asked.start) or asked.time_zone
    return found | ({"time_zone": zone} if zone is not None else {})


def zone_of(time: datetime | None) -> str | None:
    """The name of its zone, which its offset would not say."""
    tzinfo = time.tzinfo if time is not None else None
    return tzinfo.key if isinstance(tzinfo, ZoneInfo) else None


def locals_of(times: Sequence[datetime | str] | None) -> list[str] | None:
    """Several starts on the wall; None: nothing is said of them."""
    return None if times is None else [local(x) for x in times]


def rules_of(rules: str | Sequence[str] | None) -> list[str] | None:
    """One rule or several."""
    if rules is None:
        return None
    return [rules] if isinstance(rules, str) else list(rules)


def local(time: datetime | str) -> str:
    """A start on the wall, to the minute. What is more than that is for the service to refuse."""
    if isinstance(time, str):
        return time
    return time.isoformat(timespec="auto" if time.second or time.microsecond else "minutes")


def seconds(length: Seconds) -> int:
    """A length of time in whole seconds."""
    return int(length.total_seconds()) if isinstance(length, timedelta) else length
