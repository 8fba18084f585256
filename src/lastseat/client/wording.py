"""Arguments as the service's JSON has them: claims, times, lengths. Nothing is judged here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lastseat.core.commands import Claim

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
    fields = ("bookable", "units", "start", "end", "before", "after")
    return {name: value for name in fields if (value := getattr(claim, name)) is not None}


def zone_of(time: datetime | None) -> str | None:
    """The name of its zone, which its offset would not say."""
    tzinfo = time.tzinfo if time is not None else None
    return tzinfo.key if isinstance(tzinfo, ZoneInfo) else None


def local(time: datetime | str) -> str:
    """A start on the wall, to the minute. What is more than that is for the service to refuse."""
    if isinstance(time, str):
        return time
    return time.isoformat(timespec="auto" if time.second or time.microsecond else "minutes")


def seconds(length: Seconds) -> int:
    """A length of time in whole seconds."""
    return int(length.total_seconds()) if isinstance(length, timedelta) else length
