"""When to ask again, and how long to wait before: arithmetic only, no clock and no randomness."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

PASSING = frozenset({502, 503, 504})
"""The statuses that a later attempt may not meet any more."""


class Retries(Struct, frozen=True, kw_only=True):
    """How often and how long one call is tried.

    At most `attempts` times in all and for `seconds` in all, whichever ends first. The pauses grow
    from `first_pause` twofold up to `longest_pause`, each a random part of that, so that clients
    that failed together do not come back together; a `Retry-After` is waited for in full.
    """

    attempts: int = 6
    seconds: float = 30.0
    first_pause: float = 0.1
    longest_pause: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("attempts must be at least 1: the first one counts")
        if not self.seconds > 0:
            raise ValueError("seconds must be more than 0")
        if not 0 <= self.first_pause <= self.longest_pause:
            raise ValueError("first_pause must be from 0 to longest_pause")

    def pause(self, attempt: int, retry_after: float | None) -> tuple[float, float]:
        """After the `attempt`-th try has failed: the shortest and the longest pause, in seconds."""
        least = retry_after or 0.0
        growth = self.first_pause * 2 ** min(attempt - 1, 30)
        return least, least + min(growth, self.longest_pause)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of a Retry-After header: a number, or a date against the answer's own Date."""
    value = headers.get("retry-after")
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    then, now = _date(value), _date(headers.get("date", ""))
    return max(0.0, (then - now).total_seconds()) if then and now else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
