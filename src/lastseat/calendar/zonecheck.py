"""What a newer time zone database would move: the pure part of `lastseat tz-check`.

A claim keeps the instant it was booked for and what the wall clock was to show then. When a country
changes its clocks, the two no longer agree. Which of them holds is for people to say: nothing here
changes anything.
"""

from datetime import datetime

from lastseat.calendar.zones import local, utc
from lastseat.calendar.zones import zone as zone_named


def moved_to(zone: str, local_start: str, stored: datetime) -> datetime | None:
    """The instant, UTC, at which a wall clock in `zone` shows `local_start` by today's database.

    None if `stored` is such an instant: either of the two, when the clock shows the time twice.
    `local_start` is as ISO 8601 has it, with seconds or without. Raises `UnknownZone`.
    """
    tz = zone_named(zone)
    shown = datetime.fromisoformat(local_start)
    becomes = utc(shown, tz)
    # What the clock skips is never shown, so the instant it comes to is looked at, too.
    return None if stored == becomes or local(stored, tz) == shown else becomes
